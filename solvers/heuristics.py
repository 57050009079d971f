"""The simple agents: random, local, greedy."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
import pydantic

from semverse.envs.config import Config
from semverse.envs.scc.order import heaviest_first
from semverse.envs.scc.reward import raw_weights
from semverse.envs.scc.types import FloatArray, Instance
from semverse.solvers.archive import Archive
from semverse.solvers.base import Budget, Front
from semverse.solvers.construct import construct, repair, space_by_space

Count = Annotated[int, pydantic.Field(ge=1, le=1_000_000, strict=True)]


class RandomConfig(Config):
    """Configuration of `RandomSolver`."""

    batch: Count  # placements drawn at a time
    samples: Count  # placements drawn at most


class RandomSolver:
    """Draws feasible placements: requests in random order, each to a uniformly drawn MEC with room."""

    Config = RandomConfig

    def __init__(self, config: RandomConfig) -> None:
        self.config = config

    def solve(
        self, instance: Instance, *, preferences: npt.ArrayLike, budget: Budget, rng: np.random.Generator
    ) -> Front:
        """Draw until the budget or the configured number of samples is used; preferences play no part."""
        del preferences
        clock = budget.start()
        archive = Archive(instance, clock)
        weights = np.ones((self.config.batch, 2))
        drawn = 0
        while drawn < self.config.samples and (drawn == 0 or not clock.expired):
            order = rng.permuted(np.tile(np.arange(instance.num_requests), (self.config.batch, 1)), axis=1)
            archive.add(construct(instance, weights, order=order, rng=rng, fall_back=False))
            drawn += self.config.batch
        return archive.front()


class LocalConfig(Config):
    """Configuration of `LocalSolver` (it has none)."""


class LocalSolver:
    """Places every request on its user's local MEC; where that is full, on the cheapest with room."""

    Config = LocalConfig

    def __init__(self, config: LocalConfig) -> None:
        self.config = config

    def solve(
        self, instance: Instance, *, preferences: npt.ArrayLike, budget: Budget, rng: np.random.Generator
    ) -> Front:
        """Build one placement a preference (they differ only in what had to be repaired)."""
        del rng
        archive = Archive(instance, budget.start())
        weights = raw_weights(instance, preferences)
        local = instance.users.mec[instance.requests.user]
        archive.add(repair(instance, np.tile(local, (len(weights), 1)), weights))
        return archive.front()


class GreedyConfig(Config):
    """Configuration of `GreedySolver`."""

    order: Literal["heaviest", "space"]  # heaviest request first, or space by space


class GreedySolver:
    """Weight-greedy (paper 003, section IV-C): request by request to the cheapest MEC with room."""

    Config = GreedyConfig

    def __init__(self, config: GreedyConfig) -> None:
        self.config = config

    def solve(
        self, instance: Instance, *, preferences: npt.ArrayLike, budget: Budget, rng: np.random.Generator
    ) -> Front:
        """Build one placement a preference."""
        del rng
        archive = Archive(instance, budget.start())
        archive.add(greedy(instance, raw_weights(instance, preferences), self.config.order))
        return archive.front()


def greedy(instance: Instance, weights: FloatArray, order: str = "space") -> npt.NDArray[np.int64]:
    """Return one greedy placement for each pair of weights on latency_ms and energy_j [P, R]."""
    sequence = heaviest_first(instance) if order == "heaviest" else space_by_space(instance)
    return construct(instance, weights, order=sequence)
