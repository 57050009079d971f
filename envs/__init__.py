"""Environments of semverse; importing this package registers every id with Gymnasium and PettingZoo."""

from semverse.envs.registration import EnvRow, list_envs, register_all

__all__ = ["EnvRow", "list_envs", "register_all"]

register_all()
