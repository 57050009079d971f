"""Options and spaces that the FedSem environments have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from semverse.envs.checks import check_number
from semverse.envs.errors import InputError
from semverse.envs.fedsem.core import EFFICIENCY_TOP, OBSERVED
from semverse.envs.fedsem.problem import Problem
from semverse.envs.fedsem.types import CLASSES

RENDER_MODES = ("rgb_array",)
RENDER_FPS = 2


def check_render_mode(render_mode: str | None) -> str | None:
    """Return a render mode.

    Raises:
        InputError: there is no such mode.
    """
    if render_mode is not None and render_mode not in RENDER_MODES:
        raise InputError(f"is {render_mode!r:.60}", key="render_mode", remedy="choose 'rgb_array' or None")
    return render_mode


def make_problem(profile: str | Path, overrides: dict[str, Any]) -> Problem:
    """Load the problem of an environment.

    Raises:
        InputError: a wrong value.
    """
    return Problem.of(profile, **overrides)


def action_space(problem: Problem) -> gymnasium.spaces.MultiDiscrete:
    """Return the space of count, rule, public pictures, bits and payment."""
    return gymnasium.spaces.MultiDiscrete(problem.sizes)


def observation_space(problem: Problem) -> gymnasium.spaces.Box:
    """Return the space of observations [54]; see `semverse.envs.fedsem.env.FedSemEnv`."""
    low, high = np.zeros(OBSERVED), np.ones(OBSERVED)
    high[30:40] = EFFICIENCY_TOP
    high[40:50] = np.log2(CLASSES)
    low[52], high[52] = np.log2(problem.epsilons[[0, -1]])
    # sums of parts of 1 may be rounded beyond it
    below, above = (np.nextafter(v.astype(np.float32), np.float32(s)) for v, s in ((low, -9), (high, 99)))
    low32 = np.where(low == 0, 0, below).astype(np.float32)
    return gymnasium.spaces.Box(low32, (above * np.float32(1 + 1e-6)).astype(np.float32), dtype=np.float32)


def reward_space(problem: Problem) -> gymnasium.spaces.Box:
    """Return the space of vector rewards [4]: accuracy gained, minus Mbit, minus epsilon, minus seconds."""
    c = problem.config
    bits = c.clients * (c.actions.public[-1] * CLASSES * c.actions.bits[-1] + 32)
    low = np.array([-1.0, -bits * 1e-6, -float(problem.epsilons[-1]), -c.deadline_s])
    high = np.array([1.0, 0.0, 0.0, 0.0], dtype=np.float32)
    return gymnasium.spaces.Box((low * (1 + 1e-6)).astype(np.float32), high, dtype=np.float32)


def read_epsilon(options: dict[str, Any] | None, problem: Problem) -> float | None:
    """Return the privacy budget of reset options, the nearest one that can be drawn, or None.

    Raises:
        InputError: an unknown option, or a budget outside of the profile's range.
    """
    given = dict(options or {})
    epsilon = given.pop("epsilon", None)
    if given:
        key = next(iter(map(str, given)))
        raise InputError("is unknown", source="reset options", key=key, remedy="known: epsilon")
    if epsilon is None:
        return None
    known = problem.epsilons
    value = check_number("epsilon", epsilon, float(known[0]), float(known[-1]))
    return float(known[np.abs(np.log(known / value)).argmin()])
