"""What one kind of benchmark does its own way; store, worker pool, resumption and outputs are shared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import pydantic

from semverse.agents.benchmark.config import BenchmarkConfig

if TYPE_CHECKING:
    from rich.table import Table

    from semverse.agents.benchmark.store import Store

Inputs = Mapping[str, Callable[[Path], None]]  # path below the folder -> writes the file there
Json = dict[str, Any]


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
    def missing(self) -> Sequence[Cell]:
        """Cells that are not finished."""


ConfigT = TypeVar("ConfigT", bound=BenchmarkConfig)
CellT = TypeVar("CellT", bound=Cell)
ResultsT = TypeVar("ResultsT", bound=Results)
RowT = TypeVar("RowT")


@dataclass(frozen=True, kw_only=True)
class Kind(Generic[ConfigT, CellT, ResultsT, RowT]):
    """A kind of benchmark, as the parent process sees it; the workers' part is apart, for it imports less.

    `semverse.agents.benchmark.kinds` says which environment has which.

    Whatever is wrong with the user's input is an `InputError`; `check` and `inputs` find it before anything
    is written.
    """

    schema: type[ConfigT]  # of its configuration
    folders: tuple[str, ...]  # below the benchmark's folder
    packages: tuple[str, ...]  # whose versions decide the results
    free_keys: frozenset[str] = frozenset()  # of its configuration: decide no cell
    default: str | None = None  # file for an environment for which none ships
    entry: Callable[[str], Json]  # configuration of an agent that was only named on the command line

    # running
    check: Callable[[ConfigT, Store], None]  # everything can run
    inputs: Callable[[ConfigT, Store], Inputs]  # what the cells read and the folder does not hold yet
    plan: Callable[[ConfigT, Store], list[CellT]]  # all cells in the order they run
    expected_seconds: Callable[[ConfigT, CellT], float | None]  # of a cell; None: nobody can say
    task: Callable[[ConfigT, CellT, Store], Json]  # what a worker needs to know besides the agent

    # telling
    collect: Callable[[Store], ResultsT]  # reads and scores all that a folder holds
    summarise: Callable[[ResultsT], list[RowT]]  # one row an agent, in the order of the configuration
    tables: Callable[[ResultsT, Sequence[RowT], int], Sequence[Table]]  # for a terminal of some columns
    notes: Callable[[ResultsT], list[str]]  # what has to be said below the tables
    csv: Callable[[ResultsT], str]  # content of results.csv
    document: Callable[[ResultsT, Sequence[RowT]], Json]  # its own part of results.json
    facts: Callable[[ResultsT], list[str]]  # what the head of the report says
    sections: Callable[[ResultsT, Sequence[RowT]], list[str]]  # body of the report as pieces of HTML
    write_tensorboard: Callable[[ResultsT, Path], None]  # logs into a new folder
