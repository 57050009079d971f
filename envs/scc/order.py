"""In which order the requests of an instance are placed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from semverse.envs.errors import InputError
from semverse.envs.scc.types import Instance, IntArray

OrderFunction = Callable[[Instance, np.random.Generator], IntArray]


def heaviest_first(instance: Instance) -> IntArray:
    """Return the requests by expected workload (probability x workload_gflop), largest first [R]."""
    requests = instance.requests
    load = requests.probability * instance.spaces.workload_gflop[requests.space]
    return np.argsort(-load, kind="stable")


def _heaviest(instance: Instance, rng: np.random.Generator) -> IntArray:
    return heaviest_first(instance)


def _by_space(instance: Instance, rng: np.random.Generator) -> IntArray:
    """Grouped by space, largest cache first; inside a space, likeliest request first."""
    requests = instance.requests
    cache = instance.spaces.cache_gb[requests.space]
    return np.lexsort((-requests.probability, requests.space, -cache))


def _by_index(instance: Instance, rng: np.random.Generator) -> IntArray:
    return np.arange(instance.num_requests)


def _random(instance: Instance, rng: np.random.Generator) -> IntArray:
    return rng.permutation(instance.num_requests)


ORDERS: dict[str, OrderFunction] = {
    "heaviest": _heaviest,
    "space": _by_space,
    "index": _by_index,
    "random": _random,
}


def order_function(name: str) -> OrderFunction:
    """Return the function that orders the requests of an instance: each exactly once, [R].

    Raises:
        InputError: no order has that name.
    """
    if not isinstance(name, str) or name not in ORDERS:
        raise InputError(f"unknown order {name!r}", key="order", remedy="choose " + ", ".join(ORDERS))
    return ORDERS[name]
