"""``from semverse.envs import vlscc_parallel_v0``: PettingZoo's customary way to name an environment."""

from semverse.envs.vlscc.parallel_env import env, parallel_env, raw_env

__all__ = ["env", "parallel_env", "raw_env"]
