"""One instance, one agent: what ``semverse solve`` reports."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from semverse.agents.base import Agent
from semverse.agents.benchmark.fronts import record
from semverse.envs.scc.model import reference_point
from semverse.envs.scc.types import FloatArray, Instance, IntArray
from semverse.solvers.base import Bound, Budget, Front
from semverse.solvers.certificate import Certificate, certify, certify_instance
from semverse.solvers.indicators import hypervolume, normalised_hypervolume

_CERTIFY_STREAM = 1  # keeps the certifying solver's random numbers apart from the agent's


@dataclass(frozen=True, eq=False)
class Solution:
    """An agent's front on an instance, scored anew, with bounds where they are known."""

    instance: Instance
    agent: str
    seconds: float  # of the agent alone, without the certificate
    placements: IntArray  # [K, R]
    objectives: FloatArray  # [K, 2] latency_ms, energy_j
    bounds: tuple[Bound, ...]
    certificate: Certificate | None

    @property
    def reference_point(self) -> FloatArray:
        """The certificate's reference point, without one that of eq. 35 of the paper [2]."""
        known = self.certificate
        return reference_point(self.instance) if known is None else known.reference_point

    @property
    def normalised_hypervolume(self) -> float:
        """Hypervolume of eq. 35 of the paper, from 0 to 1."""
        return normalised_hypervolume(self.instance, self.objectives)

    def to_json(self) -> dict[str, Any]:
        """Return the solution as JSON values; hypervolumes are areas in ms J below the reference point."""
        return {
            "instance": self.instance.name,
            "agent": self.agent,
            "seconds": self.seconds,
            "points": record.points(self.placements, self.objectives),
            "bounds": record.bounds(self.bounds),
            "hypervolume": hypervolume(self.objectives, self.reference_point),
            "hypervolume_bound": None if self.certificate is None else self.certificate.hypervolume_bound,
            "reference_point": self.reference_point.tolist(),
        }


def solve_instance(
    instance: Instance,
    name: str,
    agent: Agent,
    *,
    preferences: npt.ArrayLike,
    budget: Budget,
    seed: int,
    certified: bool,
) -> Solution:
    """Let an agent solve an instance, score its front anew and find bounds for it.

    Args:
        instance: the problem.
        name: the agent's name.
        agent: the agent.
        preferences: weights on normalised [latency, energy] to aim at [P, 2].
        budget: what the agent may spend; the certificate may spend the same again.
        seed: of all randomness.
        certified: whether to run the exact solver for bounds where the agent proves none.
    """
    started = time.perf_counter()
    front = agent.solve(instance, preferences=preferences, budget=budget, rng=np.random.default_rng(seed))
    seconds = time.perf_counter() - started
    placements, objectives = record.score(instance, front)
    certificate: Certificate | None = None
    if front.bounds and len(front):
        certificate = certify(front)
    elif certified:
        rng = np.random.default_rng([seed, _CERTIFY_STREAM])
        certificate = certify_instance(instance, budget=budget, preferences=preferences, rng=rng)
    return Solution(
        instance=instance,
        agent=name,
        seconds=seconds,
        placements=placements,
        objectives=objectives,
        bounds=_bounds(front, certificate),
        certificate=certificate,
    )


def _bounds(front: Front, certificate: Certificate | None) -> tuple[Bound, ...]:
    return front.bounds if front.bounds or certificate is None else certificate.bounds
