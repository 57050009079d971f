"""``from semverse.envs import cee_parallel_v0``: PettingZoo's customary way to name an environment."""

from semverse.envs.cee.parallel_env import env, parallel_env, raw_env

__all__ = ["env", "parallel_env", "raw_env"]
