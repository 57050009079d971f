"""``from semverse.envs import isgc_parallel_v0``: PettingZoo's customary way to name an environment."""

from semverse.envs.isgc.parallel_env import env, parallel_env, raw_env

__all__ = ["env", "parallel_env", "raw_env"]
