"""The placement problem laid out space by space, as decomposing solvers need it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from semverse.envs.scc.model import tables
from semverse.envs.scc.types import BoolArray, ComplexArray, FloatArray, Instance, IntArray


@dataclass(frozen=True, eq=False)
class Layout:
    """Requests of an instance grouped by space and padded to K, the most that one space has."""

    request: IntArray  # [V, K] request index, -1 for padding
    count: IntArray  # [V] requests of each space

    @classmethod
    def of(cls, instance: Instance) -> Layout:
        """Group the requests of an instance."""
        space = instance.requests.space
        count = np.bincount(space, minlength=instance.num_spaces)
        order = np.argsort(space, kind="stable")
        column = np.arange(len(space)) - np.repeat(np.cumsum(count) - count, count)
        request = np.full((instance.num_spaces, int(count.max())), -1)
        request[space[order], column] = order
        return cls(request=request, count=count)

    @cached_property
    def real(self) -> BoolArray:
        """Whether an entry is a request, not padding [V, K]."""
        return self.request >= 0

    def of_space(self, space: int) -> IntArray:
        """Return the requests of one space [k]."""
        return self.request[space, : self.count[space]]


def weigh(cost: ComplexArray, weights: FloatArray) -> FloatArray:
    """Return weights[0] * latency_ms + weights[1] * energy_j of complex costs, same shape."""
    return np.asarray(weights[0] * cost.real + weights[1] * cost.imag, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class WeightedCosts:
    """Costs of one weighted sum. A space costs its pairs of hosts, its hosts and its served requests."""

    request: FloatArray  # [V, K, M] serving a request on a MEC; 0 for padding
    host: FloatArray  # [V, M] hosting a space on a MEC (maintenance, own synchronisation)
    pair: FloatArray  # [M, M] two hosts of one space, both directions together; diagonal 0
    constant: float  # access cost, the same for every placement

    @classmethod
    def of(cls, instance: Instance, layout: Layout, weights: FloatArray) -> WeightedCosts:
        """Weigh latency_ms and energy_j of an instance by ``weights`` [2]."""
        t = tables(instance)
        sync = weigh(t.sync, weights)
        pair = 2 * sync
        np.fill_diagonal(pair, 0.0)
        return cls(
            request=np.where(layout.real[:, :, None], weigh(t.request, weights)[layout.request], 0.0),
            host=weigh(t.maintenance, weights)[:, None] + np.diag(sync)[None, :],
            pair=pair,
            constant=float(weights[0] * t.access.real + weights[1] * t.access.imag),
        )
