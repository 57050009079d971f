"""A whole benchmark: plan, run what is missing; then write the results."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from semverse.agents.benchmark.config import BenchmarkConfig, available_cores
from semverse.agents.benchmark.hyperparameters import hyperparameters
from semverse.agents.benchmark.kind import Cell, Results
from semverse.agents.benchmark.kinds import kind_of
from semverse.agents.benchmark.report import write_report
from semverse.agents.benchmark.runner import Progress, run_cells
from semverse.agents.benchmark.store import Store
from semverse.envs.files import write_atomic

RESULTS_FORMAT = "semverse.benchmark.results/1"
_PACKAGES = ("semverse", "numpy", "scipy", "gymnasium")  # of every kind of benchmark

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
    store, kind = Store(out), kind_of(config.env)
    kind.check(config, store)
    if resume and store.exists:
        store.check_extends(config)
        store.remove_leftovers()
        store.extend(config, kind.inputs(config, store))
    else:
        store.check_unused(config)
        store.create(config, kind.inputs(config, store))
    cells = kind.plan(config, store)
    waiting = [cell for cell in cells if not store.finished(cell)]
    with progress(config, waiting, len(cells) - len(waiting)) as display:
        run_cells(store, config, waiting, display)
    return store


def write_results(store: Store) -> Any:
    """Write results.csv, results.json, the TensorBoard logs and the report out of the finished cells.

    Returns:
        The results, as the kind of the benchmark has them.

    Raises:
        InputError: the folder is no benchmark, or a file in it is damaged.
    """
    config = store.config()
    kind = kind_of(config.env)
    results = kind.collect(store)
    rows = kind.summarise(results)
    document = {**_origin(config, results, kind.packages), **kind.document(results, rows)}
    write_atomic(store.folder / "results.csv", kind.csv(results).encode())
    write_atomic(store.folder / "results.json", (json.dumps(document, indent=1) + "\n").encode())
    logs = store.folder / "tensorboard"
    if logs.exists():
        shutil.rmtree(logs)
    kind.write_tensorboard(results, logs)
    sections = kind.sections(results, rows)
    write_report(results, kind.facts(results), sections, document, store.folder / "report.html")
    return results


def _origin(config: BenchmarkConfig, results: Results, packages: Sequence[str]) -> dict[str, Any]:
    """Return the part of results.json that says what was run where."""
    return {
        "format": RESULTS_FORMAT,
        "config": config.model_dump(mode="json"),
        "hyperparameters": {label: hyperparameters(v) for label, v in config.variants.items()},
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in (*_PACKAGES, *packages)},
        "git": git_hash(),
        "machine": {
            "system": platform.platform(),
            "processor": platform.processor() or platform.machine(),
            "cores": len(available_cores()),
        },
        "complete": not results.missing,
        "missing": [str(cell) for cell in results.missing],
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
