"""Whether an instance can be served at all: a constructive proof."""

from __future__ import annotations

import numpy as np

from semverse.envs.scc.model import CACHE_TOLERANCE_GB
from semverse.envs.scc.types import Instance, IntArray


def pack(instance: Instance) -> IntArray | None:
    """Return a feasible placement [R] by first-fit packing of whole spaces, or None if none was found.

    Spaces go in order of cache size to the MEC with the most task room among those with cache room;
    what does not fit spills over to the next. None does not prove that no placement exists.
    """
    cache = instance.mecs.cache_gb.copy()
    tasks = instance.mecs.max_tasks.copy()
    placement = np.full(instance.num_requests, -1)
    members = np.argsort(instance.requests.space, kind="stable")
    counts = np.bincount(instance.requests.space, minlength=instance.num_spaces)
    start = np.concatenate([[0], np.cumsum(counts)])
    size = instance.spaces.cache_gb
    for space in np.lexsort((-counts, -size)):
        waiting = members[start[space] : start[space + 1]]
        while len(waiting):
            room = np.where(cache >= size[space] - CACHE_TOLERANCE_GB, tasks, 0)
            mec = int(room.argmax())
            if room[mec] <= 0:
                return None
            served, waiting = waiting[: room[mec]], waiting[room[mec] :]
            placement[served] = mec
            cache[mec] -= size[space]
            tasks[mec] -= len(served)
    return placement
