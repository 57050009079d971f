"""An instance as the tensors that a network reads (the graph of paper 003, section III-A)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from semverse.envs.scc.model import tables
from semverse.envs.scc.reward import scale
from semverse.envs.scc.types import ComplexArray, FloatArray, Instance


@dataclass(frozen=True, eq=False)
class Graph:
    """One instance: costs are divided by the reference point of eq. 35; float32 unless said otherwise."""

    request_cost: Tensor  # [2, R, M] latency and energy of serving a request on a MEC
    host_cost: Tensor  # [2, V, M] of hosting a space on a MEC (maintenance, own synchronisation)
    pair_cost: Tensor  # [2, M, M] of two hosts of one space, both directions together; diagonal 0
    local: Tensor  # [R] int64, MEC that the request's user is attached to
    space: Tensor  # [R] int64, space of the request
    member: Tensor  # [V, R] 1 where the request is for the space
    space_cache: Tensor  # [V] GB
    mec_cache: Tensor  # [M] GB
    mec_tasks: Tensor  # [M] requests

    def to(self, device: str | torch.device) -> Graph:
        """Return the graph on a device."""
        moved = {f.name: getattr(self, f.name).to(device) for f in dataclasses.fields(self)}
        return Graph(**moved)

    @property
    def num_requests(self) -> int:
        """Number of requests, R."""
        return len(self.space)

    @property
    def num_mecs(self) -> int:
        """Number of MECs, M."""
        return len(self.mec_cache)


def make_graph(instance: Instance) -> Graph:
    """Return the tensors of an instance."""
    t, unit = tables(instance), scale(instance)

    def split(cost: ComplexArray) -> FloatArray:
        return np.stack([cost.real / unit[0], cost.imag / unit[1]])

    pair = split(2 * t.sync)
    own = np.einsum("kmm->km", pair) / 2
    host = split(t.maintenance)[:, :, None] + own[:, None, :]
    pair = pair * (1.0 - np.eye(instance.num_mecs))
    member = np.arange(instance.num_spaces)[:, None] == instance.requests.space

    def single(array: object) -> Tensor:
        return torch.as_tensor(np.asarray(array, dtype=np.float32))

    return Graph(
        request_cost=single(split(t.request)),
        host_cost=single(host),
        pair_cost=single(pair),
        local=torch.as_tensor(instance.users.mec[instance.requests.user]),
        space=torch.as_tensor(np.array(instance.requests.space)),
        member=single(member),
        space_cache=single(instance.spaces.cache_gb),
        mec_cache=single(instance.mecs.cache_gb),
        mec_tasks=single(instance.mecs.max_tasks),
    )


@dataclass(frozen=True, eq=False)
class Weighted:
    """The costs of a graph under B preferences, in units of what a typical choice of MEC is worth."""

    request: Tensor  # [B, R, M]
    host: Tensor  # [B, V, M]
    pair: Tensor  # [B, M, M]
    unit: Tensor  # [B] the unit, in normalised cost


def weigh(graph: Graph, preference: Tensor) -> Weighted:
    """Weigh a graph's costs by preferences [B, 2]."""
    request = torch.einsum("bk,krm->brm", preference, graph.request_cost)
    spread = request.mean(dim=2) - request.amin(dim=2)
    unit = spread.mean(dim=1).clamp_min(1e-12)
    by = 1.0 / unit[:, None, None]
    return Weighted(
        request=request * by,
        host=torch.einsum("bk,kvm->bvm", preference, graph.host_cost) * by,
        pair=torch.einsum("bk,kmn->bmn", preference, graph.pair_cost) * by,
        unit=unit,
    )
