"""The progress bar of a benchmark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from semverse.agents.benchmark.config import BenchmarkConfig
from semverse.agents.benchmark.kind import Cell
from semverse.agents.benchmark.kinds import kind_of


class Display:
    """Shows cells done, the cells at work and the time left; one line a cell where there is no terminal."""

    def __init__(self, bar: Progress, config: BenchmarkConfig, waiting: Sequence[Cell], done: int) -> None:
        self._bar = bar
        self._done, self._total = done, done + len(waiting)
        self._current: list[Cell] = []
        kind = kind_of(config.env)
        expected = {cell: kind.expected_seconds(config, cell) for cell in waiting}
        # the bar counts budgeted seconds, since cells differ in length: so the time left is right
        self._weight = {cell: 1.0 if seconds is None else seconds for cell, seconds in expected.items()}
        total = sum(self._weight.values())
        whole = timedelta(seconds=round(total / config.processes))
        about = "" if None in expected.values() else f"of about {whole}"
        self._task = bar.add_task("", total=total, count=self._count(), about=about, current="")

    def started(self, cell: Cell) -> None:
        """Show a cell as being worked on."""
        self._current.append(cell)
        self._show()

    def finished(self, cell: Cell) -> None:
        """Count a cell."""
        self._current.remove(cell)
        self._done += 1
        self._bar.advance(self._task, self._weight[cell])
        self._show()
        if not self._bar.console.is_terminal:
            self._bar.console.print(f"[{self._count()}] {cell}", markup=False, highlight=False)

    def _show(self) -> None:
        current = ", ".join(str(cell) for cell in self._current)
        self._bar.update(self._task, count=self._count(), current=current)

    def _count(self) -> str:
        return f"{self._done}/{self._total}"


@contextmanager
def show_progress(config: BenchmarkConfig, waiting: Sequence[Cell], done: int) -> Iterator[Display]:
    """Show the progress of a benchmark on standard error."""
    console = Console(stderr=True)
    columns = (
        BarColumn(bar_width=30),
        TextColumn("{task.fields[count]} cells"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[about]}"),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("[cyan]{task.fields[current]}"),
    )
    with Progress(*columns, console=console, disable=not waiting) as bar:
        yield Display(bar, config, waiting, done)
