"""Lets a solver act in an environment: it plans whenever the instance changes and plays the plan."""

from __future__ import annotations

from typing import Any, Protocol, cast

import gymnasium
import numpy as np
import numpy.typing as npt

from semverse.envs.scc.reward import raw_weights
from semverse.envs.scc.types import FloatArray, Instance, IntArray
from semverse.solvers.base import Budget, Front, Solver


class PlannableEnv(Protocol):
    """What an environment shows to a planner, on its unwrapped self."""

    instance: Instance  # the problem at hand; a new object whenever it changes
    preference: FloatArray  # [2] weights on the normalised objectives

    def plan_action(self, placement: IntArray) -> Any:
        """Return the action that, at this step, carries on with a whole placement [R]."""


PLAN_BUDGET = Budget(seconds=1.0)


class PlannerAgent:
    """A solver as an agent.

    In an environment with time slots every slot is planned by itself: the cost of moving spaces from
    one slot to the next is paid, but not foreseen.

    Args:
        solver: solves each instance once, for the episode's preference.
        budget: what one plan may cost; set the attribute ``budget`` to change it.
        seed: seed of the solver's randomness.
    """

    def __init__(self, solver: Solver, budget: Budget = PLAN_BUDGET, seed: int = 0) -> None:
        self.solver = solver
        self.budget = budget
        self._rng = np.random.default_rng(seed)
        self._env: PlannableEnv | None = None
        self._planned_for: Instance | None = None
        self._plan: IntArray = np.zeros(0, dtype=np.int64)

    def begin(self, env: gymnasium.Env[Any, Any]) -> None:
        """Attach to the environment that was just reset."""
        self._env = cast(PlannableEnv, env.unwrapped)
        self._planned_for = None

    def act(self, observation: Any, *, deterministic: bool = True) -> Any:
        """Return the next action of the plan; plan first if the instance is new.

        Raises:
            RuntimeError: `begin` was not called.
        """
        del observation, deterministic  # a planner sees the whole instance
        if self._env is None:
            raise RuntimeError("call begin(env) after env.reset()")
        if self._env.instance is not self._planned_for:
            self._planned_for = self._env.instance
            self._plan = self._make_plan(self._env.instance, self._env.preference)
        return self._env.plan_action(self._plan)

    def _make_plan(self, instance: Instance, preference: FloatArray) -> IntArray:
        front = self.solve(instance, preferences=preference[None], budget=self.budget, rng=self._rng)
        if not len(front):
            # nothing feasible in the budget: any plan serves, the environment repairs it step by step
            return instance.users.mec[instance.requests.user]
        best: IntArray = front.placements[(front.objectives @ raw_weights(instance, preference)).argmin()]
        return best

    def solve(
        self, instance: Instance, *, preferences: npt.ArrayLike, budget: Budget, rng: np.random.Generator
    ) -> Front:
        """Solve with the wrapped solver."""
        return self.solver.solve(instance, preferences=preferences, budget=budget, rng=rng)
