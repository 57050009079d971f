"""The placement problem as a heterogeneous graph of PyTorch Geometric (paper 003, section III-A)."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from semverse.envs.errors import InputError
from semverse.envs.scc.model import check_placements, tables
from semverse.envs.scc.reward import check_preference
from semverse.envs.scc.state import UNPLACED
from semverse.envs.scc.types import Instance, IntArray, Links, Spaces

__all__ = ["LINK_COLUMNS", "MEC_COLUMNS", "SPACE_COLUMNS", "USER_COLUMNS", "to_hetero"]

USER_COLUMNS = ("access_latency_ms_per_mbit", "access_energy_j_per_mbit")
MEC_COLUMNS = ("cache_gb", "compute_tflops", "max_tasks", "lon", "lat")
SPACE_COLUMNS = tuple(field.name for field in dataclasses.fields(Spaces))
LINK_COLUMNS = tuple(field.name for field in dataclasses.fields(Links))


def to_hetero(
    source: Any,
    *,
    preference: npt.ArrayLike | None = None,
    placement: npt.ArrayLike | None = None,
    dtype: torch.dtype = torch.float32,
) -> HeteroData:
    """Return an instance as a graph, in the raw units of `semverse.envs.scc.types`.

    Nodes (``x``): ``user`` [U, 2], ``mec`` [M, 5], ``space`` [V, 4] with the columns named in this module,
    and ``request`` [R, 1], the probability. Edges:

    - ``(user, requests, space)``, ``(user, makes, request)`` and ``(request, asks_for, space)``, one a
      request; the first carries the probability [R, 1];
    - ``(user, attached_to, mec)``, one a user;
    - ``(mec, syncs_with, mec)``: all ordered pairs, a MEC with itself included, with `LINK_COLUMNS` [M M, 6];
    - ``(request, may_run_on, mec)``: all pairs, with the latency_ms and energy_j of serving there
      (eqs. 9, 10, 12, 13) [R M, 2]. The decision lives here.

    Of the graph: ``name``, ``energy_coefficient`` [1]; where known ``preference`` [1, 2], and for a placement
    ``request.mec`` [R] int64 (-1: undecided) and ``chosen`` [R M] on the last kind of edges.

    Args:
        source: an `Instance`, or an SCC environment that was reset, wrapped or not; that also gives its
            preference and what is placed so far. (An observation of SCC-v0 shows one request only and
            does not hold the instance.)
        preference: weights on normalised latency and energy [2]; scaled to sum to 1.
        placement: MEC of each request [R], -1 where undecided.
        dtype: of the numbers; float64 loses nothing.

    Raises:
        InputError: another source, a bad preference or placement.
    """
    instance, weights, placed = _resolve(source)
    data = HeteroData(name=instance.name)
    data.energy_coefficient = torch.tensor([instance.mecs.energy_coefficient], dtype=dtype)
    _add_nodes(data, instance, dtype)
    _add_edges(data, instance, dtype)
    weights = weights if preference is None else preference
    if weights is not None:
        data.preference = torch.as_tensor(check_preference(weights)[None], dtype=dtype)
    placed = placed if placement is None else np.asarray(placement)
    if placed is not None:
        _add_placement(data, instance, placed)
    return data


def _resolve(source: Any) -> tuple[Instance, Any, IntArray | None]:
    """Return instance, preference and placement of a source."""
    if isinstance(source, Instance):
        return source, None, None
    core = getattr(getattr(source, "unwrapped", source), "core", None)
    if core is None:
        raise InputError(
            f"is a {type(source).__name__}", key="source", remedy="give an Instance or an SCC environment"
        )
    return core.instances[0], core.preference[0], core.placement(0)


def _add_nodes(data: HeteroData, instance: Instance, dtype: torch.dtype) -> None:
    for kind, table, columns in (
        ("user", instance.users, USER_COLUMNS),
        ("mec", instance.mecs, MEC_COLUMNS),
        ("space", instance.spaces, SPACE_COLUMNS),
        ("request", instance.requests, ("probability",)),
    ):
        data[kind].x = _stack([getattr(table, name) for name in columns], dtype)


def _add_edges(data: HeteroData, instance: Instance, dtype: torch.dtype) -> None:
    requests, mecs = instance.requests, np.arange(instance.num_mecs)
    every = np.arange(instance.num_requests)
    serve = tables(instance).request.ravel()
    links = [getattr(instance.links, name).ravel() for name in LINK_COLUMNS]
    wanted = data["user", "requests", "space"]
    wanted.edge_index = _index(requests.user, requests.space)
    wanted.edge_attr = _stack([requests.probability], dtype)
    data["user", "makes", "request"].edge_index = _index(requests.user, every)
    data["request", "asks_for", "space"].edge_index = _index(every, requests.space)
    data["user", "attached_to", "mec"].edge_index = _index(np.arange(instance.num_users), instance.users.mec)
    syncs = data["mec", "syncs_with", "mec"]
    syncs.edge_index, syncs.edge_attr = _pairs(mecs, mecs), _stack(links, dtype)
    runs = data["request", "may_run_on", "mec"]
    runs.edge_index, runs.edge_attr = _pairs(every, mecs), _stack([serve.real, serve.imag], dtype)


def _add_placement(data: HeteroData, instance: Instance, placement: IntArray) -> None:
    check_placements(instance, np.where(placement == UNPLACED, 0, placement)[None])
    data["request"].mec = torch.as_tensor(placement.astype(np.int64))
    chosen = placement[:, None] == np.arange(instance.num_mecs)
    data["request", "may_run_on", "mec"].chosen = torch.as_tensor(chosen.ravel())


def _stack(columns: list[Any], dtype: torch.dtype) -> Tensor:
    return torch.as_tensor(np.stack(columns, axis=1)).to(dtype)


def _index(source: IntArray, target: IntArray) -> Tensor:
    return torch.as_tensor(np.stack([source, target]))


def _pairs(source: IntArray, target: IntArray) -> Tensor:
    return _index(np.repeat(source, len(target)), np.tile(target, len(source)))
