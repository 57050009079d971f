"""From network to front: sampling, projection and, where wanted, descent."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from semverse.agents.cmpo.config import CMPOConfig
from semverse.agents.cmpo.graph import make_graph
from semverse.agents.cmpo.projection import project
from semverse.agents.cmpo.sampling import consistency_samples, diffusion_samples
from semverse.envs.scc.reward import raw_weights
from semverse.envs.scc.types import FloatArray, Instance, IntArray
from semverse.solvers.archive import Archive
from semverse.solvers.base import Clock, Front
from semverse.solvers.construct import best_of, ruin
from semverse.solvers.descent import SpaceDescent
from semverse.solvers.relink import fill

_REMEMBERED = 3  # steps whose beliefs propose host sets where the last alone is projected


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
        _Polish(config, instance, preferences, archive, clock, rng).run(placed)
    return archive.front()


class _Polish:
    """Descent from the network's placements, then rounds of other starts and descent."""

    def __init__(
        self,
        config: CMPOConfig,
        instance: Instance,
        preferences: FloatArray,
        archive: Archive,
        clock: Clock,
        rng: np.random.Generator,
    ) -> None:
        self.config, self.instance, self.preferences = config, instance, preferences
        self.archive, self.clock, self.rng = archive, clock, rng
        self.weights = raw_weights(instance, preferences)
        self.descent = SpaceDescent(instance, self.weights, config.candidates)

    def run(self, placements: IntArray) -> None:
        """Descend from the best of placements [B, R] at every preference, then go on for some rounds."""
        self._descend(best_of(self.instance, self.weights, placements))
        reserve = self.config.fill_share * (self.clock.budget.seconds or 0.0)
        for number in range(self.config.rounds):
            if self.clock.expired or self.clock.left <= reserve:
                break
            self._descend(self._ruined() if number % 2 else self._recombined())
        fill(self.archive, self.instance, self.rng, self.clock)

    def _descend(self, placements: IntArray) -> None:
        self.archive.add(self.descent.run(placements, self.clock))

    def _recombined(self) -> IntArray:
        """Return placements built anew from host sets of the best ones at near preferences."""
        best = best_of(self.instance, self.weights, self.archive.placements)
        beliefs = np.eye(self.instance.num_mecs)[best]
        return project(self.instance, self.preferences, [beliefs], self.config.projection)

    def _ruined(self) -> IntArray:
        """Return the best placements with a few spaces placed anew."""
        best = best_of(self.instance, self.weights, self.archive.placements)
        return ruin(self.instance, self.weights, best, self.config.ruined_spaces, self.rng)
