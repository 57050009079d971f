"""The denoiser as message passing on a heterogeneous graph, with PyTorch Geometric; twin of `GridNet`.

Nodes are requests, spaces and MECs; a request and a space have an edge to every MEC, and the decision is
read from the edges of the requests. Slower than the grids on a CPU, but its edges may be thinned out.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch_geometric.nn import HeteroConv, MessagePassing

from semverse.agents.cmpo.features import CELL_FEATURES, GRID_FEATURES, Features, make_features
from semverse.agents.cmpo.graph import Graph, Weighted, weigh
from semverse.agents.cmpo.graph_data import to_hetero
from semverse.agents.cmpo.network import Condition, Modulation

__all__ = ["HeteroNet", "to_hetero"]

NODES = ("request", "space", "mec")
# source, relation, target; the features of an edge are those of its relation
RUNS, HOSTS, NEAR, ASKS = "runs", "hosts", "near", "asks"
RELATIONS = (
    ("request", RUNS, "mec"),
    ("mec", RUNS, "request"),
    ("space", HOSTS, "mec"),
    ("mec", HOSTS, "space"),
    ("request", ASKS, "space"),
    ("space", ASKS, "request"),
    ("mec", NEAR, "mec"),
)
Values = dict[str, Tensor]
Edges = dict[tuple[str, str, str], Tensor]


class EdgeConv(MessagePassing):
    """Mean and maximum over neighbours of what source and edge say together."""

    def __init__(self, width: int, edge_width: int) -> None:
        super().__init__(aggr=["mean", "max"])
        self.source, self.edge = nn.Linear(width, width), nn.Linear(edge_width, width, bias=False)
        self.both = nn.Linear(2 * width, width)

    def forward(self, x: Tensor | tuple[Tensor, Tensor], edge_index: Tensor, edge_attr: Tensor) -> Tensor:
        """Return messages to targets [T, W] from sources and targets x, edges [2, E], features [E, F].

        ``x`` is one tensor where both are of one kind.
        """
        source, target = x if isinstance(x, tuple) else (x, x)
        sent = (self.source(source), target)
        out: Tensor = self.both(self.propagate(edge_index, x=sent, edge_attr=self.edge(edge_attr)))
        return out

    def message(self, x_j: Tensor, edge_attr: Tensor) -> Tensor:
        """Return one message an edge [E, W]."""
        return torch.relu(x_j + edge_attr)


class HeteroLayer(nn.Module):
    """Updates all nodes from their neighbours, then the edges between requests and MECs from their ends."""

    def __init__(self, width: int) -> None:
        super().__init__()
        edge_width = {RUNS: width, HOSTS: GRID_FEATURES, NEAR: 2, ASKS: 1}
        self.norm = nn.ModuleDict({kind: nn.LayerNorm(width) for kind in NODES})
        self.conv = HeteroConv({key: EdgeConv(width, edge_width[key[1]]) for key in RELATIONS})
        self.node_film = nn.ModuleDict({kind: Modulation(width) for kind in NODES})
        self.node_out = nn.ModuleDict({kind: nn.Linear(width, width) for kind in NODES})
        self.inner = nn.Linear(width, width)
        self.ends = nn.ModuleDict({kind: nn.Linear(width, width, bias=False) for kind in NODES})
        self.edge_film, self.edge_out = Modulation(width), nn.Linear(width, width)
        for out in (*self.node_out.values(), self.edge_out):
            nn.init.zeros_(out.weight)

    def forward(
        self, x: Values, h: Tensor, index: Edges, known: Edges, space: Tensor, condition: Tensor
    ) -> tuple[Values, Tensor]:
        """Update nodes {kind: [B, N, W]} and request edges h [B, R, M, W].

        Args:
            x: the nodes.
            h: the edges.
            index: ends of all edges, numbered through the batch.
            known: features of the edges that no layer changes.
            space: of each request [R].
            condition: [B, C].
        """
        calm = {kind: self.norm[kind](value) for kind, value in x.items()}
        attributes = dict(known)
        attributes["request", RUNS, "mec"] = attributes["mec", RUNS, "request"] = h.flatten(0, 2)
        told = self.conv({kind: value.flatten(0, 1) for kind, value in calm.items()}, index, attributes)
        nodes = {}
        for kind, value in x.items():
            hidden = told[kind].reshape(value.shape)[:, :, None]
            nodes[kind] = (
                value + self.node_out[kind](self._film(self.node_film[kind], hidden, condition))[:, :, 0]
            )
        ends = {kind: linear(nodes[kind]) for kind, linear in self.ends.items()}
        hidden = (
            self.inner(h) + (ends["request"] + ends["space"][:, space])[:, :, None] + ends["mec"][:, None]
        )
        return nodes, h + self.edge_out(self._film(self.edge_film, hidden, condition))

    @staticmethod
    def _film(film: nn.Module, hidden: Tensor, condition: Tensor) -> Tensor:
        return torch.relu(film(hidden, condition))


class HeteroNet(nn.Module):
    """See the module; a `semverse.agents.cmpo.network.Denoiser`.

    Args:
        width: of nodes and edges.
        layers: how often both are updated.
        conditioned: whether the network is told the preference; else it sees an even one always.
    """

    def __init__(self, width: int, layers: int, conditioned: bool = True) -> None:
        super().__init__()
        self.conditioned = conditioned
        self.condition = Condition()
        self.edge_in = nn.Linear(CELL_FEATURES + GRID_FEATURES, width)
        self.node_in = nn.ModuleDict(
            {"request": nn.Linear(CELL_FEATURES, width)}
            | {kind: nn.Linear(GRID_FEATURES, width) for kind in ("space", "mec")}
        )
        self.layers = nn.ModuleList(HeteroLayer(width) for _ in range(layers))
        self.head = nn.Linear(width, 1)
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
        index, known = _edges(graph, seen)
        x = {
            "request": self.node_in["request"](seen.cells.mean(dim=2)),
            "space": self.node_in["space"](seen.grid.mean(dim=2)),
            "mec": self.node_in["mec"](seen.grid.mean(dim=1)),
        }
        h = torch.relu(self.edge_in(torch.cat([seen.cells, seen.grid[:, graph.space]], dim=3)))
        for layer in self.layers:
            x, h = layer(x, h, index, known, graph.space, condition)
        logits: Tensor = self.head(torch.relu(h))[..., 0]
        return logits - self.cost * seen.added.clamp_max(30.0)


def _edges(graph: Graph, seen: Features) -> tuple[Edges, Edges]:
    """Return the ends [2, E] of all edges of B graphs side by side, and the features that stay [E, F]."""
    batch, spaces, mecs, _ = seen.grid.shape
    requests = graph.num_requests
    runs = _complete(batch, requests, mecs)
    hosts = _complete(batch, spaces, mecs)
    first = torch.arange(batch)[:, None]
    asks = torch.stack([first * requests + torch.arange(requests), first * spaces + graph.space]).flatten(1)
    # seen.near has the receiver first; times M, so that 1 is an average neighbour
    near = mecs * seen.near.permute(0, 2, 3, 1).reshape(-1, 2)
    index = {
        ("request", RUNS, "mec"): runs,
        ("mec", RUNS, "request"): runs.flip(0),
        ("space", HOSTS, "mec"): hosts,
        ("mec", HOSTS, "space"): hosts.flip(0),
        ("request", ASKS, "space"): asks,
        ("space", ASKS, "request"): asks.flip(0),
        ("mec", NEAR, "mec"): _complete(batch, mecs, mecs).flip(0),
    }
    one = torch.ones(asks.shape[1], 1)
    known = {
        ("space", HOSTS, "mec"): seen.grid.flatten(0, 2),
        ("mec", HOSTS, "space"): seen.grid.flatten(0, 2),
        ("request", ASKS, "space"): one,
        ("space", ASKS, "request"): one,
        ("mec", NEAR, "mec"): near,
    }
    return index, known


def _complete(batch: int, first: int, second: int) -> Tensor:
    """Return all pairs of first and second nodes of each of B graphs [2, B first second]."""
    b, i, j = torch.meshgrid(torch.arange(batch), torch.arange(first), torch.arange(second), indexing="ij")
    return torch.stack([b * first + i, b * second + j]).flatten(1)
