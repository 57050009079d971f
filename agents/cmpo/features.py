"""What the network sees: static features of the costs, and what a noisy placement would cost."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from semverse.agents.cmpo.graph import Graph, Weighted

CELL_FEATURES = 7
GRID_FEATURES = 14
_FAR = 1e4  # cost of a MEC that hosts nothing, in units of a typical choice


@dataclass(frozen=True, eq=False)
class Features:
    """Inputs of the network for B (preference, noisy placement) pairs of one instance."""

    cells: Tensor  # [B, R, M, CELL_FEATURES] request on MEC
    grid: Tensor  # [B, V, M, GRID_FEATURES] space on MEC
    added: Tensor  # [B, R, M] what serving a request there would add, given the noisy placement
    near: Tensor  # [B, 2, M, M] rows sum to 1; how near MECs are, over two ranges


def squash(x: Tensor) -> Tensor:
    """Map costs of any size into (-1, 1)."""
    return x / (1.0 + x.abs())


def make_features(graph: Graph, weighted: Weighted, noisy: Tensor) -> Features:
    """Describe noisy placements [B, R] (MEC of each request) under the preferences of ``weighted``."""
    placed = torch.nn.functional.one_hot(noisy, graph.num_mecs).to(torch.float32)  # [B, R, M]
    counts = graph.member @ placed  # [B, V, M]
    hosts = (counts > 0).to(torch.float32)
    opening = weighted.host + hosts @ weighted.pair
    least = weighted.request.amin(dim=2, keepdim=True)
    excess = weighted.request - least
    hosted_else = ((counts[:, graph.space] - placed) > 0).to(torch.float32)
    added = excess + (1.0 - hosted_else) * opening[:, graph.space]
    added = added - added.amin(dim=2, keepdim=True)
    latency, energy = (_relative(cost) for cost in graph.request_cost)
    batch = len(noisy)
    local = torch.nn.functional.one_hot(graph.local, graph.num_mecs).to(torch.float32)
    still = torch.stack([squash(latency), squash(energy), local], dim=-1)
    moving = torch.stack([placed, hosted_else, squash(excess), squash(added)], dim=-1)
    cells = torch.cat([still.expand(batch, -1, -1, -1), moving], dim=-1)
    grid = _grid(graph, weighted, counts, hosts, opening)
    return Features(cells, grid, added, _near(weighted.pair))


def _relative(cost: Tensor) -> Tensor:
    """Return costs [R, M] above each request's least, over their mean."""
    excess = cost - cost.amin(dim=1, keepdim=True)
    return excess / excess.mean().clamp_min(1e-12)


def _near(pair: Tensor) -> Tensor:
    """Return weights over MECs by closeness [B, 2, M, M]."""
    mean = pair.mean(dim=(1, 2), keepdim=True).clamp_min(1e-12)
    distance = (pair / mean)[:, None]
    ranges = torch.tensor([0.2, 0.7], device=pair.device)[None, :, None, None]
    return torch.softmax(-distance / ranges, dim=3)


def _grid(graph: Graph, weighted: Weighted, counts: Tensor, hosts: Tensor, opening: Tensor) -> Tensor:
    """Return features of spaces on MECs [B, V, M, GRID_FEATURES]."""
    requests = graph.member.sum(dim=1)  # [V]
    per_space = (1.0 / requests.clamp_min(1.0))[None, :, None]
    tasks = counts.sum(dim=1) / graph.mec_tasks.clamp_min(1.0)  # [B, M]
    cache = torch.einsum("bvm,v->bm", hosts, graph.space_cache) / graph.mec_cache.clamp_min(1e-6)
    gain, loss = _changes(graph, weighted, hosts)
    local = graph.member @ torch.nn.functional.one_hot(graph.local, graph.num_mecs).to(torch.float32)
    excess = weighted.request - weighted.request.amin(dim=2, keepdim=True)
    shape = hosts.shape
    own_cache = graph.space_cache[:, None] / graph.mec_cache.clamp_min(1e-6)[None, :]
    columns = (
        hosts,
        counts * per_space,
        squash(opening),
        squash(weighted.host),
        squash(gain - opening),
        squash(opening - loss) * hosts,
        squash(graph.member @ excess * per_space),
        tasks[:, None, :].expand(shape),
        (tasks - 1.0).clamp_min(0.0)[:, None, :].expand(shape),
        cache[:, None, :].expand(shape),
        (cache - 1.0).clamp_min(0.0)[:, None, :].expand(shape),
        own_cache.expand(shape),
        (local * per_space[0]).expand(shape),
        (requests.log1p() / 3.0)[None, :, None].expand(shape),
    )
    return torch.stack(columns, dim=-1)


def _changes(graph: Graph, weighted: Weighted, hosts: Tensor) -> tuple[Tensor, Tensor]:
    """Return what serving gains by one more host, and loses by one less, for every space [B, V, M].

    Requests are served by their cheapest host; task room is left to other features.
    """
    own = hosts[:, graph.space]
    on_hosts = weighted.request + (1.0 - own) * _FAR
    best = on_hosts.topk(min(2, graph.num_mecs), dim=2, largest=False)
    first, second = best.values[..., :1], best.values[..., -1:].clamp_max(_FAR)
    gain = graph.member @ (first - weighted.request).clamp_min(0.0)
    serves = torch.zeros_like(own).scatter_(2, best.indices[..., :1], 1.0)
    loss = graph.member @ (serves * (second - first))
    return gain, loss
