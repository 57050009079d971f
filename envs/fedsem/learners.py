"""What a round makes of the models of N trainings: real training, behind the interface of any stand-in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from semverse.envs.fedsem.datasets import load_data, split_data
from semverse.envs.fedsem.federation import Federation, Recipe
from semverse.envs.fedsem.holdings import Holdings
from semverse.envs.fedsem.problem import Problem
from semverse.envs.fedsem.types import (
    BoolArray,
    Decision,
    Float32,
    FloatArray,
    IntArray,
    Release,
    Round,
)

Generators = Sequence[np.random.Generator]


@dataclass(frozen=True, eq=False)
class Context:
    """What a round of N trainings builds on; numbers of clients are whole."""

    size: Float32  # [N, 10] clients of each class
    chosen: Float32  # [N, 10] that take part
    covered: Float32  # [N, 10] times that they took part before
    noise_before: FloatArray  # [N] on the mean logit in the last round that somebody took part in


class Learner(Protocol):
    """Holds the models of N trainings."""

    accuracy: Float32  # [N, 10] of the server on each class of the test set

    def begin(self, rows: IntArray, generators: Generators) -> Holdings:
        """Start trainings in n rows; return who holds which classes."""

    def play(
        self,
        decision: Decision,
        played: Round,
        context: Context,
        active: BoolArray,
        generators: Generators,
    ) -> None:
        """Let the chosen clients of active rows [N] train, and the server learn from their uploads.

        Args:
            decision: of the round.
            played: who takes part, and mu of the release.
            context: clients of each class, and the noise before.
            active: which rows.
            generators: one a row.
        """


def release_rule(decision: Decision, played: Round, row: int, problem: Problem) -> Release:
    """Return how the uploads of one training are made private and small."""
    public, bits = int(decision.public[row]), int(decision.bits[row])
    return Release(problem.config.label_clip * public**0.5, 1.0 / float(played.mu[row]), bits, public)


class LiveLearner:
    """Really trains: one `Federation` a row."""

    def __init__(self, num: int, problem: Problem) -> None:
        c = problem.config
        self.problem, self.data = problem, load_data(c.data)
        self.recipe = Recipe("fd", (c.model,), c.client.descent(), c.server.descent(), c.public_weight)
        self.federations: list[Federation | None] = [None] * num
        self.accuracy: Float32 = np.zeros((num, 10), dtype=np.float32)
        split_data(self.data, c.clients, c.samples, c.public, np.random.default_rng(0))  # is there enough?

    def begin(self, rows: IntArray, generators: Generators) -> Holdings:
        """Share out the pictures anew and draw initial weights."""
        c, shares = self.problem.config, []
        for row in rows.tolist():
            rng = generators[row]
            split = split_data(self.data, c.clients, c.samples, c.public, rng)
            federation = Federation(split, self.recipe, rng)
            self.federations[row] = federation
            self.accuracy[row] = federation.accuracy()
            shares.append(split.class_shares())
        return Holdings.of(np.array(shares, dtype=np.float32))

    def play(
        self,
        decision: Decision,
        played: Round,
        context: Context,
        active: BoolArray,
        generators: Generators,
    ) -> None:
        """Train; rows of which nobody takes part stay as they are."""
        del context
        for row in np.flatnonzero(active & (played.number > 0)).tolist():
            federation = self.federations[row]
            assert federation is not None  # it was begun
            chosen = np.flatnonzero(played.chosen[row])
            federation.play(chosen, release_rule(decision, played, row, self.problem), generators[row])
            self.accuracy[row] = federation.accuracy()
