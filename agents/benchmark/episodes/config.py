"""Schema of a benchmark of episodes."""

from __future__ import annotations

from typing import Annotated, Any

import pydantic

from semverse.agents.benchmark.config import BenchmarkConfig


class EpisodeConfig(BenchmarkConfig):
    """Everything that decides what a benchmark of episodes computes; the values are YAML.

    ``seeds`` counts sets of episodes, each a cell of its own; ``first_seed`` is the seed of the first
    episode, and every further episode has the next; ``budget_s`` is what a planner has for one plan.
    """

    settings: dict[str, Any]  # keyword arguments of the environment
    episodes: Annotated[int, pydantic.Field(ge=1, le=100_000, strict=True)]  # a set
    infos: tuple[str, ...]  # step infos whose means the table shows

    @property
    def sets(self) -> range:
        """Seed of the first episode of each set."""
        return range(self.first_seed, self.first_seed + self.seeds * self.episodes, self.episodes)

    def episode_seeds(self, first: int) -> range:
        """Return the seeds of the episodes of a set."""
        return range(first, first + self.episodes)
