"""A pool of processes on one machine that computes the items of a label set."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing.connection import wait

from semverse.solvers.label_recipe import LabelRecipe, make_item
from semverse.solvers.label_set import Backend
from semverse.solvers.label_types import LabelledInstance
from semverse.solvers.processes import ONE_THREAD, child_environment

__all__ = ["available_cores", "process_pool"]


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def process_pool(workers: int) -> Backend:
    """Return a backend with so many processes; each is started anew, none is forked.

    An interrupt ends the workers at once, and workers end when their driver is killed.
    """
    return partial(_compute, workers)


def _compute(workers: int, recipe: LabelRecipe, indices: Sequence[int]) -> Iterator[LabelledInstance]:
    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    with (
        child_environment(ONE_THREAD),
        ProcessPoolExecutor(min(workers, len(indices)), context, initializer=_start_worker) as pool,
    ):
        try:
            futures = [pool.submit(make_item, recipe, index) for index in indices]
            for future in as_completed(futures):
                yield future.result()
        except BaseException:  # also the end of an iteration that was given up
            pool.shutdown(wait=False, cancel_futures=True)
            for process in set(multiprocessing.active_children()) - others:
                process.terminate()
            raise


def _start_worker() -> None:
    """Leave interrupts to the driver, and end when it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_driver, daemon=True).start()


def _follow_driver() -> None:
    driver = multiprocessing.parent_process()
    if driver is not None:
        wait([driver.sentinel])
        os._exit(1)
