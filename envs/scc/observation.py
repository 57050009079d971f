"""What the placement environments show: fixed-shape float32 arrays inside finite bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from semverse.envs.scc.types import FloatArray, Instance

Observation = dict[str, npt.NDArray[np.float32]]

MEC_FEATURES = ("added_latency", "added_energy", "cache_room", "task_room", "hosting")
REQUEST_FEATURES = ("probability", "cache", "maintenance", "workload", "frame")
MAX_ADDED = 100.0  # added costs are about 1, and clipped here


def observation_space(num_mecs: int) -> spaces.Dict:
    """Return the space of one observation; one row of numbers a key, as common policies expect.

    - ``added_latency``, ``added_energy`` [M]: what placing the request at hand there adds, divided by
      the reference point and times the number of requests, so that about 1 is typical.
    - ``cache_room``, ``task_room`` [M]: shares of cache and tasks that are left.
    - ``hosting`` [M]: 1 where the request's space is hosted already.
    - ``request`` [5]: probability; cache, maintenance, workload and frame of its space, each divided
      by the largest of the instance.
    - ``preference`` [2]: weights on latency and energy; they sum to 1.
    - ``progress`` [1]: share of the episode that is done.
    """
    limits = dict.fromkeys(MEC_FEATURES, 1.0)
    limits["added_latency"] = limits["added_energy"] = MAX_ADDED
    boxes = {name: spaces.Box(0.0, limits[name], (num_mecs,), np.float32) for name in MEC_FEATURES}
    sizes = {"request": len(REQUEST_FEATURES), "preference": 2, "progress": 1}
    unit = {name: spaces.Box(0.0, 1.0, (size,), np.float32) for name, size in sizes.items()}
    return spaces.Dict({**boxes, **unit})


def request_features(instance: Instance) -> npt.NDArray[np.float32]:
    """Return the features of all requests [R, 5], in [0, 1]."""
    of = instance.requests.space
    table = instance.spaces
    columns = (
        instance.requests.probability,
        *(
            share(values, values.max())[of]
            for values in (table.cache_gb, table.maintenance_j, table.workload_gflop, table.frame_mbit)
        ),
    )
    return np.stack(columns, axis=1).astype(np.float32)


def share(part: npt.NDArray[Any], whole: npt.ArrayLike) -> FloatArray:
    """Return part / whole, 0 where the whole is 0."""
    total = np.asarray(whole, dtype=np.float64)
    result: FloatArray = np.divide(part, total, out=np.zeros(part.shape), where=total > 0)
    return result
