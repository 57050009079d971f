"""Schemas of the JSON files that a benchmark of episodes writes, and its unit of work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pydantic

from semverse.envs.config import Config

CELL_FORMAT = "semverse.benchmark.episodes/1"
BOUNDS_FORMAT = "semverse.benchmark.bounds/1"

Finite = Annotated[float, pydantic.Field(allow_inf_nan=False)]


class EpisodesRecord(Config):
    """What one agent reached in a set of episodes; lists go by episode."""

    format: Literal["semverse.benchmark.episodes/1"]
    agent: str
    training: int | None
    seed: int  # of the first episode
    seconds: Finite  # time of all episodes, environment included
    returns: tuple[Finite, ...]  # undiscounted
    steps: tuple[int, ...]
    bounds: tuple[Finite, ...] | None  # on the returns, where the infos tell them
    infos: dict[str, tuple[Finite | None, ...]]  # means over an episode's steps; None: it did not tell
    decision_ms: tuple[Finite, ...]  # time of each decision but the first, which allocates


class BoundsRecord(Config):
    """What a set of episodes could return at most."""

    format: Literal["semverse.benchmark.bounds/1"]
    seed: int  # of the first episode
    seconds: Finite
    bounds: tuple[Finite, ...]


@dataclass(frozen=True)
class Cell:
    """An agent in a set of episodes, or (agent None) the bounds of the set."""

    seed: int  # of the first episode
    agent: str | None  # label
    training: int | None = None  # seed of the training that its weights come from; None: it has no weights

    @property
    def folder(self) -> str:
        """Folder of the cell's file."""
        return "bounds" if self.agent is None else "cells"

    @property
    def name(self) -> str:
        """Name of the cell's file."""
        parts = (self.seed, self.agent, self.training)
        return "-".join(str(part) for part in parts if part is not None)

    @property
    def schema(self) -> type[EpisodesRecord] | type[BoundsRecord]:
        """Schema of the cell's file."""
        return BoundsRecord if self.agent is None else EpisodesRecord

    def owns(self, record: Any) -> bool:
        """Return whether a record is that of this cell."""
        agent, training = getattr(record, "agent", None), getattr(record, "training", None)
        return Cell(record.seed, agent, training) == self

    def __str__(self) -> str:
        training = "" if self.training is None else f" seed_{self.training}"
        return f"{self.seed} {self.agent or 'bounds'}{training}"
