"""Rules for the rate control environments, and the exact optimum of episodes that are known in advance."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from semverse.agents.rules import AttachedRule
from semverse.envs.config import Config
from semverse.envs.vlscc.causal import CausalPlan
from semverse.envs.vlscc.optimum import optimum
from semverse.envs.vlscc.policies import (
    Multipliers,
    allocated_levels,
    entropy_levels,
    fixed_levels,
    priced_levels,
)
from semverse.envs.vlscc.problem import Problem
from semverse.envs.vlscc.types import FloatArray, IntArray


class RandomConfig(Config):
    """Hyper-parameters of `RandomAgent`."""

    seed: int  # of the levels


class LagrangeConfig(Config):
    """Hyper-parameters of `LagrangeAgent`."""

    seed: int  # of the sample that the prices are fitted to


class RateRule(AttachedRule):
    """Levels as a function of what the transmitter knows: its frame, the ratio, the budget left.

    A rule reads them from the environment that `begin` is given, single or native batch, for an observation
    shows features in place of the frame.

    See `AttachedRule` for the arguments.
    """

    @property
    def problem(self) -> Problem:
        """Profile and surfaces of the environment at hand."""
        problem: Problem = self.env.problem
        return problem

    @abstractmethod
    def levels(self, frames: IntArray, snr_db: FloatArray) -> IntArray:
        """Return the levels [P, N] of frames [N] at ratios [N] in dB."""

    def act(self, observation: Any, *, deterministic: bool = True) -> Any:
        """Return the action of the frame at hand, or of those of a batch.

        Raises:
            RuntimeError: `begin` was not called.
        """
        del observation, deterministic
        levels = self.levels(*self.env.streams.at_hand()).T  # [N, P]
        actions = levels[:, 0] if levels.shape[1] == 1 else levels
        return actions if hasattr(self._env, "num_envs") else actions[0]

    def share_left(self) -> FloatArray:
        """Return the steps left a frame left over those of a whole code [N]."""
        streams, problem = self._env.streams, self.problem
        frames = np.maximum(problem.config.frames - streams.time, 1)
        share: FloatArray = streams.left / (frames * problem.frame_steps)
        return share


class RandomRateAgent(RateRule):
    """Any level of each block, whether or not it fits."""

    Config: ClassVar[Any] = RandomConfig

    def __init__(self, config: RandomConfig, env_id: str, env_settings: Mapping[str, Any]) -> None:
        super().__init__(config, env_id, env_settings)
        self._rng = np.random.default_rng(config.seed)

    def levels(self, frames: IntArray, snr_db: FloatArray) -> IntArray:
        """Return uniform levels."""
        surfaces = self.problem.surfaces
        return self._rng.integers(surfaces.levels, size=(surfaces.blocks, len(frames)))


class FixedAgent(RateRule):
    """The constant level of the budget (`semverse.envs.vlscc.policies.fixed_levels`)."""

    def levels(self, frames: IntArray, snr_db: FloatArray) -> IntArray:
        """Return the same level for all."""
        return fixed_levels(self._env.streams.time, self.problem)


class EntropyAgent(RateRule):
    """What is left of the budget, in proportion to the entropy of each block (ref. 10 of paper 002)."""

    def levels(self, frames: IntArray, snr_db: FloatArray) -> IntArray:
        """Return proportional levels."""
        return entropy_levels(frames, self.share_left(), self.problem)


class AllocationAgent(RateRule):
    """The level that the codec's own rate allocation network chooses, until the budget is spent."""

    def levels(self, frames: IntArray, snr_db: FloatArray) -> IntArray:
        """Return the network's levels, stored with the surfaces."""
        return allocated_levels(frames, snr_db, self.problem)


class LagrangeAgent(RateRule):
    """The level worth most at the price at which training content would spend what is left of the budget.

    It knows its own frame's quality at every level, as a transmitter does that simulates its codec, and the
    statistics of training content, but no frame or ratio to come.
    """

    Config: ClassVar[Any] = LagrangeConfig

    def begin(self, env: Any) -> None:
        """Attach to the environment, and fit prices to its content unless that was done."""
        before = None if self._env is None else self.problem
        super().begin(env)
        if before is not self.problem:
            self._multipliers = Multipliers.of(self.problem, self.config.seed)

    def levels(self, frames: IntArray, snr_db: FloatArray) -> IntArray:
        """Return the levels worth most."""
        price = self._multipliers.price(self.share_left() * self.problem.frame_steps)
        return priced_levels(frames, snr_db, price, self.problem)


class CausalAgent(RateRule):
    """A dynamic programme over the statistics of the content at hand and of the channel (`causal`)."""

    def begin(self, env: Any) -> None:
        """Attach to the environment, and compute values unless that was done."""
        before = None if self._env is None else self.problem
        super().begin(env)
        if before is not self.problem:
            self._plan = CausalPlan.of(self.problem)

    def levels(self, frames: IntArray, snr_db: FloatArray) -> IntArray:
        """Return the levels worth most, with what is left being worth its value."""
        streams = self._env.streams
        return self._plan.levels(streams.time, frames, snr_db, streams.left, streams.limit())

    def action_values(self) -> FloatArray:
        """Return what each level of the frames at hand is worth, with all that comes after [N, L]."""
        streams, (frames, snr_db) = self._env.streams, self._env.streams.at_hand()
        values, _ = self._plan.step_values(streams.time, frames, snr_db, streams.left, streams.limit())
        return values


class ExactRateAgent(RateRule):
    """Plays the exact optimum of each episode, which it is shown in advance: what no policy can exceed."""

    def begin(self, env: Any) -> None:
        """Attach to the environment, and plan."""
        super().begin(env)
        self._planned_for: Any = None

    def levels(self, frames: IntArray, snr_db: FloatArray) -> IntArray:
        """Return the planned levels."""
        streams = self._env.streams
        if streams.episode is not self._planned_for:
            self._planned_for = streams.episode
            self._plans = np.stack([self._plan(row) for row in range(len(frames))], axis=2)
        at = np.minimum(streams.time, self.problem.config.frames - 1)
        plan: IntArray = self._plans[at, :, np.arange(len(frames))].T
        return plan

    def _plan(self, row: int) -> IntArray:
        return optimum(self._env.streams.episode.row(row), self.problem).levels
