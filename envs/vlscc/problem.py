"""A profile together with its surfaces, and all whole numbers that follow from them.

Symbols and time are counted in steps: one step is ``N / (L - 1)`` symbols, what one level of one block adds,
and also the time the link takes to send them. Budget, waiting line and deadline are whole numbers of steps,
so that optima can be found exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from semverse.envs.errors import InputError
from semverse.envs.vlscc.config import VLSCCConfig, load_profile
from semverse.envs.vlscc.surfaces import load_surfaces
from semverse.envs.vlscc.types import FloatArray, IntArray, Surfaces

Content = Literal["train", "held_out", "all"]


@dataclass(frozen=True, eq=False)
class Problem:
    """Rate control of one stream."""

    config: VLSCCConfig
    surfaces: Surfaces
    content: Content  # which frames the stream shows

    @staticmethod
    def of(profile: str | Path, content: Content = "train", **overrides: Any) -> Problem:
        """Load a profile and its surfaces.

        Raises:
            InputError: a wrong value, or surfaces that cannot be read.
        """
        if content not in ("train", "held_out", "all"):
            raise InputError(
                f"is {content!r:.60}", key="content", remedy="choose 'train', 'held_out' or 'all'"
            )
        config = load_profile(profile, **overrides)
        surfaces = load_surfaces(config.surfaces)
        if content == "held_out" and not surfaces.held_out.any():
            raise InputError("the surfaces have none", key="content", remedy="choose 'train'")
        if any(level >= surfaces.levels for level in config.probe_levels):
            remedy = f"give levels from 0 to {surfaces.levels - 1}"
            raise InputError(f"are {list(config.probe_levels)}", key="probe_levels", remedy=remedy)
        return Problem(config, surfaces, content)

    @cached_property
    def frame_steps(self) -> int:
        """Steps of a whole code: P (L - 1)."""
        return self.surfaces.blocks * (self.surfaces.levels - 1)

    @cached_property
    def budget(self) -> int:
        """Steps of a window: no more may be sent in an episode."""
        return int(self.config.budget_share * self.config.frames * self.frame_steps)

    @cached_property
    def link(self) -> int:
        """Steps that the link sends in a frame interval."""
        return max(1, round(self.config.link_share * self.frame_steps))

    @cached_property
    def deadline(self) -> int:
        """Steps that the link sends from a frame's begin to its deadline."""
        return max(1, round(self.config.deadline_share * self.frame_steps))

    @cached_property
    def step_symbols(self) -> float:
        """Symbols of a step."""
        return self.surfaces.symbols / (self.surfaces.levels - 1)

    @cached_property
    def step_ms(self) -> float:
        """Milliseconds of a step."""
        return 1000.0 / (self.config.frame_rate_hz * self.link)

    @cached_property
    def bandwidth_khz(self) -> float:
        """Bandwidth of the link: half its real symbols a second, at one complex symbol a second and Hz."""
        return self.step_symbols / self.step_ms / 2.0

    @cached_property
    def table(self) -> FloatArray:
        """Distortions as one row, for `place`."""
        return np.ascontiguousarray(self.surfaces.distortion).ravel()

    @cached_property
    def scenes(self) -> tuple[IntArray, IntArray, IntArray]:
        """Frames [F'] in order of their scene, and begin and length [K] of each scene in it."""
        held_out = self.surfaces.held_out
        shown = {"train": ~held_out, "held_out": held_out, "all": np.ones_like(held_out)}[self.content]
        frames = np.flatnonzero(shown)
        frames = frames[np.argsort(self.surfaces.scene[frames], kind="stable")]
        _, begin, count = np.unique(self.surfaces.scene[frames], return_index=True, return_counts=True)
        return frames, begin, count

    @cached_property
    def quality_bounds(self) -> tuple[float, float]:
        """Lowest and highest quality that a frame can have."""
        found = self.quality(np.array([self.table.max(), self.table.min()]))
        return float(found[0]), float(found[1])

    def quality(self, distortion: FloatArray) -> FloatArray:
        """Return the quality of distortions: the measure, scaled so that ``worst`` is 0 and ``best`` 1."""
        s = self.surfaces
        value = -distortion if s.measure == "mpjpe" else -10.0 * np.log10(distortion)
        scaled: FloatArray = (value - s.worst) * (1.0 / (s.best - s.worst))
        return scaled
