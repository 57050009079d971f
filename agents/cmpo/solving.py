"""From network to front: sampling, projection and, where wanted, descent."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from semverse.agents.cmpo.config import CMPOConfig
from semverse.agents.cmpo.graph import Graph, make_graph
from semverse.agents.cmpo.noise import corrupt
from semverse.agents.cmpo.projection import project
from semverse.agents.cmpo.sampling import believe, consistency_samples, diffusion_samples
from semverse.envs.scc.reward import raw_weights
from semverse.envs.scc.types import FloatArray, Instance, IntArray
from semverse.solvers.archive import Archive
from semverse.solvers.base import Clock, Front
from semverse.solvers.construct import best_of
from semverse.solvers.descent import SpaceDescent
from semverse.solvers.relink import relink, space_costs

_REMEMBERED = 3  # steps whose beliefs propose host sets


def solve(
    net: nn.Module,
    config: CMPOConfig,
    instance: Instance,
    preferences: FloatArray,
    clock: Clock,
    rng: np.random.Generator,
) -> Front:
    """Return the front of one instance: every placement met that no other dominates.

    Args:
        net: the denoiser.
        config: of the agent.
        instance: the problem.
        preferences: weights on normalised latency and energy [P, 2].
        clock: checked between steps; the first step is always done.
        rng: source of all randomness.
    """
    archive, graph = Archive(instance, clock), make_graph(instance).to(config.device)
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    preference = torch.as_tensor(preferences, dtype=torch.float32)
    sampler = consistency_samples if config.sampler == "consistency" else diffusion_samples
    placed = np.zeros((0, instance.num_requests), dtype=np.int64)
    beliefs: list[FloatArray] = []
    for step, belief in enumerate(sampler(net, graph, preference, config.steps, generator)):
        beliefs = [*beliefs, belief.double().numpy()][-_REMEMBERED:]
        last = step + 1 == config.steps or clock.expired
        if config.project_every_step or last:
            projected = project(instance, preferences, beliefs, config.projection)
            archive.add(projected)
            placed = np.concatenate([placed, projected])
        if last:
            break
    if config.polish and len(archive.placements):
        _Polish(net, config, instance, graph, preferences, archive, clock, generator).run(placed)
    return archive.front()


class _Polish:
    """Descent from the network's placements, and rounds of noise, network and descent."""

    def __init__(
        self,
        net: nn.Module,
        config: CMPOConfig,
        instance: Instance,
        graph: Graph,
        preferences: FloatArray,
        archive: Archive,
        clock: Clock,
        generator: torch.Generator,
    ) -> None:
        self.net, self.config, self.instance, self.graph = net, config, instance, graph
        self.preferences, self.archive, self.clock, self.generator = preferences, archive, clock, generator
        self.weights = raw_weights(instance, preferences)
        self.descent = SpaceDescent(instance, self.weights, config.candidates)

    def run(self, placements: IntArray) -> None:
        """Descend from the best of placements [B, R] at every preference, then go on for some rounds."""
        self._descend(best_of(self.instance, self.weights, placements))
        for _ in range(self.config.rounds):
            if self.clock.expired:
                break
            self._descend(self._renoised())
        if not self.clock.expired:
            self._relink()

    def _descend(self, placements: IntArray) -> None:
        self.archive.add(self.descent.run(placements, self.clock))

    def _renoised(self) -> IntArray:
        """Return the placements that the network makes of noisy versions of the best ones."""
        best = best_of(self.instance, self.weights, self.archive.placements)
        level = torch.tensor(self.config.renoise)
        shape = best.shape
        uniform = (torch.rand(shape, generator=self.generator), torch.rand(shape, generator=self.generator))
        noisy = corrupt(torch.as_tensor(best), level.expand(len(best)), self.graph.num_mecs, uniform)
        preference = torch.as_tensor(self.preferences, dtype=torch.float32)
        beliefs = believe(self.net, self.graph, preference, noisy, level)
        return project(self.instance, self.preferences, [beliefs.double().numpy()], self.config.projection)

    def _relink(self) -> None:
        """Add the points between neighbours of the front: they cost next to nothing."""
        order = np.argsort(self.archive.objectives[:, 0])
        front = self.archive.placements[order]
        costs = space_costs(self.instance, front)
        between = [
            relink(self.instance, front[i], front[i + 1], costs[i + 1] - costs[i])
            for i in range(len(front) - 1)
        ]
        between = [part for part in between if len(part)]
        if between:
            self.archive.add(np.concatenate(between))
