"""MOEA/D with constraints, batched: one generation is one call of `evaluate`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
import pydantic

from semverse.envs.config import Config
from semverse.envs.scc.reward import raw_weights, scale
from semverse.envs.scc.types import FloatArray, Instance, IntArray
from semverse.solvers.archive import Archive
from semverse.solvers.base import Budget, Front, preference_grid
from semverse.solvers.evolution import first_population, offspring


class MoeadConfig(Config):
    """Configuration of `MoeadSolver`."""

    population: Annotated[
        int, pydantic.Field(ge=4, le=100_000, strict=True)
    ]  # also the number of subproblems
    neighbours: Annotated[int, pydantic.Field(ge=2, le=1000, strict=True)]
    replacements: Annotated[
        int, pydantic.Field(ge=1, le=1000, strict=True)
    ]  # placements that one child may replace
    mutation_rate: Annotated[float, pydantic.Field(gt=0, strict=True)]  # expected changed spaces a child
    generations: Annotated[int, pydantic.Field(ge=1, le=10_000_000, strict=True)]


class MoeadSolver:
    """MOEA/D (Zhang and Li 2007) with Tchebycheff subproblems.

    Of two placements the less violating wins, then the one with the lower subproblem value (Jan and
    Khanum 2013). All subproblems breed at once; a child may then replace few of its neighbourhood's
    placements only (Li and Zhang 2009), which keeps them different.
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
        population = _score(first_population(instance, size, rng), instance, archive)
        ideal = population.values.min(axis=0)
        # the greedy half stands at every second subproblem: let each pick its best before the start
        everyone = np.tile(np.arange(size), (size, 1))
        population = population.take(population.rank(everyone, subproblems, ideal).argmin(axis=1))
        for _ in range(self.config.generations):
            if clock.expired:
                break
            parents = near[np.arange(size)[:, None], rng.integers(near.shape[1], size=(size, 2))]
            first, second = population.placements[parents[:, 0]], population.placements[parents[:, 1]]
            bred = offspring(instance, first, second, weights, self.config.mutation_rate, rng)
            children = _score(bred, instance, archive)
            ideal = np.minimum(ideal, children.values.min(axis=0))
            order = rng.permutation(size)
            source = _replace(population, children, near, subproblems, ideal, order, self.config.replacements)
            population = population.join(children).take(source)
        return archive.front()


@dataclass(frozen=True, eq=False)
class _Scored:
    """N placements with what selection looks at."""

    placements: IntArray  # [N, R]
    values: FloatArray  # [N, 2] normalised objectives
    violation: FloatArray  # [N]

    def take(self, index: IntArray) -> _Scored:
        return _Scored(self.placements[index], self.values[index], self.violation[index])

    def join(self, other: _Scored) -> _Scored:
        return _Scored(
            np.concatenate([self.placements, other.placements]),
            np.concatenate([self.values, other.values]),
            np.concatenate([self.violation, other.violation]),
        )

    def rank(self, who: IntArray, subproblems: FloatArray, ideal: FloatArray) -> FloatArray:
        """Return how bad placements ``who`` [S, C] are for each of S subproblems: violation first."""
        distance = (self.values[who] - ideal) * np.maximum(subproblems, 1e-4)[:, None, :]
        # normalised objectives are at most about 1, so any violation outweighs them
        out: FloatArray = distance.max(axis=2) + 1e6 * self.violation[who]
        return out


def _score(placements: IntArray, instance: Instance, archive: Archive) -> _Scored:
    costs = archive.add(placements)
    return _Scored(placements, costs.objectives / scale(instance), costs.violation)


def _replace(
    population: _Scored,
    children: _Scored,
    near: IntArray,
    subproblems: FloatArray,
    ideal: FloatArray,
    order: IntArray,
    limit: int,
) -> IntArray:
    """Return what each subproblem holds next [N]: its old placement, or N + the number of a child."""
    size = len(near)
    source = np.arange(size)
    held = population.rank(source[:, None], subproblems, ideal)[:, 0]
    offered = children.rank(np.tile(np.arange(size), (size, 1)), subproblems, ideal)
    for child in order:
        better = near[child][offered[near[child], child] < held[near[child]]][:limit]
        held[better] = offered[better, child]
        source[better] = size + child
    return source
