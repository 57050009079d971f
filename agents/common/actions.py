"""Actions of policies whose networks put out numbers in [-1, 1]."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError

Numbers = npt.NDArray[Any]


def action_size(space: gymnasium.Space[Any], agent: str) -> int:
    """Return how many numbers an action takes: one an entry, or one for each value of a choice.

    Raises:
        InputError: the space is neither flat and continuous nor made of choices.
    """
    if isinstance(space, gymnasium.spaces.Box) and len(space.shape) == 1:
        return int(space.shape[0])
    if (choices := _choices(space)) is not None:
        return int(choices.sum())
    raise InputError(f"does not act in {type(space).__name__}", source=agent, remedy="use another agent")


def to_space(numbers: Numbers, space: Any) -> Numbers:
    """Map numbers [B, A] in [-1, 1] to actions of a space: linearly, or the value of the largest one."""
    if isinstance(space, gymnasium.spaces.Box):
        scaled: Numbers = space.low + (numbers + 1.0) * (0.5 * (space.high - space.low))
        return scaled
    choices = _choices(space)
    assert choices is not None
    parts = np.split(numbers, np.cumsum(choices)[:-1], axis=1)
    chosen: Numbers = space.start + np.stack([part.argmax(axis=1) for part in parts], axis=1)
    return chosen[:, 0] if isinstance(space, gymnasium.spaces.Discrete) else chosen


def from_space(actions: Numbers, space: Any) -> Numbers:
    """Map actions [B, ...] of a space to numbers [B, A] that `to_space` maps to them; choices to -1 and 1."""
    if isinstance(space, gymnasium.spaces.Box):
        numbers: Numbers = (actions - space.low) / (0.5 * (space.high - space.low)) - 1.0
        return numbers
    choices = _choices(space)
    assert choices is not None
    chosen = (actions - space.start).reshape(len(actions), len(choices))
    one_hot = [2.0 * np.eye(count)[chosen[:, i]] - 1.0 for i, count in enumerate(choices)]
    return np.concatenate(one_hot, axis=1)


def _choices(space: gymnasium.Space[Any]) -> npt.NDArray[np.int64] | None:
    """Return how many values each choice has, or None if the space is not made of choices."""
    if isinstance(space, gymnasium.spaces.Discrete):
        return np.array([space.n])
    if isinstance(space, gymnasium.spaces.MultiDiscrete) and len(space.shape) == 1:
        return np.asarray(space.nvec, dtype=np.int64)
    return None
