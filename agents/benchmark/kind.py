"""What one kind of benchmark does its own way; store, worker pool, resumption and outputs are shared."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

import pydantic

from semverse.agents.benchmark.config import BenchmarkConfig

if TYPE_CHECKING:
    from rich.table import Table

    from semverse.agents.benchmark.store import Store

Inputs = Mapping[str, Callable[[Path], None]]  # path below the folder -> writes the file there


class Cell(Protocol):
    """One unit of work, the content of one file; hashable, and its text names it."""

    @property
    def agent(self) -> str | None:
        """Label of the agent; None: what all agents are held against."""

    @property
    def folder(self) -> str:
        """Folder of its file."""

    @property
    def name(self) -> str:
        """Name of its file."""

    @property
    def schema(self) -> type[pydantic.BaseModel]:
        """Schema of its file."""

    def owns(self, record: Any) -> bool:
        """Return whether a record is that of this cell."""


class Results(Protocol):
    """What every kind's results can tell."""

    @property
    def config(self) -> BenchmarkConfig:
        """The configuration."""

    @property
    def agents(self) -> list[str]:
        """Labels of the agents in the order of the configuration."""

    @property
    def missing(self) -> Sequence[Cell]:
        """Cells that are not finished."""


ConfigT = TypeVar("ConfigT", bound=BenchmarkConfig)
CellT = TypeVar("CellT", bound=Cell)
ResultsT = TypeVar("ResultsT", bound=Results)


class Kind(ABC, Generic[ConfigT, CellT, ResultsT]):
    """A kind of benchmark. `semverse.agents.benchmark.kinds` says which environment has which."""

    schema: ClassVar[type[BenchmarkConfig]]  # of its configuration
    folders: ClassVar[tuple[str, ...]]  # below the benchmark's folder
    free_keys: ClassVar[frozenset[str]] = frozenset()  # of its configuration: decide no cell
    default: ClassVar[str | None] = None  # file of an environment for which none ships
    packages: ClassVar[tuple[str, ...]]  # whose versions decide the results

    def entry(self, label: str) -> dict[str, Any]:
        """Return the configuration of an agent that was named on the command line alone."""
        del label
        return {}

    @abstractmethod
    def check(self, config: ConfigT, store: Store) -> None:
        """Make sure that everything can run, before anything is written.

        Raises:
            InputError: it cannot.
        """

    @abstractmethod
    def inputs(self, config: ConfigT, store: Store) -> Inputs:
        """Return what the cells read and the folder does not hold yet.

        Raises:
            InputError: it cannot be made.
        """

    @abstractmethod
    def plan(self, config: ConfigT, store: Store) -> list[CellT]:
        """Return all cells in the order they run."""

    @abstractmethod
    def expected_seconds(self, config: ConfigT, cell: CellT) -> float | None:
        """Return how long a cell takes; None if nobody can say."""

    @abstractmethod
    def task(self, config: ConfigT, cell: CellT, store: Store) -> dict[str, Any]:
        """Return what a worker needs to know of a cell besides its agent, as JSON values."""

    @abstractmethod
    def run(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """Run a task (in a worker) and return the content of its cell's file as JSON values."""

    @abstractmethod
    def collect(self, store: Store) -> ResultsT:
        """Read and score all that a benchmark folder holds.

        Raises:
            InputError: a file is damaged.
        """

    @abstractmethod
    def summarise(self, results: ResultsT) -> Sequence[Any]:
        """Return the rows of the summary, one an agent, in the order of the configuration."""

    @abstractmethod
    def tables(self, results: ResultsT, rows: Sequence[Any], width: int) -> Sequence[Table]:
        """Return the summary for a terminal of some columns."""

    def notes(self, results: ResultsT) -> list[str]:
        """Return what has to be said below the tables."""
        del results
        return []

    @abstractmethod
    def csv(self, results: ResultsT) -> str:
        """Return the content of results.csv."""

    @abstractmethod
    def document(self, results: ResultsT, rows: Sequence[Any]) -> dict[str, Any]:
        """Return the kind's own part of results.json."""

    @abstractmethod
    def facts(self, results: ResultsT) -> list[str]:
        """Return what the head of the report says."""

    @abstractmethod
    def sections(self, results: ResultsT, rows: Sequence[Any]) -> list[str]:
        """Return the body of the report as pieces of HTML."""

    @abstractmethod
    def write_tensorboard(self, results: ResultsT, folder: Path) -> None:
        """Write the logs into a new folder."""
