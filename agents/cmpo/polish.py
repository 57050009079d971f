"""Descent on top of the network: from its placements at once, then rounds of other starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from semverse.agents.cmpo.config import CMPOConfig
from semverse.agents.cmpo.projection import project
from semverse.envs.scc.reward import raw_weights
from semverse.envs.scc.types import FloatArray, Instance, IntArray
from semverse.solvers.archive import Archive
from semverse.solvers.base import Budget, Clock
from semverse.solvers.construct import best_of, ruin
from semverse.solvers.descent import SpaceDescent
from semverse.solvers.helpers import Helper
from semverse.solvers.relink import fill

_HANDOVER_S = 0.02  # what sending placements back may take


@dataclass(frozen=True, eq=False)
class Share:
    """What one process descends on."""

    config: CMPOConfig
    instance: Instance
    preferences: FloatArray  # [P, 2]
    placements: IntArray  # feasible starts [B, R]
    budget: Budget
    rng: np.random.Generator


def polish(share: Share, archive: Archive, clock: Clock, helpers: Sequence[Helper]) -> None:
    """Descend at all preferences and add what is found to an archive.

    Neighbouring preferences go to one process each: to this one, and to the helpers.

    Args:
        share: all there is to do.
        archive: holds the starts.
        clock: of the solve.
        helpers: processes that wait for work.
    """
    order = np.argsort(-share.preferences[:, 0], kind="stable")
    own, *others = (part for part in np.array_split(order, len(helpers) + 1) if len(part))
    rngs = share.rng.spawn(len(others))
    budget = _part(clock, len(others) + 1)
    for helper, part, rng in zip(helpers, others, rngs, strict=False):
        given = replace(share, preferences=share.preferences[part], budget=budget, rng=rng)
        helper.ask(polished, given)
    _Polish(replace(share, preferences=share.preferences[own]), archive, clock).run()
    for helper, _ in zip(helpers, others, strict=False):
        archive.add(helper.answer())


def _part(clock: Clock, parts: int) -> Budget:
    """Return the budget of one process that works while the others do."""
    seconds, evaluations = None, clock.budget.evaluations
    if clock.budget.seconds is not None:
        seconds = max(clock.left - _HANDOVER_S, 1e-3)
    if evaluations is not None:
        evaluations = max((evaluations - clock.evaluations) // parts, 1)
        clock.evaluations += (parts - 1) * evaluations
    return Budget(seconds, evaluations)


def polished(share: Share) -> IntArray:
    """Return the front of placements [K, R] that one process's descents find."""
    clock = share.budget.start()
    archive = Archive(share.instance, clock)
    _Polish(share, archive, clock).run()
    return archive.placements


class _Polish:
    """The descents of one process."""

    def __init__(self, share: Share, archive: Archive, clock: Clock) -> None:
        self.share, self.archive, self.clock = share, archive, clock
        self.weights = raw_weights(share.instance, share.preferences)
        self.descent = SpaceDescent(share.instance, self.weights, share.config.candidates)

    def run(self) -> None:
        """Descend from the best start at every preference, then go on for some rounds."""
        config, instance, clock = self.share.config, self.share.instance, self.clock
        self._descend(best_of(instance, self.weights, self.share.placements))
        reserve = config.fill_share * (clock.budget.seconds or 0.0)
        for number in range(config.rounds):
            if clock.expired or clock.left <= reserve:
                break
            self._descend(self._ruined() if number % 2 else self._recombined())
        fill(self.archive, instance, self.share.rng, clock)

    def _descend(self, placements: IntArray) -> None:
        self.archive.add(self.descent.run(placements, self.clock))

    def _recombined(self) -> IntArray:
        """Return placements built anew from host sets of the best ones at near preferences."""
        share = self.share
        best = best_of(share.instance, self.weights, self.archive.placements)
        beliefs = np.eye(share.instance.num_mecs)[best]
        return project(share.instance, share.preferences, [beliefs], share.config.projection)

    def _ruined(self) -> IntArray:
        """Return the best placements with a few spaces placed anew."""
        share = self.share
        best = best_of(share.instance, self.weights, self.archive.placements)
        return ruin(share.instance, self.weights, best, share.config.ruined_spaces, share.rng)
