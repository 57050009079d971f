"""Runs the cells of a benchmark in worker processes and hands each finished one to the store."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Any, Protocol

from semverse.agents.benchmark import worker
from semverse.agents.benchmark.config import BenchmarkConfig, available_cores
from semverse.agents.benchmark.kind import Cell
from semverse.agents.benchmark.kinds import find_kind, kind_name
from semverse.agents.benchmark.store import Store
from semverse.agents.registry import agent_spec
from semverse.envs.errors import InputError
from semverse.solvers.processes import ONE_THREAD, child_environment


class Progress(Protocol):
    """Told what is going on."""

    def started(self, cell: Cell) -> None:
        """Learn that a cell was started."""

    def finished(self, cell: Cell) -> None:
        """Learn that a cell is finished and on disk."""


@dataclasses.dataclass
class _Worker:
    """One process, its pipe and the cell it is at."""

    process: SpawnProcess
    pipe: Connection
    cell: Cell | None = None


class _Pool(AbstractContextManager["_Pool"]):
    """Worker processes; leaving the context ends them, whatever they are doing."""

    def __init__(self, count: int) -> None:
        context = multiprocessing.get_context("spawn")  # fork would inherit the parent's BLAS threads
        cores = available_cores() if hasattr(os, "sched_setaffinity") else []
        self.workers: list[_Worker] = []
        with child_environment(ONE_THREAD):
            for index in range(count):
                pipe, child = context.Pipe()
                core = cores[index % len(cores)] if cores and count > 1 else None
                process = context.Process(target=worker.serve, args=(child, core))
                process.start()
                child.close()
                self.workers.append(_Worker(process, pipe))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for member in self.workers:
            member.process.kill()
        for member in self.workers:
            member.process.join()
            member.pipe.close()


def run_cells(store: Store, config: BenchmarkConfig, cells: Sequence[Cell], progress: Progress) -> None:
    """Run cells and write each result as soon as it is there.

    Args:
        store: a created benchmark.
        config: its configuration.
        cells: what to run, in order; none of them may be finished.
        progress: is told of every start and finish.

    Raises:
        InputError: an agent or an instance cannot be used.
        RuntimeError: a worker ended; its own output says why.
    """
    waiting = iter(cells)
    if not cells:
        return
    with _Pool(min(config.processes, len(cells))) as pool:
        for member in pool.workers:
            _give(member, next(waiting, None), store, config, progress.started)
        while busy := {m.pipe: m for m in pool.workers if m.cell is not None}:
            for pipe in wait(list(busy)):
                member = busy[pipe]  # type: ignore[index]  # wait is annotated for all it can wait for
                cell = _take(member, store)
                progress.finished(cell)
                _give(member, next(waiting, None), store, config, progress.started)


def _give(
    member: _Worker,
    cell: Cell | None,
    store: Store,
    config: BenchmarkConfig,
    started: Callable[[Cell], None],
) -> None:
    member.cell = cell
    if cell is not None:
        member.pipe.send_bytes(json.dumps(make_task(store, config, cell)).encode())
        started(cell)


def _take(member: _Worker, store: Store) -> Cell:
    """Receive the result of a worker's cell and write it."""
    cell = member.cell
    assert cell is not None
    try:
        reply = json.loads(member.pipe.recv_bytes())
    except (EOFError, ConnectionError) as error:
        member.process.join()
        raise RuntimeError(
            f"cell {cell}: its worker ended with exit code {member.process.exitcode}"
        ) from error
    if "error" in reply:
        raise InputError(reply["error"], source=f"cell {cell}")
    store.write(cell, reply["result"])
    return cell


def make_task(store: Store, config: BenchmarkConfig, cell: Cell) -> dict[str, Any]:
    """Return what a worker needs to know of a cell, as JSON values."""
    variant = None if cell.agent is None else config.variants[cell.agent]
    kind = kind_name(config.env)
    return {
        "kind": kind,
        "env": config.env,
        "agent": cell.agent,
        "variant": None if variant is None else dataclasses.asdict(variant),
        "processor": (config.clock if variant is None else variant.clock) == "processor",
        "spec": None if variant is None else dataclasses.asdict(agent_spec(variant.agent)),
        **find_kind(kind).task(config, cell, store),
    }
