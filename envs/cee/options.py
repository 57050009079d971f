"""Options and spaces that the cloud-edge-end environments have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from semverse.envs.cee.core import OBSERVED, action_sizes
from semverse.envs.cee.problem import Problem
from semverse.envs.cee.types import OBJECTIVES, Episode, FloatArray, IntArray
from semverse.envs.errors import InputError

RENDER_MODES = ("rgb_array",)
RENDER_FPS = 2
LARGEST = 1e6  # dB, or losses in units of their limits; nothing comes near it

Preference = Sequence[float] | str | None


@dataclass(frozen=True, eq=False)
class Setup:
    """Checked options of an environment."""

    problem: Problem
    preference: FloatArray | None  # [5] of every episode; None draws one an episode
    fixed: IntArray | None  # [5] a decision that takes the place of every other one

    @staticmethod
    def of(
        profile: str | Path,
        *,
        preference: Preference,
        preset: str | None,
        render_mode: str | None,
        **overrides: Any,
    ) -> Setup:
        """Check the options of `semverse.envs.cee.env.CEEEnv`.

        Raises:
            InputError: a wrong value.
        """
        check_render_mode(render_mode)
        if preset not in (None, "paper"):
            raise InputError(f"is {preset!r:.60}", key="preset", remedy="choose 'paper' or None")
        problem = Problem.of(profile, **overrides)
        fixed = problem.fixed_action(problem.config.paper) if preset else None
        if isinstance(preference, str) and preference == "random":
            return Setup(problem, None, fixed)
        given = problem.config.reward.preference if preference is None else preference
        return Setup(problem, read_preference(given, "environment"), fixed)


def check_render_mode(render_mode: str | None) -> None:
    """Raise `InputError` for a render mode that does not exist."""
    if render_mode is not None and render_mode not in RENDER_MODES:
        raise InputError(f"is {render_mode!r:.60}", key="render_mode", remedy="choose 'rgb_array' or None")


def read_preference(given: Any, source: str) -> FloatArray:
    """Return weights [5] of sum 1.

    Raises:
        InputError: not five finite numbers from 0 to 1e6 with a sum above 0.
    """
    try:
        weights = np.array(given, dtype=np.float64)
    except (TypeError, ValueError):
        weights = np.empty(0)
    if weights.shape != (5,) or not ((weights >= 0) & (weights <= 1e6)).all() or not weights.sum() > 0:
        remedy = f"give 'random' or five weights, of {', '.join(OBJECTIVES)}"
        raise InputError(f"is {given!r:.60}", source=source, key="preference", remedy=remedy)
    shares: FloatArray = weights / weights.sum()
    return shares


def action_space(problem: Problem) -> gymnasium.spaces.MultiDiscrete:
    """Return the space of decisions: uplink, downlink, matte, preprocessing, render."""
    return gymnasium.spaces.MultiDiscrete(action_sizes(problem))


def observation_space(problem: Problem) -> gymnasium.spaces.Box:
    """Return the space of observations [18]; see `semverse.envs.cee.env.CEEEnv`."""
    low, high = np.zeros(OBSERVED, dtype=np.float32), np.ones(OBSERVED, dtype=np.float32)
    low[:2], high[:2] = -LARGEST, LARGEST
    low[4], high[4] = 1.0, 3.0
    high[8] = problem.top_quality
    low[15:], high[15:] = -LARGEST, LARGEST
    return gymnasium.spaces.Box(low, high, dtype=np.float32)


def reward_space() -> gymnasium.spaces.Box:
    """Return the space of vector rewards [5]."""
    low = np.array([-LARGEST, -LARGEST, -100.0, -LARGEST, -LARGEST], dtype=np.float32)
    return gymnasium.spaces.Box(
        low, np.array([0.0, 0.0, 100.0, 0.0, 0.0], dtype=np.float32), dtype=np.float32
    )


def read_start(options: dict[str, Any] | None, problem: Problem) -> tuple[Episode | None, FloatArray | None]:
    """Return the episode [..., 1] and the preference [5] of reset options; None for what is not given.

    Raises:
        InputError: an unknown option, or one that does not fit.
    """
    if options is not None and not isinstance(options, dict):
        raise InputError("is no dictionary", source="reset options", remedy="give {'episode': ...} or None")
    given = dict(options or {})
    episode, preference = given.pop("episode", None), given.pop("preference", None)
    if given:
        known = "known: episode, preference"
        raise InputError("is unknown", source="reset options", key=next(iter(map(str, given))), remedy=known)
    weights = None if preference is None else read_preference(preference, "reset options")
    return (None if episode is None else _read_episode(episode, problem)), weights


def _read_episode(episode: Any, problem: Problem) -> Episode:
    epochs, d = problem.config.epochs, problem.config.dynamics
    shapes = {"snr_db": (epochs + 1, 2), "load": (epochs, 2), "motion": (epochs,), "preference": (5,)}
    good = isinstance(episode, Episode) and all(
        np.shape(getattr(episode, key)) == shape and np.isfinite(getattr(episode, key)).all()
        for key, shape in shapes.items()
    )
    if good:
        good = bool(
            (np.abs(episode.snr_db) <= LARGEST).all()
            and ((episode.load >= 0) & (episode.load <= d.load_max)).all()
            and np.isin(episode.motion, (1, 2, 3)).all()
        )
    if not good:
        remedy = f"give an Episode of {epochs} epochs, loads up to {d.load_max:g} and motions of 1 to 3"
        raise InputError("is none of this problem", source="reset options", key="episode", remedy=remedy)
    weights = read_preference(episode.preference, "reset options")
    return Episode(
        np.asarray(episode.snr_db, dtype=np.float64)[..., None],
        np.asarray(episode.load, dtype=np.float64)[..., None],
        np.asarray(episode.motion, dtype=np.int64)[..., None],
        weights[:, None],
    )
