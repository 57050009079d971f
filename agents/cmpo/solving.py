"""From network to front: sampling, projection and, where wanted, descent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from semverse.agents.cmpo.config import CMPOConfig
from semverse.agents.cmpo.graph import make_graph
from semverse.agents.cmpo.polish import Share, polish
from semverse.agents.cmpo.projection import project
from semverse.agents.cmpo.sampling import consistency_samples, diffusion_samples
from semverse.envs.scc.types import FloatArray, Instance
from semverse.solvers.archive import Archive
from semverse.solvers.base import Clock, Front
from semverse.solvers.helpers import Helper

_REMEMBERED = 3  # steps whose beliefs propose host sets where the last alone is projected


def solve(
    net: nn.Module,
    config: CMPOConfig,
    instance: Instance,
    preferences: FloatArray,
    clock: Clock,
    rng: np.random.Generator,
    helpers: Sequence[Helper] = (),
) -> Front:
    """Return the front of one instance: every placement met that no other dominates.

    Args:
        net: the denoiser.
        config: of the agent.
        instance: the problem.
        preferences: weights on normalised latency and energy [P, 2].
        clock: checked between steps; the first step is always done.
        rng: source of all randomness.
        helpers: processes that share in the descents.
    """
    archive, graph = Archive(instance, clock), make_graph(instance).to(config.device)
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    preference = torch.as_tensor(preferences, dtype=torch.float32)
    sampler = consistency_samples if config.sampler == "consistency" else diffusion_samples
    placed = np.zeros((0, instance.num_requests), dtype=np.int64)
    beliefs: list[FloatArray] = []
    remembered = 1 if config.project_every_step else _REMEMBERED
    for step, belief in enumerate(sampler(net, graph, preference, config.steps, generator)):
        beliefs = [*beliefs, belief.double().numpy()][-remembered:]
        last = step + 1 == config.steps or clock.expired
        if config.project_every_step or last:
            projected = project(instance, preferences, beliefs, config.projection)
            archive.add(projected)
            placed = np.concatenate([placed, projected])
        if last:
            break
    if config.polish and len(archive.placements):
        polish(Share(config, instance, preferences, placed, clock.budget, rng), archive, clock, helpers)
    return archive.front()
