"""NSGA-II by pymoo, with our operators on whole spaces."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pydantic
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.crossover import Crossover
from pymoo.core.evaluator import Evaluator
from pymoo.core.mutation import Mutation
from pymoo.core.problem import Problem
from pymoo.core.repair import Repair

from semverse.envs.config import Config
from semverse.envs.scc.reward import raw_weights
from semverse.envs.scc.types import Instance
from semverse.solvers.archive import Archive
from semverse.solvers.base import Budget, Front
from semverse.solvers.construct import repair
from semverse.solvers.evolution import cross, first_population, mutate


class Nsga2Config(Config):
    """Configuration of `Nsga2Solver`."""

    population: Annotated[int, pydantic.Field(ge=4, le=100_000, strict=True)]
    mutation_rate: Annotated[float, pydantic.Field(gt=0, strict=True)]  # expected changed spaces a child
    generations: Annotated[int, pydantic.Field(ge=1, le=10_000_000, strict=True)]


class Nsga2Solver:
    """NSGA-II (Deb et al. 2002; pymoo), greedy-seeded, every child repaired."""

    Config = Nsga2Config

    def __init__(self, config: Nsga2Config) -> None:
        self.config = config

    def solve(
        self, instance: Instance, *, preferences: npt.ArrayLike, budget: Budget, rng: np.random.Generator
    ) -> Front:
        """Evolve until the budget or the generations are used; preferences play no part."""
        del preferences
        archive = Archive(instance, clock := budget.start())
        problem = _PlacementProblem(instance, archive)
        algorithm = NSGA2(
            pop_size=self.config.population,
            sampling=first_population(instance, self.config.population, rng),
            crossover=_SpaceCrossover(instance, rng),
            mutation=_HostMutation(instance, self.config.mutation_rate, rng),
            repair=_RoomRepair(instance, rng),
            eliminate_duplicates=True,
        )
        seed = int(rng.integers(2**31))
        algorithm.setup(problem, termination=("n_gen", self.config.generations), seed=seed)
        evaluator = Evaluator()
        while algorithm.has_next():
            population = algorithm.ask()
            if population is None:  # every child was a duplicate
                break
            evaluator.eval(problem, population)
            algorithm.tell(infills=population)
            if clock.expired:
                break
        return archive.front()


class _PlacementProblem(Problem):
    def __init__(self, instance: Instance, archive: Archive) -> None:
        super().__init__(
            n_var=instance.num_requests, n_obj=2, n_ieq_constr=1, xl=0, xu=instance.num_mecs - 1, vtype=int
        )
        self._archive = archive

    def _evaluate(self, x: npt.NDArray[Any], out: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        costs = self._archive.add(x.astype(np.int64))
        out["F"], out["G"] = costs.objectives, costs.violation[:, None]


class _SpaceCrossover(Crossover):
    def __init__(self, instance: Instance, rng: np.random.Generator) -> None:
        super().__init__(n_parents=2, n_offsprings=1)
        self._instance, self._rng = instance, rng

    def _do(self, problem: Problem, x: npt.NDArray[Any], *args: Any, **kwargs: Any) -> npt.NDArray[Any]:
        parents = x.astype(np.int64)
        return cross(self._instance, parents[0], parents[1], self._rng)[None]


class _HostMutation(Mutation):
    def __init__(self, instance: Instance, rate: float, rng: np.random.Generator) -> None:
        super().__init__(prob=1.0)
        self._instance, self._rate, self._rng = instance, rate, rng

    def _do(self, problem: Problem, x: npt.NDArray[Any], *args: Any, **kwargs: Any) -> npt.NDArray[Any]:
        return mutate(self._instance, x.astype(np.int64), self._rate, self._rng)


class _RoomRepair(Repair):
    def __init__(self, instance: Instance, rng: np.random.Generator) -> None:
        super().__init__()
        self._instance, self._rng = instance, rng

    def _do(self, problem: Problem, x: npt.NDArray[Any], **kwargs: Any) -> npt.NDArray[Any]:
        weights = raw_weights(self._instance, self._rng.dirichlet(np.ones(2), len(x)))
        return repair(self._instance, x.astype(np.int64), weights)
