"""A Ray cluster that computes the items of a label set; Ray runs the tasks of lost nodes again."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any

from semverse.envs.errors import InputError
from semverse.solvers.label_recipe import LabelRecipe, make_item
from semverse.solvers.label_set import Backend
from semverse.solvers.label_types import LabelledInstance

__all__ = ["ray_cluster"]

_RETRIES = 20  # of a task whose node or worker was lost; more than that is no accident
_PATIENCE_S = 10.0
_WINDOW = 1000  # tasks handed over at a time


def ray_cluster(address: str) -> Backend:
    """Connect to a running cluster, all nodes of which have this package; the backend is for one use.

    Args:
        address: of the head node, e.g. ``127.0.0.1:6379``, or ``auto`` for the cluster of this machine.

    Raises:
        InputError: no cluster there, or one of another version of Ray or Python.
        ModuleNotFoundError: Ray is not installed (extra ``ray``).
    """
    import ray

    try:
        _knock(address)
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(
            f"no connection to {address!r:.60} ({error})", source="--ray", remedy="start a cluster first"
        ) from error
    return partial(_compute, ray)


def _knock(address: str) -> None:
    """Make sure that something answers at ``host:port``; Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if port.isdecimal():
        socket.create_connection((host.rpartition("/")[2], int(port)), timeout=_PATIENCE_S).close()


def _compute(ray: Any, recipe: LabelRecipe, indices: Sequence[int]) -> Iterator[LabelledInstance]:
    try:
        yield from _collect(ray, recipe, indices)
    finally:
        ray.shutdown()


def _collect(ray: Any, recipe: LabelRecipe, indices: Sequence[int]) -> Iterator[LabelledInstance]:
    """Yield each item once: a task has one result, whichever of its attempts gave it."""
    task = ray.remote(num_cpus=1, max_retries=_RETRIES)(make_item)
    shared = ray.put(recipe)
    waiting = iter(indices)
    running = {task.remote(shared, index): index for index in islice(waiting, _WINDOW)}
    while running:
        (done,), _ = ray.wait(list(running), num_returns=1)
        item = ray.get(done)
        if item.index != running.pop(done):
            raise RuntimeError(f"a task gave item {item.index}")
        running.update({task.remote(shared, index): index for index in islice(waiting, 1)})
        yield item
