"""Environments of semverse; importing this package registers every id with Gymnasium."""

from semverse.envs.registration import register_all

register_all()
