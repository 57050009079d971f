"""MOEA/D with constraints, batched: one generation is one call of `evaluate`."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import numpy.typing as npt
import pydantic

from semverse.envs.config import Config
from semverse.envs.scc.reward import raw_weights, scale
from semverse.envs.scc.types import FloatArray, Instance
from semverse.solvers.archive import Archive
from semverse.solvers.base import Budget, Front, preference_grid
from semverse.solvers.evolution import first_population, offspring


class MoeadConfig(Config):
    """Configuration of `MoeadSolver`."""

    population: Annotated[int, pydantic.Field(ge=4, le=100_000)]  # also the number of subproblems
    neighbours: Annotated[int, pydantic.Field(ge=2, le=1000)]
    mutation_rate: Annotated[float, pydantic.Field(gt=0)]  # expected changed spaces a child
    generations: Annotated[int, pydantic.Field(ge=1, le=10_000_000)]


class MoeadSolver:
    """MOEA/D (Zhang and Li 2007) with Tchebycheff subproblems.

    Of two placements the less violating wins, then the one with the lower subproblem value
    (Jan and Khanum 2013). All subproblems breed at once; each then looks at the children of its
    whole neighbourhood.
    """

    Config = MoeadConfig

    def __init__(self, config: MoeadConfig) -> None:
        self.config = config

    def solve(
        self, instance: Instance, *, preferences: npt.ArrayLike, budget: Budget, rng: np.random.Generator
    ) -> Front:
        """Evolve until the budget or the generations are used; has its own spread of preferences."""
        del preferences
        clock = budget.start()
        archive = Archive(instance, clock)
        size = self.config.population
        subproblems = preference_grid(size)
        near = np.abs(subproblems[:, :1] - subproblems[:, 0]).argsort(axis=1, kind="stable")
        near = near[:, : min(self.config.neighbours, size)]
        weights = raw_weights(instance, subproblems)
        population = first_population(instance, size, rng)
        costs = archive.add(population)
        values, violation = costs.objectives / scale(instance), costs.violation
        ideal = values.min(axis=0)
        # the greedy half stands at every second subproblem: let each pick its best before the start
        pick = _rank(values, violation, subproblems, ideal, np.tile(np.arange(size), (size, 1))).argmin(
            axis=1
        )
        population, values, violation = population[pick], values[pick], violation[pick]
        rows = np.arange(size)
        for _ in range(self.config.generations):
            if clock.expired:
                break
            parents = near[rows[:, None], rng.integers(near.shape[1], size=(size, 2))]
            children = offspring(
                instance,
                population[parents[:, 0]],
                population[parents[:, 1]],
                weights,
                self.config.mutation_rate,
                rng,
            )
            costs = archive.add(children)
            pool = np.concatenate([population, children])
            values = np.concatenate([values, costs.objectives / scale(instance)])
            violation = np.concatenate([violation, costs.violation])
            ideal = np.minimum(ideal, values.min(axis=0))
            candidates = np.concatenate([rows[:, None], near + size], axis=1)
            rank = _rank(values, violation, subproblems, ideal, candidates)
            pick = candidates[rows, rank.argmin(axis=1)]
            population, values, violation = pool[pick], values[pick], violation[pick]
        return archive.front()


def _rank(
    values: FloatArray,
    violation: FloatArray,
    subproblems: FloatArray,
    ideal: FloatArray,
    candidates: npt.NDArray[np.int64],
) -> FloatArray:
    """Return how bad each candidate is for its subproblem [N, C]: Tchebycheff, violation first."""
    distance = (values[candidates] - ideal) * np.maximum(subproblems, 1e-4)[:, None, :]
    # normalised objectives are at most about 1, so any violation outweighs them
    ranks: FloatArray = distance.max(axis=2) + 1e6 * violation[candidates]
    return ranks
