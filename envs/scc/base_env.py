"""What all placement environments of Gymnasium have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError
from semverse.envs.scc.core import PlacementCore
from semverse.envs.scc.episode import EpisodeSource
from semverse.envs.scc.types import FloatArray, Instance
from semverse.envs.scc.viewer import RENDER_FPS, Viewer

INFEASIBLE_PENALTY = 1.0
RENDER_MODES = ("rgb_array", "human")


class BaseSCCEnv(Viewer, gymnasium.Env[Any, Any]):
    """Where instances come from, the placement core, and how it is shown.

    Args:
        region: shipped scenario ("california", "virginia") or path of a scenario's YAML file.
        users: number of users; None keeps the scenario's, as for the following.
        spaces: number of virtual spaces.
        mecs: number of MECs.
        cells: OpenCellID-format CSV to draw the sites from.
        traces: file or folder of VR traces to draw the request probabilities from.
        order: in which order requests come: "heaviest", "space", "index" or "random".
        preference: [w_latency, w_energy] of every episode.
        instance: `Instance`, or the path of one, of every episode.
        infeasible_penalty: price of one unit of violation.
        render_mode: "rgb_array", "human" or None.

    Raises:
        InputError: a wrong value.
    """

    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES), "render_fps": RENDER_FPS}  # noqa: RUF012

    def __init__(
        self,
        region: str | Path = "california",
        *,
        users: int | None = None,
        spaces: int | None = None,
        mecs: int | None = None,
        cells: str | Path | None = None,
        traces: str | Path | None = None,
        order: str = "heaviest",
        preference: npt.ArrayLike | None = None,
        instance: Instance | str | Path | None = None,
        infeasible_penalty: float = INFEASIBLE_PENALTY,
        render_mode: str | None = None,
    ) -> None:
        self.source = EpisodeSource(
            region,
            users=users,
            spaces=spaces,
            mecs=mecs,
            cells=cells,
            traces=traces,
            order=order,
            preference=preference,
            instance=instance,
        )
        self.render_mode = check_render_mode(render_mode)
        self.core = PlacementCore([self.source.placeholder()], check_penalty(infeasible_penalty))

    @property
    def instance(self) -> Instance:
        """The problem at hand; a new object whenever it changes."""
        return self.core.instances[0]

    @property
    def preference(self) -> FloatArray:
        """Weights on normalised latency and energy [2]."""
        preference: FloatArray = self.core.preference[0].copy()
        return preference


def reward_space() -> gymnasium.spaces.Box:
    """Return the space of vector rewards [2]: never positive, and as low as the violation is high."""
    return gymnasium.spaces.Box(-np.inf, 0.0, (2,), np.float32)


def check_penalty(penalty: float) -> float:
    """Return the penalty.

    Raises:
        InputError: not a finite number >= 0.
    """
    if isinstance(penalty, bool) or not isinstance(penalty, int | float) or not 0 <= penalty < np.inf:
        raise InputError(f"is {penalty!r}", key="infeasible_penalty", remedy="give a finite number >= 0")
    return float(penalty)


def check_render_mode(mode: str | None, known: tuple[str, ...] = RENDER_MODES) -> str | None:
    """Return the render mode.

    Raises:
        InputError: unknown mode.
    """
    if mode is not None and mode not in known:
        raise InputError(f"is {mode!r}", key="render_mode", remedy="choose " + ", ".join(known))
    return mode
