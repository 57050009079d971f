"""The critic of one objective (paper 003, eq. 33): what each space will cost, seen from a noisy placement."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from semverse.agents.cmpo.features import GRID_FEATURES, make_features
from semverse.agents.cmpo.graph import Graph, weigh
from semverse.agents.cmpo.network import Condition

_WIDTH = 64
_CONDITION = 64


class Critic(nn.Module):
    """V(s) by space: a small network on the space's row of the grid, pooled over MECs."""

    def __init__(self) -> None:
        super().__init__()
        self.condition = Condition()
        self.inner = nn.Linear(GRID_FEATURES, _WIDTH)
        self.outer = nn.Sequential(
            nn.Linear(2 * _WIDTH + _CONDITION + 3, _WIDTH), nn.ReLU(), nn.Linear(_WIDTH, 1)
        )

    def forward(self, graph: Graph, preference: Tensor, noisy: Tensor, t: Tensor) -> Tensor:
        """Return values [N, V] of states x_t [N, R] at levels t [N] under preferences [N, 2]."""
        seen = make_features(graph, weigh(graph, preference), noisy)
        grid = torch.relu(self.inner(seen.grid))
        pooled = torch.cat([grid.mean(dim=2), grid.amax(dim=2)], dim=2)  # [N, V, 2 W]
        batch, spaces = pooled.shape[:2]
        condition = self.condition(t, preference)[:, None].expand(-1, spaces, -1)
        # the size of a space's cost does not show in features that are relative
        latency, energy = (graph.member @ cost.mean(dim=1) for cost in graph.request_cost)
        size = torch.stack([latency, energy, graph.host_cost[1].mean(dim=1)], dim=1)
        size = size / size.mean(dim=0).clamp_min(1e-12)
        value: Tensor = self.outer(torch.cat([pooled, condition, size.expand(batch, -1, -1)], dim=2))
        unit = (graph.request_cost.mean(dim=2).sum(dim=1) / spaces).mean()
        return -unit * torch.nn.functional.softplus(value[..., 0])
