"""Schemas of the JSON files that a solve and a benchmark write."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
import pydantic

from semverse.envs.config import Config
from semverse.envs.scc.model import evaluate
from semverse.envs.scc.reward import scale
from semverse.envs.scc.types import FloatArray, Instance, IntArray
from semverse.solvers.archive import nondominated
from semverse.solvers.base import Bound, Front, Snapshot

CELL_FORMAT = "semverse.benchmark.cell/1"
CERTIFICATE_FORMAT = "semverse.benchmark.certificate/1"
HISTORY_POINTS = 60  # snapshots of the front that are kept, spread geometrically over the solve
_EARLIEST_S = 1e-3  # first of those times

Finite = Annotated[float, pydantic.Field(allow_inf_nan=False)]
Pair = tuple[Finite, Finite]


class Point(Config):
    """One placement of a front, scored by `semverse.envs.scc.model.evaluate`."""

    latency_ms: Finite
    energy_j: Finite
    feasible: bool
    placement: tuple[int, ...]  # MEC of each request


class BoundRecord(Config):
    """A certificate: preference @ [latency_ms, energy_j] >= lower_bound for every feasible placement."""

    preference: Pair  # weights on latency_ms and energy_j, sum 1
    lower_bound: Finite
    complete: bool = True  # False where the search behind it was broken off: valid, but it could be higher


class SnapshotRecord(Config):
    """The front some seconds into the solve."""

    seconds: Finite
    objectives: tuple[Pair, ...]


class CellRecord(Config):
    """What one agent reached on one instance."""

    format: Literal["semverse.benchmark.cell/1"]
    region: str
    seed: int
    agent: str
    seconds: Finite  # time the agent took
    eq35_reference: Pair  # latency_ms and energy_j that every placement dominates
    points: tuple[Point, ...]
    bounds: tuple[BoundRecord, ...]
    history: tuple[SnapshotRecord, ...]

    @property
    def objectives(self) -> FloatArray:
        """latency_ms and energy_j of the front [K, 2]."""
        return np.array([(p.latency_ms, p.energy_j) for p in self.points]).reshape(-1, 2)

    def objectives_at(self, seconds: float) -> FloatArray:
        """Return latency_ms and energy_j of the front as it stood then [K, 2]; none before the first."""
        known = [snapshot for snapshot in self.history if snapshot.seconds <= seconds]
        return np.array(known[-1].objectives if known else []).reshape(-1, 2)


class CertificateRecord(Config):
    """The certificate of one instance; the content is that of `semverse.solvers.certificate`."""

    format: Literal["semverse.benchmark.certificate/1"]
    region: str
    seed: int
    seconds: Finite
    certificate: dict[str, Any]


def score(instance: Instance, front: Front) -> tuple[IntArray, FloatArray]:
    """Score a front anew and keep what is feasible and not dominated.

    Returns:
        Placements [K, R] and their latency_ms and energy_j [K, 2], in order of rising latency.
    """
    costs = evaluate(instance, front.placements)
    feasible = np.flatnonzero(costs.feasible)
    chosen = feasible[nondominated(costs.objectives[feasible])]
    chosen = chosen[np.argsort(costs.objectives[chosen, 0])]
    return front.placements[chosen], costs.objectives[chosen]


def points(placements: IntArray, objectives: FloatArray) -> list[dict[str, Any]]:
    """Return a scored front as JSON values."""
    return [
        {"latency_ms": latency, "energy_j": energy, "feasible": True, "placement": placement}
        for (latency, energy), placement in zip(objectives.tolist(), placements.tolist(), strict=True)
    ]


def bounds(found: tuple[Bound, ...]) -> list[dict[str, Any]]:
    """Return bounds as JSON values."""
    return [{"preference": list(b.weights), "lower_bound": b.value, "complete": b.complete} for b in found]


def history(snapshots: tuple[Snapshot, ...], seconds: float, final: FloatArray) -> list[dict[str, Any]]:
    """Return a thinned history as JSON values; its last entry is the final, scored front.

    A solver may take thousands of snapshots; the last one before each of a few geometrically spread times
    shows the same curve.
    """
    times = np.array([snapshot.seconds for snapshot in snapshots])
    grid = np.geomspace(_EARLIEST_S, max(seconds, 2 * _EARLIEST_S), HISTORY_POINTS)
    last = np.searchsorted(times, grid, side="right") - 1
    kept = [snapshots[i] for i in np.unique(last[last >= 0]) if snapshots[i].seconds < seconds]
    rows = [(float(s.seconds), s.objectives.tolist()) for s in kept] + [(seconds, final.tolist())]
    return [{"seconds": at, "objectives": objectives} for at, objectives in rows]


def eq35_reference(instance: Instance) -> list[float]:
    """Return the reference point of eq. 35 as JSON values."""
    reference: list[float] = scale(instance).tolist()
    return reference
