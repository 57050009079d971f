"""The placement model of paper 003: pure, batched, and the only place where a cost is computed.

Latency and energy travel together as one complex number (real part: latency in ms, imaginary part:
energy in J), so that every gather and sum serves both objectives at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError
from semverse.envs.scc.types import ComplexArray, Costs, FloatArray, Instance, IntArray

CACHE_TOLERANCE_GB = 1e-9  # sums of decimal cache sizes may miss the limit by a rounding error
_CHUNK = 96  # placements a pass: keeps every temporary of a standard instance in the L2 cache


@dataclass(frozen=True, eq=False)
class Tables:
    """Everything of an instance that the cost of a placement is linear or quadratic in.

    Complex entries hold latency_ms + 1j * energy_j.
    """

    compute: ComplexArray  # [R, M] eqs. 9, 10
    cross: ComplexArray  # [R, M] eqs. 12, 13
    access: complex  # eqs. 14, 15; does not depend on the placement
    access_request: ComplexArray  # [R] the same, request by request
    maintenance: ComplexArray  # [V] eq. 6, purely imaginary
    sync: ComplexArray  # [M, M] eqs. 7, 8; symmetric: the mean of both directions
    sync_parts: FloatArray  # [2, M, M] its real and imaginary part, contiguous for BLAS
    request: ComplexArray  # [R, M] compute + cross


_TABLES: WeakKeyDictionary[Instance, Tables] = WeakKeyDictionary()


def tables(instance: Instance) -> Tables:
    """Return the cost tables of an instance (computed once an instance)."""
    cached = _TABLES.get(instance)
    if cached is None:
        cached = _TABLES[instance] = _build_tables(instance)
    return cached


def _build_tables(instance: Instance) -> Tables:
    mecs, spaces, users, requests, links = (
        instance.mecs,
        instance.spaces,
        instance.users,
        instance.requests,
        instance.links,
    )
    p = requests.probability[:, None]
    work = p * spaces.workload_gflop[requests.space][:, None]  # [R, 1]
    frame = spaces.frame_mbit[requests.space][:, None]
    local = users.mec[requests.user]
    speed = mecs.compute_tflops[None, :]
    compute = _pair(work / speed, mecs.energy_coefficient * work * speed**2)
    cross_latency = links.sensor_latency_ms[local] + links.frame_latency_ms_per_mbit.T[local] * frame
    cross_energy = links.sensor_energy_j[local] + links.frame_energy_j_per_mbit.T[local] * frame
    cross = _pair(p * cross_latency, p * cross_energy)
    mbit = requests.probability * spaces.frame_mbit[requests.space]
    access = _pair(
        mbit * users.access_latency_ms_per_mbit[requests.user],
        mbit * users.access_energy_j_per_mbit[requests.user],
    )
    sync_latency = (links.sync_latency_ms + links.sync_latency_ms.T) / 2
    sync_energy = (links.sync_energy_j + links.sync_energy_j.T) / 2
    return Tables(
        compute=compute,
        cross=cross,
        access=complex(access.sum()),
        access_request=access,
        maintenance=_pair(np.zeros(instance.num_spaces), spaces.maintenance_j),
        sync=_pair(sync_latency, sync_energy),
        sync_parts=np.stack([sync_latency, sync_energy]),
        request=compute + cross,
    )


def _pair(latency_ms: FloatArray, energy_j: FloatArray) -> ComplexArray:
    return np.asarray(latency_ms + 1j * energy_j, dtype=np.complex128)


def check_placements(instance: Instance, placements: npt.ArrayLike) -> IntArray:
    """Return placements as an integer array [B, R].

    Raises:
        InputError: wrong shape, a fraction, or an index that is not a MEC.
    """
    array = np.asarray(placements)
    count = instance.num_requests
    if array.ndim != 2 or array.shape[1] != count:
        raise InputError(
            f"has shape {list(array.shape)}", key="placements", remedy=f"give [batch, {count}] MEC indices"
        )
    if array.dtype.kind not in "iu":
        raise InputError(f"has dtype {array.dtype}", key="placements", remedy="give whole numbers")
    if array.size and (int(array.min()) < 0 or int(array.max()) >= instance.num_mecs):
        raise InputError(
            "holds an index that is no MEC", key="placements", remedy=f"give 0 to {instance.num_mecs - 1}"
        )
    return array.astype(np.int64, copy=False)


def evaluate(instance: Instance, placements: npt.ArrayLike) -> Costs:
    """Compute all costs of a batch of placements (paper 003, eqs. 5-15).

    Args:
        instance: the problem, M MECs, R requests.
        placements: MEC of each request, integers [B, R].

    Returns:
        Costs, every term of shape [B].

    Raises:
        InputError: the placements have the wrong shape, type or an index out of range.
    """
    array = check_placements(instance, placements)
    parts = [_evaluate_chunk(instance, array[i : i + _CHUNK]) for i in range(0, len(array), _CHUNK)]
    rows = np.concatenate(parts, axis=1) if parts else np.zeros((11, 0))
    return Costs(*rows)


def _evaluate_chunk(instance: Instance, placements: IntArray) -> FloatArray:
    """Return the eleven fields of `Costs` as rows [11, B]."""
    t = tables(instance)
    mecs, spaces, batch = instance.num_mecs, instance.num_spaces, len(placements)
    # indices were checked; mode="clip" spares numpy's second check
    flat = placements + np.arange(instance.num_requests) * mecs
    compute = t.compute.ravel().take(flat, mode="clip").sum(axis=1)
    cross = t.cross.ravel().take(flat, mode="clip").sum(axis=1)
    rows = np.arange(batch)[:, None]
    flags = np.zeros(batch * spaces * mecs)
    flags[placements + (instance.requests.space * mecs + rows * (spaces * mecs))] = 1.0
    hosted = flags.reshape(batch * spaces, mecs)
    per_batch = hosted.reshape(batch, spaces * mecs)
    sync_latency = np.einsum("bi,bi->b", per_batch, (hosted @ t.sync_parts[0]).reshape(batch, -1))
    sync_energy = np.einsum("bi,bi->b", per_batch, (hosted @ t.sync_parts[1]).reshape(batch, -1))
    maintenance = per_batch @ np.repeat(instance.spaces.maintenance_j, mecs)
    cache_used = np.matmul(instance.spaces.cache_gb, hosted.reshape(batch, spaces, mecs))
    cache_over = cache_used - instance.mecs.cache_gb
    cache_over[cache_over <= CACHE_TOLERANCE_GB] = 0.0
    tasks = np.bincount((placements + rows * mecs).ravel(), minlength=batch * mecs).reshape(batch, mecs)
    task_over = np.maximum(tasks - instance.mecs.max_tasks, 0)
    ones = np.ones(batch)
    return np.stack(
        [
            sync_latency,
            compute.real,
            cross.real,
            t.access.real * ones,
            maintenance,
            sync_energy,
            compute.imag,
            cross.imag,
            t.access.imag * ones,
            cache_over.sum(axis=1),
            task_over.sum(axis=1).astype(np.float64),
        ]
    )


def reference_point(instance: Instance) -> FloatArray:
    """Return [latency_ms, energy_j] that every placement dominates (paper 003, eq. 35).

    Each request at its most costly MEC; each space hosted on min(requests, M) MECs at the largest
    link cost. Objectives divided by it lie in [0, 1].
    """
    t = tables(instance)
    hosts = np.minimum(np.bincount(instance.requests.space, minlength=instance.num_spaces), instance.num_mecs)
    diagonal = np.diag(t.sync)
    point = np.empty(2)
    for i, part in enumerate((np.real, np.imag)):
        pairs = hosts * (hosts - 1) * part(t.sync).max() + hosts * part(diagonal).max()
        linear = part(t.request).max(axis=1).sum() + part(t.access_request).sum()
        point[i] = pairs.sum() + linear + (hosts * part(t.maintenance)).sum()
    return point
