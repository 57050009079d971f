"""The plain monolithic CP-SAT model, as one would write it first: a baseline."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import numpy.typing as npt
import pydantic
from ortools.sat.python import cp_model

from semverse.envs.config import Config
from semverse.envs.scc.reward import raw_weights
from semverse.envs.scc.servable import whole_units
from semverse.envs.scc.types import FloatArray, Instance, IntArray
from semverse.solvers.archive import Archive
from semverse.solvers.base import Bound, Budget, Front, spread_order
from semverse.solvers.layout import Layout, WeightedCosts

_RESOLUTION = 1e9  # the objective's range in whole numbers


class CpSatConfig(Config):
    """Configuration of `CpSatSolver`."""

    slice_seconds: Annotated[float, pydantic.Field(gt=0, strict=True)]  # time a preference
    workers: Annotated[int, pydantic.Field(ge=1, le=64, strict=True)]


class CpSatSolver:
    """Binary x[r, m], y[v, m] and linearised products y[v, m] y[v, n]; one weighted sum after the other."""

    Config = CpSatConfig

    def __init__(self, config: CpSatConfig) -> None:
        self.config = config

    def solve(
        self, instance: Instance, *, preferences: npt.ArrayLike, budget: Budget, rng: np.random.Generator
    ) -> Front:
        """Solve weighted sums, extremes first, each for a slice of the budget; bounds are CP-SAT's own."""
        clock = budget.start()
        archive = Archive(instance, clock)
        layout = Layout.of(instance)
        weights = raw_weights(instance, preferences)
        bounds: list[Bound] = []
        for i in spread_order(len(weights)):
            if bounds and clock.expired:
                break
            scaled = weights[i] / weights[i].sum()
            costs = WeightedCosts.of(instance, layout, scaled)
            seconds = max(min(self.config.slice_seconds, clock.left), 0.1)
            placement, bound = self._solve_one(instance, layout, costs, seconds, int(rng.integers(2**31)))
            bounds.append(Bound((float(scaled[0]), float(scaled[1])), bound))
            if placement is not None:
                archive.add(placement[None])
        return archive.front(tuple(bounds))

    def _solve_one(
        self, instance: Instance, layout: Layout, costs: WeightedCosts, seconds: float, seed: int
    ) -> tuple[IntArray | None, float]:
        model = cp_model.CpModel()
        x = np.array(
            [
                [model.new_bool_var("") for _ in range(instance.num_mecs)]
                for _ in range(instance.num_requests)
            ],
            dtype=object,
        )
        objective = _build(model, x, instance, layout, costs)
        solver = cp_model.CpSolver()
        solver.parameters.max_time_in_seconds = seconds
        solver.parameters.num_workers = self.config.workers
        solver.parameters.random_seed = seed
        solver.parameters.catch_sigint_signal = False  # it would not give Python its Ctrl-C back
        status = solver.solve(model)
        # the objective was rounded down coefficient by coefficient, so its bound holds as it is
        bound = solver.best_objective_bound * objective + costs.constant
        bound = max(bound, costs.constant) - 1e-9 * max(abs(bound), 1.0)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None, bound
        values = np.array([[solver.value(v) for v in row] for row in x])
        return values.argmax(axis=1), bound


def _build(
    model: cp_model.CpModel,
    x: npt.NDArray[np.object_],
    instance: Instance,
    layout: Layout,
    costs: WeightedCosts,
) -> float:
    """Add all constraints and the objective; return the worth of one unit of the objective."""
    spaces, mecs = instance.num_spaces, instance.num_mecs
    y = np.array([[model.new_bool_var("") for _ in range(mecs)] for _ in range(spaces)], dtype=object)
    for request, space in enumerate(instance.requests.space):
        model.add_exactly_one(x[request])
        for mec in range(mecs):
            model.add_implication(x[request, mec], y[space, mec])
    # rounded in favour of fitting, or the bound would not hold for a placement that just fits
    size, room = whole_units(instance, favourable=True)
    for mec in range(mecs):
        model.add(cp_model.LinearExpr.weighted_sum(list(y[:, mec]), size.tolist()) <= int(room[mec]))
        model.add(cp_model.LinearExpr.sum(list(x[:, mec])) <= int(instance.mecs.max_tasks[mec]))
    terms: list[cp_model.IntVar] = list(x.ravel()) + list(y.ravel())
    prices: list[FloatArray] = [_by_request(instance, layout, costs).ravel(), costs.host.ravel()]
    for space in np.flatnonzero(layout.count > 1):
        for m in range(mecs):
            for n in range(m + 1, mecs):
                both = model.new_bool_var("")
                model.add_bool_or([y[space, m].negated(), y[space, n].negated(), both])
                terms.append(both)
                prices.append(costs.pair[m, n : n + 1])
    price = np.concatenate(prices)
    unit = max(float(price.sum()), 1e-9) / _RESOLUTION
    model.minimize(cp_model.LinearExpr.weighted_sum(terms, np.floor(price / unit).astype(np.int64).tolist()))
    return unit


def _by_request(instance: Instance, layout: Layout, costs: WeightedCosts) -> FloatArray:
    """Return the serving costs in order of the requests [R, M]."""
    out = np.empty((instance.num_requests, instance.num_mecs))
    out[layout.request[layout.real]] = costs.request[layout.real]
    return out
