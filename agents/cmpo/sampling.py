"""K-step sampling (paper 003, Algorithm 2) and the step-by-step diffusion sampler of MO-DIFUSCO."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor

from semverse.agents.cmpo.graph import Graph, weigh
from semverse.agents.cmpo.network import Denoiser
from semverse.agents.cmpo.noise import corrupt, cosine_levels, posterior

_CHUNK = 8  # preferences at once: what fits the cache of a core


def consistency_samples(
    net: Denoiser, graph: Graph, preference: Tensor, steps: int, generator: torch.Generator
) -> Iterator[Tensor]:
    """Yield the beliefs p(x_0) [B, R, M] after each of K steps.

    From pure noise the network jumps to a clean solution; that is made noisy again, less each time
    (Algorithm 2). Between steps the most probable solution is taken, not a draw.

    Args:
        net: the denoiser.
        graph: the instance.
        preference: [B, 2].
        steps: K.
        generator: source of all noise.
    """
    shape = (len(preference), graph.num_requests)
    levels = cosine_levels(steps).to(torch.float32)
    noisy = torch.randint(graph.num_mecs, shape, generator=generator)
    for i, level in enumerate(levels):
        beliefs = believe(net, graph, preference, noisy, level)
        yield beliefs
        if i + 1 < steps:
            uniform = (torch.rand(shape, generator=generator), torch.rand(shape, generator=generator))
            t = levels[i + 1].expand(shape[0])
            noisy = corrupt(beliefs.argmax(dim=2), t, graph.num_mecs, uniform)


def diffusion_samples(
    net: Denoiser, graph: Graph, preference: Tensor, steps: int, generator: torch.Generator
) -> Iterator[Tensor]:
    """Yield the beliefs [B, R, M] after each of K steps of the reverse diffusion (DIFUSCO)."""
    shape = (len(preference), graph.num_requests)
    levels = torch.cat([cosine_levels(steps), torch.zeros(1, dtype=torch.float64)]).to(torch.float32)
    noisy = torch.randint(graph.num_mecs, shape, generator=generator)
    for level, before in pairwise(levels):
        beliefs = believe(net, graph, preference, noisy, level)
        yield beliefs
        earlier = posterior(noisy, beliefs, level.expand(shape[0]), before.expand(shape[0]))
        noisy = torch.multinomial(earlier.flatten(0, 1), 1, generator=generator).reshape(shape)


def believe(net: Denoiser, graph: Graph, preference: Tensor, noisy: Tensor, level: Tensor) -> Tensor:
    """Return p(x_0) [B, R, M] for noisy placements [B, R] of one noise level; runs where the graph is."""
    parts, device = [], graph.space.device
    for rows in torch.arange(len(preference)).split(_CHUNK):
        chosen, t = preference[rows].to(device), level.expand(len(rows)).to(device)
        with torch.inference_mode():
            logits = net(graph, weigh(graph, chosen), chosen, noisy[rows].to(device), t)
            parts.append(logits.softmax(dim=2).cpu())
    return torch.cat(parts)
