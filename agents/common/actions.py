"""Actions of policies whose networks put out numbers in [-1, 1]."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError

Numbers = npt.NDArray[Any]


def action_size(space: gymnasium.Space[Any], agent: str) -> int:
    """Return how many numbers an action takes: one an entry; discrete choices must be ordered, as levels are.

    Raises:
        InputError: the space is neither flat and continuous nor made of choices.
    """
    if isinstance(space, gymnasium.spaces.Discrete):
        return 1
    if isinstance(space, gymnasium.spaces.Box | gymnasium.spaces.MultiDiscrete) and len(space.shape) == 1:
        return int(space.shape[0])
    raise InputError(f"does not act in {type(space).__name__}", source=agent, remedy="use another agent")


def to_space(numbers: Numbers, space: Any) -> Numbers:
    """Map numbers [B, A] in [-1, 1] to actions of a space: linearly, choices rounded to the nearest one."""
    low, span = _range(space)
    scaled: Numbers = low + (numbers + 1.0) * (0.5 * span)
    if isinstance(space, gymnasium.spaces.Box):
        return scaled
    chosen: Numbers = np.rint(scaled).astype(np.int64)
    return chosen[:, 0] if isinstance(space, gymnasium.spaces.Discrete) else chosen


def from_space(actions: Numbers, space: Any) -> Numbers:
    """Map actions [B, ...] of a space to the numbers [B, A] that `to_space` maps to them."""
    low, span = _range(space)
    given = actions[:, None] if isinstance(space, gymnasium.spaces.Discrete) else actions
    numbers: Numbers = (given - low) / (0.5 * span) - 1.0
    return numbers


def _range(space: Any) -> tuple[Any, Any]:
    """Return the lowest action and the distance to the highest one."""
    if isinstance(space, gymnasium.spaces.Box):
        return space.low, space.high - space.low
    top = space.n - 1 if isinstance(space, gymnasium.spaces.Discrete) else space.nvec - 1
    return space.start, top
