"""Rules for federated trainings: fixed ones, a searched flat schedule, and planning with the stand-in."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, TypeVar

import numpy as np
import pydantic

from semverse.agents.fedsem_plans import all_actions, best_plans, play_flat
from semverse.agents.rules import RowRule
from semverse.envs.config import Config
from semverse.envs.fedsem.behaviour import Choice, action_of
from semverse.envs.fedsem.problem import Problem
from semverse.envs.fedsem.surrogate import SurrogateLearner
from semverse.envs.fedsem.types import FloatArray, IntArray

Whole = Annotated[int, pydantic.Field(ge=0)]
Count = Annotated[int, pydantic.Field(ge=1)]
Positive = Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)]
_EPSILON = 52  # where an observation tells log2 of epsilon
_ROUNDS = 50  # ... and the share of rounds left


class RandomConfig(Config):
    """Hyper-parameters of `RandomRoundAgent`."""

    seed: int  # of the actions


class FixedConfig(Config):
    """What is decided for every round; values of the profile's actions."""

    count: Count
    rule: str
    public: Count
    bits: Count
    payment: Count
    rounds: Count  # that it lasts; nobody is asked after it


class Schedule(FixedConfig):
    """A flat schedule for a privacy budget and a deadline."""

    epsilon: Positive
    deadline_s: Positive = 9.0


class FlatConfig(Config):
    """Hyper-parameters of `FlatScheduleAgent`."""

    schedules: Annotated[tuple[Schedule, ...], pydantic.Field(min_length=1)]


class VariedSchedule(Config):
    """A schedule for a privacy budget and a deadline, one decision a round."""

    epsilon: Positive
    deadline_s: Positive = 9.0
    decisions: Annotated[tuple[Choice, ...], pydantic.Field(min_length=1)]  # nobody is asked after them


class VariedConfig(Config):
    """Hyper-parameters of `VariedScheduleAgent`."""

    schedules: Annotated[tuple[VariedSchedule, ...], pydantic.Field(min_length=1)]


class LookaheadConfig(Config):
    """Hyper-parameters of `LookaheadAgent`."""

    futures: Count  # imagined for every decision
    seed: int  # of them


AnySchedule = TypeVar("AnySchedule", Schedule, VariedSchedule)


class RoundRule(RowRule):
    """A decision as a function of the observation, and of the public state of the environment.

    See `RowRule` for the arguments.
    """

    Config: ClassVar[Any] = FixedConfig

    @property
    def problem(self) -> Problem:
        """Constants of the environment at hand."""
        problem: Problem = self._problem_of(self.env)
        return problem

    @staticmethod
    def _problem_of(env: Any) -> Any:
        """Return the problem of an environment, or of the first of a batch of live ones."""
        return env.problem if hasattr(env, "problem") else env.envs[0].unwrapped.problem


def options_of(wanted: FixedConfig, problem: Problem) -> IntArray:
    """Return the action [5] that stands for some values.

    Raises:
        InputError: a value that the profile does not offer.
    """
    choice = (wanted.count, wanted.rule, wanted.public, wanted.bits, wanted.payment)
    return action_of(choice, problem, "agent")


def _nobody(action: IntArray) -> IntArray:
    """Return an action that asks the fewest clients, nobody in every profile that ships."""
    return np.array([0, *action[1:]])


class FixedRoundAgent(RoundRule):
    """The same decision for some rounds (`channel`, `coverage`, `coverage_channel`, by their settings)."""

    def decide(self, seen: FloatArray, row: int) -> IntArray:
        """Return the decision, or nobody once it lasted long enough."""
        return follow(self.config, seen, self.problem)


def follow(wanted: FixedConfig, seen: FloatArray, problem: Problem) -> IntArray:
    """Return what a flat schedule says at an observation [54]."""
    action = options_of(wanted, problem)
    return action if rounds_played(seen, problem) < wanted.rounds else _nobody(action)


def rounds_played(seen: FloatArray, problem: Problem) -> int:
    """Return how many rounds are over at an observation [54]."""
    return round((1.0 - float(seen[_ROUNDS])) * problem.config.rounds)


def nearest(schedules: Sequence[AnySchedule], seen: FloatArray, problem: Problem) -> AnySchedule:
    """Return the schedule of the nearest deadline whose budget is nearest to that of an observation [54]."""

    def distance(one: AnySchedule) -> tuple[float, float]:
        late = abs(math.log2(one.deadline_s / problem.config.deadline_s))
        return late, abs(math.log2(one.epsilon) - float(seen[_EPSILON]))

    return min(schedules, key=distance)


class RandomRoundAgent(RoundRule):
    """Any decision."""

    Config: ClassVar[Any] = RandomConfig

    def __init__(self, config: RandomConfig, env_id: str, env_settings: Mapping[str, Any]) -> None:
        super().__init__(config, env_id, env_settings)
        self._rng = np.random.default_rng(config.seed)

    def begin(self, env: Any) -> None:
        """Attach to the environment, and draw as for the first time: no episode depends on those before."""
        super().begin(env)
        self._rng = np.random.default_rng(self.config.seed)

    def decide(self, seen: FloatArray, row: int) -> IntArray:
        """Return a uniform decision."""
        return self._rng.integers(self.problem.sizes)


class FlatScheduleAgent(RoundRule):
    """The searched flat schedule of the nearest privacy budget (`semverse.scripts.fedsem_schedule`)."""

    Config: ClassVar[Any] = FlatConfig

    def decide(self, seen: FloatArray, row: int) -> IntArray:
        """Return the schedule's decision."""
        return follow(nearest(self.config.schedules, seen, self.problem), seen, self.problem)


class VariedScheduleAgent(RoundRule):
    """The schedule of the nearest privacy budget that a search found (`semverse.scripts.fedsem_beam`)."""

    Config: ClassVar[Any] = VariedConfig

    def decide(self, seen: FloatArray, row: int) -> IntArray:
        """Return the schedule's decision for the round."""
        decisions = nearest(self.config.schedules, seen, self.problem).decisions
        played = rounds_played(seen, self.problem)
        if played < len(decisions):
            return action_of(decisions[played], self.problem, "agent")
        return _nobody(action_of(decisions[-1], self.problem, "agent"))


class LookaheadAgent(RoundRule):
    """Plans the rest as the best flat schedule, in the stand-in, and plans anew after every round."""

    Config: ClassVar[Any] = LookaheadConfig

    def begin(self, env: Any) -> None:
        """Attach to the environment, and forget the last one's copies."""
        super().begin(env)
        self._rng = np.random.default_rng(self.config.seed)
        self._actions = all_actions(self.problem)
        self._learner = SurrogateLearner(len(self._actions), self.problem)

    def decide(self, seen: FloatArray, row: int) -> IntArray:
        """Return the first action of the best plan; nobody, if no plan is worth anything."""
        trainings, at = self._trainings(row)
        totals = sum(
            play_flat(trainings.imagined(at, len(self._actions), self._learner, self._rng), self._actions)
            for _ in range(self.config.futures)
        )
        plan = best_plans(np.asarray(totals), self._actions, 1)[0]
        action = np.array(plan.action)
        return action if plan.value > 0 else _nobody(action)

    def _trainings(self, row: int) -> tuple[Any, int]:
        """Return the trainings that a row belongs to, and its place among them."""
        if hasattr(self.env, "trainings"):
            return self.env.trainings, row
        return self.env.envs[row].unwrapped.trainings, 0
