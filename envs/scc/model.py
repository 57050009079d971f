"""The placement model of paper 003: pure, batched, and the only place where a cost is computed.

Latency and energy travel together as one complex number (real part: latency in ms, imaginary part:
energy in J), so that every gather and sum serves both objectives at once.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cache
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError
from semverse.envs.scc.types import ComplexArray, Costs, FloatArray, Instance, IntArray

CACHE_TOLERANCE_GB = 1e-9  # sums of decimal cache sizes may miss the limit by a rounding error
# Entries of the largest temporary of a pass: small enough for the L2 cache, for malloc to recycle it
# (fresh pages cost more than the arithmetic) and for BLAS not to start threads.
_CHUNK_ENTRIES = 16_000
_WORD_BITS = 52  # spaces counted at once: whole numbers below 2^52 are exact in float64


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
    pair_sync: FloatArray  # [2, pairs] latency and energy of a pair of hosts, both directions
    request: ComplexArray  # [R, M] compute + cross
    host_maintenance_j: FloatArray  # [V * M] maintenance_j of a space, repeated for each MEC


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
    pairs = _mec_pairs(instance.num_mecs)
    return Tables(
        compute=compute,
        cross=cross,
        access=complex(access.sum()),
        access_request=access,
        maintenance=_pair(np.zeros(instance.num_spaces), spaces.maintenance_j),
        sync=_pair(sync_latency, sync_energy),
        pair_sync=np.stack([sync_latency[pairs], sync_energy[pairs]]) * np.where(pairs[0] == pairs[1], 1, 2),
        request=compute + cross,
        host_maintenance_j=np.repeat(spaces.maintenance_j, instance.num_mecs),
    )


@cache
def _mec_pairs(mecs: int) -> tuple[IntArray, IntArray]:
    """Return the first and the second MEC of each unordered pair, a MEC with itself included."""
    first, second = np.triu_indices(mecs)
    return first, second


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
    rows = np.empty((len(dataclasses.fields(Costs)), len(array)))
    largest = max(instance.num_requests, instance.num_spaces * instance.num_mecs)
    step = min(max(1, _CHUNK_ENTRIES // largest), max(1, len(array)))
    offsets = _offsets(instance, step)
    for start in range(0, len(array), step):
        chunk = array[start : start + step]
        _evaluate_chunk(instance, chunk, offsets[:, : len(chunk)], Costs(*rows[:, start : start + step]))
    return Costs(*rows)


def _offsets(instance: Instance, batch: int) -> IntArray:
    """Return what to add to placements [B, R] for flat indices into [R, M], [B, V, M] and [B, M].

    Written out in full [3, B, R], since adding a broadcast array takes several times as long.
    """
    mecs, row = instance.num_mecs, np.arange(batch)[:, None]
    offsets = np.empty((3, batch, instance.num_requests), dtype=np.int64)
    offsets[0] = np.arange(instance.num_requests) * mecs
    offsets[1] = instance.requests.space * mecs + row * (instance.num_spaces * mecs)
    offsets[2] = row * mecs
    return offsets


def _evaluate_chunk(instance: Instance, placements: IntArray, offsets: IntArray, out: Costs) -> None:
    """Fill the arrays of ``out`` [B]."""
    t, batch = tables(instance), len(placements)
    # indices were checked; mode="clip" spares numpy's second check
    flat = placements + offsets[0]
    compute = t.compute.ravel().take(flat, mode="clip").sum(axis=1)
    cross = t.cross.ravel().take(flat, mode="clip").sum(axis=1)
    out.compute_latency_ms[:], out.compute_energy_j[:] = compute.real, compute.imag
    out.cross_latency_ms[:], out.cross_energy_j[:] = cross.real, cross.imag
    out.access_latency_ms[:], out.access_energy_j[:] = t.access.real, t.access.imag

    per_batch = np.zeros((batch, instance.num_spaces * instance.num_mecs))
    per_batch.ravel()[placements + offsets[1]] = 1.0
    hosted = per_batch.reshape(batch, instance.num_spaces, instance.num_mecs)  # y of Lemma 1
    out.sync_latency_ms[:], out.sync_energy_j[:] = t.pair_sync @ _common_spaces(hosted)
    np.matmul(per_batch, t.host_maintenance_j, out=out.maintenance_energy_j)

    cache_over = np.matmul(instance.spaces.cache_gb, hosted) - instance.mecs.cache_gb
    cache_over[cache_over <= CACHE_TOLERANCE_GB] = 0.0
    cache_over.sum(axis=1, out=out.cache_excess_gb)
    tasks = np.bincount((placements + offsets[2]).ravel(), minlength=batch * instance.num_mecs)
    task_over = tasks.reshape(batch, -1) - instance.mecs.max_tasks
    np.maximum(task_over, 0).sum(axis=1, out=out.task_excess)


def _common_spaces(hosted: FloatArray) -> FloatArray:
    """Return, for ``hosted`` [B, V, M], how many spaces each pair of MECs both host [pairs, B].

    The spaces of a MEC become the bits of a word: counting the bits that two words share takes half
    the time of a matrix product, and the count is exact.
    """
    first, second = _mec_pairs(hosted.shape[2])
    common = np.zeros((len(first), len(hosted)))
    for start in range(0, hosted.shape[1], _WORD_BITS):
        block = hosted[:, start : start + _WORD_BITS]
        powers = 2.0 ** np.arange(block.shape[1])
        words = np.matmul(powers, block).T.astype(np.uint64, order="C")  # [M, B]
        shared = words.take(first, axis=0, mode="clip") & words.take(second, axis=0, mode="clip")
        common += np.bitwise_count(shared)
    return common


def reference_point(instance: Instance) -> FloatArray:
    """Return [latency_ms, energy_j] that every placement dominates (paper 003, eq. 35).

    Each request at its most costly MEC; each space hosted on min(requests, M) MECs, each pair of which
    synchronises at the cost of the costliest pair. Objectives divided by it lie in [0, 1].
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
