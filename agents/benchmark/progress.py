"""The progress bar of a benchmark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from semverse.agents.benchmark.config import BenchmarkConfig
from semverse.agents.benchmark.plan import Cell, expected_seconds


class Display:
    """Shows cells done, the cells at work and the time left; one line a cell where there is no terminal."""

    def __init__(self, bar: Progress, config: BenchmarkConfig, waiting: Sequence[Cell], done: int) -> None:
        self._bar, self._config = bar, config
        self._done, self._total = done, done + len(waiting)
        self._current: list[Cell] = []
        # the bar counts budgeted seconds, since cells differ in length: so the time left is right
        seconds = sum(expected_seconds(config, cell) for cell in waiting)
        about = timedelta(seconds=round(seconds / config.processes))
        self._task = bar.add_task("", total=seconds, count=self._count(), about=about, current="")

    def started(self, cell: Cell) -> None:
        """Show a cell as being worked on."""
        self._current.append(cell)
        self._show()

    def finished(self, cell: Cell) -> None:
        """Count a cell."""
        self._current.remove(cell)
        self._done += 1
        self._bar.advance(self._task, expected_seconds(self._config, cell))
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
        TextColumn("of about {task.fields[about]}"),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("[cyan]{task.fields[current]}"),
    )
    with Progress(*columns, console=console, disable=not waiting) as bar:
        yield Display(bar, config, waiting, done)
