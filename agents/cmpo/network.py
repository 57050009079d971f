"""The denoiser: one grid of requests x MECs and one of spaces x MECs that talk to each other."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn

from semverse.agents.cmpo.features import CELL_FEATURES, GRID_FEATURES, Features, make_features
from semverse.agents.cmpo.graph import Graph, Weighted, weigh

_CONDITION = 64  # width of the embedding of noise level and preference
_WAVES = 8  # frequencies of the noise level


class Denoiser(Protocol):
    """What maps noisy placements to beliefs on the clean one."""

    def __call__(
        self, graph: Graph, weighted: Weighted, preference: Tensor, noisy: Tensor, t: Tensor
    ) -> Tensor:
        """Return logits over MECs [B, R, M].

        Args:
            graph: the instance.
            weighted: its costs under the preferences.
            preference: [B, 2].
            noisy: x_t, the MEC of each request [B, R].
            t: noise levels in [0, 1] [B].
        """


class Condition(nn.Module):
    """Embeds noise level and preference."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(2 * _WAVES + 3, _CONDITION), nn.SiLU(), nn.Linear(_CONDITION, _CONDITION), nn.SiLU()
        )

    def forward(self, t: Tensor, preference: Tensor) -> Tensor:
        """Embed levels [B] and preferences [B, 2] -> [B, C]."""
        angle = t[:, None] * torch.pi * torch.arange(1, _WAVES + 1, dtype=torch.float32, device=t.device)
        both = torch.cat([angle.sin(), angle.cos(), t[:, None], preference], dim=1)
        out: Tensor = self.net(both.to(torch.float32))
        return out


class Modulation(nn.Module):
    """Feature-wise scale and shift by the condition (FiLM)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(_CONDITION, 2 * width)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def of(self, condition: Tensor) -> tuple[Tensor, Tensor]:
        """Return scale and shift [B, W] for conditions [B, C]."""
        gain, shift = self.linear(condition).chunk(2, dim=1)
        return 1.0 + gain, shift

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Modulate [B, N, M, W] by [B, C]."""
        scale, shift = self.of(condition)
        return torch.addcmul(shift[:, None, None], x, scale[:, None, None])


def add_linear(x: Tensor, hidden: Tensor, layer: nn.Linear) -> Tensor:
    """Return x [..., W] + layer(hidden [..., H]) in a single new tensor: fresh memory is dear."""
    out = torch.addmm(x.flatten(0, -2), hidden.flatten(0, -2), layer.weight.t())
    out += layer.bias
    return out.reshape(x.shape)


class GridLayer(nn.Module):
    """Updates the space x MEC grid from itself, along both axes, from near MECs and from the requests."""

    def __init__(self, grid: int, cell: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(grid)
        self.inner = nn.Linear(3 * grid + cell, grid)
        self.rows, self.columns = nn.Linear(2 * grid, grid, bias=False), nn.Linear(2 * grid, grid, bias=False)
        self.film = Modulation(grid)
        self.out = nn.Linear(grid, grid)
        nn.init.zeros_(self.out.weight)

    def forward(self, g: Tensor, pooled: Tensor, near: Tensor, condition: Tensor) -> Tensor:
        """Update g [B, V, M, G] with pooled cells [B, V, M, F] and closeness [B, 1, M, 2 M]."""
        x, width, mecs = self.norm(g), g.shape[3], g.shape[2]
        # `inner` of [x, what is near in both ranges, pooled], without writing that down
        own, around, cells = self.inner.weight.split([width, 2 * width, pooled.shape[3]], dim=1)
        both = around.reshape(width, 2, width).transpose(0, 1).reshape(2 * width, width)
        spread = nn.functional.linear(x, both).reshape(-1, 2 * mecs, width)  # [B V, (M, 2), G]
        hidden = nn.functional.linear(x, own, self.inner.bias)
        hidden.flatten(0, 2).addmm_(pooled.flatten(0, 2), cells.t())
        closeness = near.expand(-1, g.shape[1], -1, -1).flatten(0, 1)
        hidden.flatten(0, 1).baddbmm_(closeness, spread)
        along = torch.cat([x.mean(dim=2), x.amax(dim=2)], dim=2)
        across = torch.cat([x.mean(dim=1), x.amax(dim=1)], dim=2)
        hidden += self.rows(along)[:, :, None]
        hidden += self.columns(across)[:, None]
        return add_linear(g, self.film(hidden, condition).relu_(), self.out)


class CellLayer(nn.Module):
    """Updates the request x MEC cells from themselves, their row and the grid cell of their space."""

    def __init__(self, grid: int, cell: int) -> None:
        super().__init__()
        self.inner = nn.Linear(cell, cell)
        self.row = nn.Linear(cell, cell, bias=False)
        self.grid = nn.Linear(grid, cell, bias=False)
        self.film = Modulation(cell)
        self.out = nn.Linear(cell, cell)
        nn.init.zeros_(self.out.weight)

    def forward(self, h: Tensor, g: Tensor, space: Tensor, condition: Tensor) -> Tensor:
        """Update h [B, R, M, F] with the grid g [B, V, M, G]."""
        scale, shift = self.film.of(condition)  # [B, F]
        # the modulation goes into what is small: weights, rows and grid cells
        weight = self.inner.weight.t() * scale[:, None]
        shift = shift + scale * self.inner.bias
        rest = torch.addcmul(shift[:, None, None], self.grid(g), scale[:, None, None]).index_select(1, space)
        rest += (self.row(h.mean(dim=2)) * scale[:, None])[:, :, None]
        hidden = rest.flatten(1, 2).baddbmm_(h.flatten(1, 2), weight).relu_()
        return add_linear(h, hidden.reshape(h.shape), self.out)


class GridNet(nn.Module):
    """See the module; about 300,000 weights at the shipped widths.

    Args:
        grid: width of the space x MEC grid.
        cell: width of the request x MEC cells.
        layers: how often both are updated; cells in every second layer only.
        conditioned: whether the network is told the preference; else it sees an even one always.
    """

    def __init__(self, grid: int, cell: int, layers: int, conditioned: bool = True) -> None:
        super().__init__()
        self.conditioned = conditioned
        self.condition = Condition()
        self.cell_in, self.grid_in = nn.Linear(CELL_FEATURES, cell), nn.Linear(GRID_FEATURES, grid)
        self.grid_layers = nn.ModuleList(GridLayer(grid, cell) for _ in range(layers))
        self.cell_layers = nn.ModuleList(CellLayer(grid, cell) for _ in range((layers + 1) // 2))
        self.head = nn.Linear(cell, 1)
        self.cost = nn.Parameter(torch.tensor(1.0))  # how much a cheap MEC is preferred at first sight

    def forward(
        self, graph: Graph, weighted: Weighted, preference: Tensor, noisy: Tensor, t: Tensor
    ) -> Tensor:
        """Return logits over MECs [B, R, M]; see `Denoiser`."""
        if not self.conditioned:
            preference = torch.full_like(preference, 0.5)
            weighted = weigh(graph, preference)
        seen = make_features(graph, weighted, noisy)
        condition = self.condition(t, preference)
        h, g = torch.relu(self.cell_in(seen.cells)), self.grid_in(seen.grid)
        near = seen.near.permute(0, 2, 3, 1).flatten(2)[:, None]  # [B, 1, M, (M, 2)]
        pooled = self._pool(graph, h)
        for i, layer in enumerate(self.grid_layers):
            g = layer(g, pooled, near, condition)
            if i % 2 == 0:
                h = self.cell_layers[i // 2](h, g, graph.space, condition)
                pooled = self._pool(graph, h)
        return self._read(h, seen)

    @staticmethod
    def _pool(graph: Graph, h: Tensor) -> Tensor:
        """Return the mean of the cells over the requests of each space [B, V, M, F]."""
        share = graph.member / graph.member.sum(dim=1, keepdim=True).clamp_min(1.0)
        batch, _, mecs, width = h.shape
        return (share @ h.reshape(batch, -1, mecs * width)).reshape(batch, -1, mecs, width)

    def _read(self, h: Tensor, seen: Features) -> Tensor:
        logits: Tensor = self.head(torch.relu(h))[..., 0]
        return logits - self.cost * seen.added.clamp_max(30.0)
