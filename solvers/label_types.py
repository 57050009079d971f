"""What a label set is made of, without the solvers that make it: a learner needs no more than this."""

from __future__ import annotations

from dataclasses import dataclass

from semverse.envs.scc.types import Costs, FloatArray, Instance, IntArray

__all__ = ["LabelledInstance", "Labels"]


@dataclass(frozen=True, eq=False)
class Labels:
    """The labels of one instance."""

    preferences: FloatArray  # [P, 2] on latency and energy over the reference point (eq. 35), sum to 1
    placements: IntArray  # [P, R]
    costs: Costs  # [P]
    lower_bounds: FloatArray  # [P] no placement has a preference-weighted normalised cost below


@dataclass(frozen=True, eq=False)
class LabelledInstance:
    """One item of a label set."""

    index: int
    instance: Instance
    labels: Labels | None  # None if the solver found no feasible placement
