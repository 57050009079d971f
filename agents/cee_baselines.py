"""Rules for the cloud-edge-end service, and the exact optimum of episodes that are known in advance."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
import pydantic

from semverse.agents.rules import RowRule
from semverse.envs.cee.core import START_TIER, start_quality
from semverse.envs.cee.dynamic import optimum
from semverse.envs.cee.policies import (
    Known,
    Switch,
    fit_switch,
    myopic_decision,
    read_observation,
    receding_decision,
)
from semverse.envs.cee.problem import Problem
from semverse.envs.cee.types import FloatArray, IntArray
from semverse.envs.config import Config


class RandomConfig(Config):
    """Hyper-parameters of `RandomServiceAgent`."""

    seed: int  # of the decisions


class RecedingConfig(Config):
    """Hyper-parameters of `RecedingAgent`."""

    horizon: Annotated[int, pydantic.Field(ge=1)]  # epochs planned, the one at hand included


class ServiceRule(RowRule):
    """A decision as a function of the observation, and of the constants of the environment.

    See `RowRule` for the arguments.
    """

    @property
    def problem(self) -> Problem:
        """Constants of the environment at hand."""
        problem: Problem = self.env.problem
        return problem

    def decide(self, seen: FloatArray, row: int) -> IntArray:
        """Return the decision [5] for an observation of a row of a batch (0 of a single environment)."""
        return self.choose(read_observation(seen, self.problem), row)

    @abstractmethod
    def choose(self, known: Known, row: int) -> IntArray:
        """Return the decision [5] for what is known of a row."""


class RandomServiceAgent(ServiceRule):
    """Any decision, whether or not it keeps up."""

    Config: ClassVar[Any] = RandomConfig

    def __init__(self, config: RandomConfig, env_id: str, env_settings: Mapping[str, Any]) -> None:
        super().__init__(config, env_id, env_settings)
        self._rng = np.random.default_rng(config.seed)

    def choose(self, known: Known, row: int) -> IntArray:
        """Return a uniform decision."""
        p = self.problem
        return self._rng.integers([p.options, p.options, 3, len(p.preprocessing_tflop), 3])


class PaperAgent(ServiceRule):
    """The fixed system of paper 000, as near as the decisions come to it."""

    def choose(self, known: Known, row: int) -> IntArray:
        """Return the profile's ``paper``."""
        return self.problem.fixed_action(self.problem.config.paper)


class SwitchAgent(ServiceRule):
    """Another option of each link below a ratio; all else fixed; fitted to training episodes."""

    fixed = False

    def __init__(self, config: Any, env_id: str, env_settings: Mapping[str, Any]) -> None:
        super().__init__(config, env_id, env_settings)
        self._fitted: dict[tuple[float, ...], Switch] = {}

    def choose(self, known: Known, row: int) -> IntArray:
        """Return the decision at the reported ratios; a new preference is fitted to first."""
        key = tuple(known.preference.round(6).tolist())
        if key not in self._fitted:
            self._fitted[key] = fit_switch(self.problem, known.preference, fixed=self.fixed)
        ratios = (np.atleast_1d(v) for v in (known.conditions.uplink_db, known.conditions.downlink_db))
        decision: IntArray = self._fitted[key].actions(*ratios)[0]
        return decision


class BestFixedAgent(SwitchAgent):
    """One decision for good, the best over training episodes."""

    fixed = True


class ServiceMyopicAgent(ServiceRule):
    """The best decision of the epoch alone, for the reported ratios."""

    def choose(self, known: Known, row: int) -> IntArray:
        """Return the decision with the largest reward now."""
        return myopic_decision(known, self.problem)


class RecedingAgent(ServiceRule):
    """Plans some epochs ahead on the mean forecast, at every epoch anew."""

    Config: ClassVar[Any] = RecedingConfig

    def choose(self, known: Known, row: int) -> IntArray:
        """Return the first decision of the plan."""
        return receding_decision(known, self.config.horizon, self.problem)


class ClairvoyantAgent(ServiceRule):
    """Plays the exact optimum of the episode, which it knows in advance: a bound, no policy."""

    def begin(self, env: Any) -> None:
        """Plan the episodes that were just reset."""
        super().begin(env)
        episode, start = self._env.episode, (START_TIER, start_quality(self.problem))
        count = getattr(self._env, "num_envs", None)
        rows = [episode] if count is None else [episode.row(i) for i in range(count)]
        self._plans = [optimum(row, self.problem, start).actions for row in rows]

    def choose(self, known: Known, row: int) -> IntArray:
        """Return the planned decision."""
        plan = self._plans[row]
        decision: IntArray = plan[min(len(plan) - known.left, len(plan) - 1)]
        return decision
