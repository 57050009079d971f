"""A whole benchmark: plan, run what is missing; then write the results."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from semverse.agents.benchmark import table
from semverse.agents.benchmark.config import BenchmarkConfig, available_cores
from semverse.agents.benchmark.hyperparameters import hyperparameters
from semverse.agents.benchmark.plan import Cell, check_agents, plan_cells, sample_instances
from semverse.agents.benchmark.report import write_report
from semverse.agents.benchmark.results import Results, collect
from semverse.agents.benchmark.runner import Progress, run_cells
from semverse.agents.benchmark.store import Store
from semverse.agents.benchmark.tensorboard import write_tensorboard
from semverse.envs.files import write_atomic

RESULTS_FORMAT = "semverse.benchmark.results/1"
_PACKAGES = ("semverse", "numpy", "scipy", "moocore", "pymoo", "ortools", "gymnasium")

ProgressFactory = Callable[[BenchmarkConfig, Sequence[Cell], int], AbstractContextManager[Progress]]


def run_benchmark(config: BenchmarkConfig, out: str | Path, resume: bool, progress: ProgressFactory) -> Store:
    """Run the cells of a benchmark, or what is missing of them.

    Args:
        config: what to run.
        out: folder of the benchmark.
        resume: carry on in a folder that holds the same benchmark, or one of fewer agents or seeds.
        progress: makes the display, out of the configuration, the cells to run and the number already done.

    Returns:
        The store with every cell finished.

    Raises:
        InputError: wrong configuration, a used folder without ``resume``, another benchmark in it.
    """
    store = Store(out)
    check_agents(config)
    if resume and store.exists:
        store.check_extends(config)
        store.remove_leftovers()
        store.extend(config, sample_instances(config, known=store.instances))
    else:
        store.check_unused()
        store.create(config, sample_instances(config))
    cells = plan_cells(config)
    waiting = [cell for cell in cells if not store.finished(cell)]
    with progress(config, waiting, len(cells) - len(waiting)) as display:
        run_cells(store, config, waiting, display)
    return store


def write_results(store: Store) -> Results:
    """Write results.csv, results.json, the TensorBoard logs and the report out of the finished cells.

    Raises:
        InputError: the folder is no benchmark, or a file in it is damaged.
    """
    results = collect(store)
    rows = table.summarise(results)
    document = _document(results, rows)
    write_atomic(store.folder / "results.csv", table.csv_text(results).encode())
    write_atomic(store.folder / "results.json", (json.dumps(document, indent=1) + "\n").encode())
    write_tensorboard(results, store.folder / "tensorboard")
    write_report(results, rows, document, store.folder / "report.html")
    return results


def _document(results: Results, rows: Sequence[table.Row]) -> dict[str, Any]:
    """Return the content of results.json."""
    return {
        "format": RESULTS_FORMAT,
        "config": results.config.model_dump(mode="json"),
        "hyperparameters": {label: hyperparameters(v) for label, v in results.config.variants.items()},
        "versions": {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES},
        "git": git_hash(),
        "machine": {
            "system": platform.platform(),
            "processor": platform.processor() or platform.machine(),
            "cores": len(available_cores()),
        },
        "complete": not results.missing,
        "missing": [str(cell) for cell in results.missing],
        "confidence": table.CONFIDENCE,
        "table": table.as_json(rows),
        "instances": {name: _instance(results, name) for name in results.instances},
        "cells": [
            {
                "region": s.cell.region,
                "seed": s.cell.seed,
                "agent": s.cell.agent,
                "points": len(s.record.points),
                "seconds": s.record.seconds,
                **s.metrics,
            }
            for s in results.scored
        ],
    }


def _instance(results: Results, name: str) -> dict[str, Any]:
    """Return both reference points of an instance, and its certificate if there is one."""
    known = results.certificates.get(name)
    reference = results.of(instance=name)[0].record.eq35_reference
    return {
        "eq35_reference_point": list(reference),
        "certificate": None if known is None else known.to_json(),
        "certificate_seconds": results.certificate_seconds.get(name),
    }


def git_hash() -> str | None:
    """Return the commit of the source tree this package runs from, or None outside of one."""
    folder = Path(__file__).resolve().parent
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parents[2])}
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=folder, env=environment, capture_output=True, text=True
        )
    except OSError:  # no git on this machine
        return None
    return done.stdout.strip() if done.returncode == 0 else None
