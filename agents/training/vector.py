"""Batches of an environment for training and evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
from gymnasium.vector import AutoresetMode, VectorEnv

import semverse.envs  # noqa: F401  (registers the ids)
from semverse.envs.errors import InputError
from semverse.envs.registration import find_env


def make_env(env_id: str, settings: Mapping[str, Any]) -> gymnasium.Env[Any, Any]:
    """Make one environment.

    Raises:
        InputError: unknown id or a wrong setting.
    """
    try:
        return gymnasium.make(env_id, disable_env_checker=True, **settings)
    except (gymnasium.error.Error, TypeError) as error:
        raise _unusable(env_id, error) from error


def make_vector(env_id: str, settings: Mapping[str, Any], num_envs: int) -> VectorEnv[Any, Any, Any]:
    """Make ``num_envs`` copies that restart in the step that ends an episode; the native batch if there is.

    Raises:
        InputError: unknown id or a wrong setting.
    """
    return _make(env_id, settings, num_envs, AutoresetMode.SAME_STEP)


def evaluation_vector(env_id: str, settings: Mapping[str, Any], num_envs: int) -> VectorEnv[Any, Any, Any]:
    """Make copies whose last info of an episode comes in the step that ends it, and that tell their bound.

    Raises:
        InputError: unknown id or a wrong setting.
    """
    return _make(env_id, telling_settings(env_id, settings), num_envs, AutoresetMode.NEXT_STEP)


def telling_settings(env_id: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return an environment's settings with those that make it tell its bound, if it can."""
    row = find_env(env_id)
    return {**settings, **(row.bound.kwargs if row is not None and row.bound is not None else {})}


def _make(
    env_id: str, settings: Mapping[str, Any], num_envs: int, mode: AutoresetMode
) -> VectorEnv[Any, Any, Any]:
    try:
        native = gymnasium.spec(env_id).vector_entry_point is not None
        given = {"autoreset_mode": mode} if native else {"vector_kwargs": {"autoreset_mode": mode}}
        return gymnasium.make_vec(env_id, num_envs=num_envs, **given, **settings)
    except (gymnasium.error.Error, TypeError) as error:
        raise _unusable(env_id, error) from error


def _unusable(env_id: str, error: Exception) -> InputError:
    return InputError(
        f"cannot be made ({error})", source="environment", key=env_id, remedy="see semverse list"
    )
