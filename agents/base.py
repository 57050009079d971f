"""What every agent can do, whatever it is inside."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError
from semverse.envs.scc.types import Instance
from semverse.solvers.base import Budget, Front


@runtime_checkable
class Agent(Protocol):
    """One agent, usable both ways: acting in an environment and solving an instance.

    The loop of an acting agent is ``observation, info = env.reset(); agent.begin(env)`` and then
    ``action = agent.act(observation)`` a step.
    """

    def begin(self, env: Any) -> None:
        """Prepare for the episode that was just reset (planners plan here)."""

    def act(self, observation: Any, *, deterministic: bool = True) -> Any:
        """Return the action for one observation; policies and rules also take a batch (first axis)."""

    def solve(
        self, instance: Instance, *, preferences: npt.ArrayLike, budget: Budget, rng: np.random.Generator
    ) -> Front:
        """Return a front for a whole instance; see `semverse.solvers.base.Solver.solve`."""


class ActsOnly:
    """Mixin of agents that act on observations and do not solve whole instances."""

    def solve(
        self, instance: Instance, *, preferences: npt.ArrayLike, budget: Budget, rng: np.random.Generator
    ) -> Front:
        """Refuse.

        Raises:
            InputError: always.
        """
        del instance, preferences, budget, rng
        raise InputError(
            "acts in environments and solves no instances", key="agent", remedy="use semverse evaluate"
        )
