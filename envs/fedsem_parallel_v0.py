"""PettingZoo module ``fedsem_parallel_v0``: clients of a federated training decide to take part."""

from semverse.envs.fedsem.parallel_env import env, parallel_env, raw_env

__all__ = ["env", "parallel_env", "raw_env"]
