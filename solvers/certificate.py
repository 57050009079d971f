"""How far from optimal a front can at most be: certified bounds turned into a hypervolume ratio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError
from semverse.envs.scc.types import FloatArray, Instance
from semverse.solvers.base import Bound, Budget, Front
from semverse.solvers.indicators import hypervolume

_MARGIN = 0.1  # of the range between the extremes, put on top of the nadir


@dataclass(frozen=True, eq=False)
class Certificate:
    """Lower bounds of one instance and what follows from them for any front."""

    bounds: tuple[Bound, ...]
    ideal: FloatArray  # [2] best known value of each objective
    nadir: FloatArray  # [2] worst coordinate on the certifying front
    reference_point: FloatArray  # [2] nadir + 10 % of the range
    hypervolume_bound: float  # ms J; no feasible front has a larger hypervolume below the reference point
    front: FloatArray  # [K, 2] objectives of the certifying front

    def hypervolume_ratio(self, objectives: npt.ArrayLike) -> float:
        """Return the hypervolume of a front [K, 2] over the certified upper bound, in [0, 1]."""
        if self.hypervolume_bound <= 0:
            return 0.0
        return (
            hypervolume(np.asarray(objectives, dtype=np.float64), self.reference_point)
            / self.hypervolume_bound
        )

    def gaps(self, objectives: npt.ArrayLike) -> FloatArray:
        """Return for each bound by how much the best point of a front [K, 2] can at most be improved [B].

        Relative to that point's weighted sum, in [0, 1]; 1 for an empty front.
        """
        points = np.asarray(objectives, dtype=np.float64).reshape(-1, 2)
        if not len(points):
            return np.ones(len(self.bounds))
        weights = np.array([b.weights for b in self.bounds])
        lower = np.array([b.value for b in self.bounds])
        best = (points @ weights.T).min(axis=0)
        gaps: FloatArray = np.maximum(0.0, 1.0 - lower / np.maximum(best, 1e-300))
        return gaps

    def to_json(self) -> dict[str, Any]:
        """Return plain lists and numbers."""
        return {
            "bounds": [
                {"preference": list(b.weights), "lower_bound": b.value, "complete": b.complete}
                for b in self.bounds
            ],
            "ideal": self.ideal.tolist(),
            "nadir": self.nadir.tolist(),
            "reference_point": self.reference_point.tolist(),
            "hypervolume_bound": self.hypervolume_bound,
            "front": self.front.tolist(),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Certificate:
        """Rebuild a certificate from `to_json`.

        Raises:
            InputError: a key is missing or has the wrong type.
        """
        try:
            return cls(
                bounds=tuple(
                    Bound(
                        (float(b["preference"][0]), float(b["preference"][1])),
                        float(b["lower_bound"]),
                        bool(b.get("complete", True)),
                    )
                    for b in data["bounds"]
                ),
                ideal=np.array(data["ideal"], dtype=np.float64),
                nadir=np.array(data["nadir"], dtype=np.float64),
                reference_point=np.array(data["reference_point"], dtype=np.float64),
                hypervolume_bound=float(data["hypervolume_bound"]),
                front=np.array(data["front"], dtype=np.float64).reshape(-1, 2),
            )
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise InputError(
                f"is damaged ({error!r})", key="certificate", remedy="compute it anew"
            ) from error


def certify(front: Front) -> Certificate:
    """Return the certificate of a front that carries bounds.

    Raises:
        InputError: the front is empty or carries no bound.
    """
    if not len(front) or not front.bounds:
        raise InputError(
            "carries no point or no bound", key="front", remedy="give the exact solver more time"
        )
    objectives = front.objectives
    ideal, nadir = objectives.min(axis=0), objectives.max(axis=0)
    # a front of one point has no range: a tenth of the point itself then
    spread = np.where(nadir > ideal, nadir - ideal, np.maximum(nadir, 1e-9))
    reference = nadir + _MARGIN * spread
    return Certificate(
        bounds=front.bounds,
        ideal=ideal,
        nadir=nadir,
        reference_point=reference,
        hypervolume_bound=area_above(front.bounds, reference),
        front=objectives,
    )


def certify_instance(
    instance: Instance, *, budget: Budget, preferences: npt.ArrayLike, rng: np.random.Generator
) -> Certificate:
    """Run the exact solver on an instance and certify what it proves."""
    from semverse.solvers.exact.solver import ExactSolver, default_config

    front = ExactSolver(default_config()).solve(instance, preferences=preferences, budget=budget, rng=rng)
    return certify(front)


def area_above(bounds: tuple[Bound, ...], reference: FloatArray) -> float:
    """Return the area of {z >= 0 below the reference point with w @ z >= value for all bounds}.

    Every feasible point lies in that region, so no front has a larger hypervolume. The region is
    convex: the rectangle is clipped by one half-plane after the other (Sutherland-Hodgman).
    """
    polygon = np.array([[0.0, 0.0], [reference[0], 0.0], reference, [0.0, reference[1]]])
    for bound in bounds:
        polygon = _clip(polygon, np.asarray(bound.weights), bound.value)
        if len(polygon) < 3:
            return 0.0
    x, y = polygon[:, 0], polygon[:, 1]
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def _clip(polygon: FloatArray, weights: FloatArray, value: float) -> FloatArray:
    """Return the part of a convex polygon [N, 2] where weights @ z >= value."""
    if not len(polygon):
        return polygon
    height = polygon @ weights - value
    following, next_height = np.roll(polygon, -1, axis=0), np.roll(height, -1)
    points: list[FloatArray] = []
    for a, b, ha, hb in zip(polygon, following, height, next_height, strict=True):
        if ha >= 0:
            points.append(a)
        if (ha >= 0) != (hb >= 0):
            points.append(a + (b - a) * (ha / (ha - hb)))
    return np.array(points).reshape(-1, 2)
