"""What happens in a step, for any number of trainings at once; the single environment is one of them."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from semverse.envs.fedsem.accountant import PrivacyFilter
from semverse.envs.fedsem.generator import draw_episodes, draw_rounds
from semverse.envs.fedsem.holdings import Holdings, by_class
from semverse.envs.fedsem.learners import Context, Learner
from semverse.envs.fedsem.model import Situation, play_round, reward
from semverse.envs.fedsem.problem import Problem, release_mu
from semverse.envs.fedsem.types import (
    CLASSES,
    BoolArray,
    Episode,
    Float32,
    FloatArray,
    IntArray,
    Round,
)

Generators = Sequence[np.random.Generator]
EFFICIENCY_TOP = np.float32(20.0)  # bit/s/Hz, of what is observed
OBSERVED = 5 * CLASSES + 4
FIRST_NOISE = 16.0  # on mean logits, that stands for weights that learnt nothing
_COPIED = ("time", "seconds_left", "spent", "covered", "last_share", "noise")


@dataclass(frozen=True, eq=False)
class Step:
    """What a step of N trainings came to."""

    round: Round
    gain: FloatArray  # [N] of the mean accuracy
    epsilon: FloatArray  # [N] by which the largest privacy loss of a client rose
    reward: FloatArray  # [N]

    def vector(self) -> Float32:
        """Return accuracy gained, minus Mbit, minus epsilon, minus seconds [N, 4]."""
        parts = [self.gain, -self.round.upload_mbit, -self.epsilon, -self.round.seconds]
        return np.stack(parts, axis=-1).astype(np.float32)


class Trainings:
    """N trainings, each at its own round.

    Args:
        num: N.
        problem: constants.
        learner: of as many.
    """

    def __init__(self, num: int, problem: Problem, learner: Learner) -> None:
        c = problem.config
        self.problem, self.learner = problem, learner
        self.filter = PrivacyFilter((num, c.clients), float(problem.epsilons[-1]), c.delta)
        self.time = np.full(num, c.rounds)  # nothing was started yet
        self.seconds_left = np.zeros(num)
        self.spent = np.zeros(num)  # epsilon, of the client that spent most
        self.covered = np.zeros((num, CLASSES), dtype=np.int64)
        self.last_share = np.zeros(num)  # of all clients, in the last round
        self.noise = np.full(num, FIRST_NOISE)  # of the last round that somebody took part in
        self.held = Holdings.none(num, c.clients)
        shape = (c.rounds, num, c.clients)
        none = np.zeros(shape, dtype=np.float32)
        self.episode = Episode(
            np.full(num, problem.epsilons[0]),
            np.ones((num, c.clients), dtype=np.float32),
            none,
            none.copy(),
        )
        self._rows = np.arange(num)

    def begin(self, generators: Generators, rows: IntArray, epsilon: float | None = None) -> None:
        """Start trainings in n rows, rising, each drawn by its row's generator; a budget may be given."""
        held = self.learner.begin(rows, generators)
        episode = draw_episodes([generators[row] for row in rows.tolist()], self.problem)
        given = episode.epsilon if epsilon is None else np.full(len(rows), epsilon)
        self.episode = _joined(self.episode, episode, given, rows)
        self.held = self.held.replaced(rows, held)
        self.filter.spent[rows], self.spent[rows] = 0.0, 0.0
        self.filter.budget[rows, 0] = self.problem.budget(given)
        self.time[rows], self.seconds_left[rows] = 0, self.problem.config.deadline_s
        self.covered[rows], self.last_share[rows], self.noise[rows] = 0, 0.0, FIRST_NOISE

    def imagined(self, row: int, num: int, learner: Learner, rng: np.random.Generator) -> Trainings:
        """Return copies of one training, as one who plans may imagine how it goes on.

        What is to come of the channels is drawn anew, once for all copies; the round at hand is as it is.

        Args:
            row: which training.
            num: how many copies.
            learner: of as many, to take the accuracies over.
            rng: draws the rounds to come.
        """
        only = self.selected(np.array([row]), learner)
        now = int(self.time[row])
        drawn = draw_rounds([rng], only.episode.mean_snr, self.problem)
        for future, known in zip(drawn, (self.episode.efficiency, self.episode.ties), strict=True):
            future[: now + 1] = known[: now + 1, [row]]
        only.episode = replace(only.episode, efficiency=drawn[0], ties=drawn[1])
        return only.selected(np.zeros(num, dtype=np.int64), learner)

    def selected(self, rows: IntArray, learner: Learner) -> Trainings:
        """Return copies of the trainings of some rows, with all that is to come; rows may be repeated.

        Args:
            rows: n of them.
            learner: of as many; it takes their accuracies over, not what models a live one holds.
        """
        found, old = copy.copy(self), self.episode
        found.learner, found.filter, found._rows = learner, copy.copy(self.filter), np.arange(len(rows))
        for name in _COPIED:
            setattr(found, name, getattr(self, name)[rows])
        found.filter.spent, found.filter.budget = self.filter.spent[rows], self.filter.budget[rows]
        learner.accuracy = self.learner.accuracy[rows]
        found.held = self.held.taken(rows)
        known = (old.epsilon[rows], old.mean_snr[rows])
        found.episode = Episode(*known, old.efficiency[:, rows], old.ties[:, rows])
        return found

    def situation(self) -> Situation:
        """Return what the round at hand meets; after the last round, what that one met."""
        efficiency, ties = self._now(self.episode.efficiency), self._now(self.episode.ties)
        can_pay = self.filter.spent < self.filter.budget
        known = (self.held.groups, self.held.first, self.covered)
        return Situation(*known, efficiency, ties, can_pay, self.seconds_left)

    def _now(self, values: Float32) -> Float32:
        """Return what values [T, N, K] are in the round at hand [N, K]."""
        now: Float32 = values[np.minimum(self.time, self.problem.config.rounds - 1), self._rows]
        return now

    def play(self, actions: IntArray, generators: Generators, active: BoolArray | None = None) -> Step:
        """Play a round with actions [N, 5] and move on (only active rows)."""
        problem, decision = self.problem, self.problem.decision(actions)
        moving = np.ones(len(actions), dtype=np.bool_) if active is None else active
        mu = release_mu(self.filter.budget[:, 0], decision.payment)
        now = self.situation()._replace(can_pay=self.filter.can_pay(mu[:, None]) & moving[:, None])
        before = self.spent
        played = play_round(decision, mu, now, problem)
        # who cannot pay was not chosen; that nobody overspends is the filter's word all the same
        if (self.filter.charge(played.chosen, mu[:, None]) != played.chosen).any():
            raise RuntimeError("the privacy filter refuses a client that was chosen")
        accuracy = self.learner.accuracy.mean(axis=1, dtype=np.float64)
        context = self._context(played)
        self.learner.play(decision, played, context, moving, generators)
        gain = self.learner.accuracy.mean(axis=1, dtype=np.float64) - accuracy
        self._advance(played, context, moving)
        return Step(played, gain, self.spent - before, reward(gain, played, problem))

    def _context(self, played: Round) -> Context:
        """Count the clients of each class; sums of whole numbers, so exact."""
        chosen: Float32 = np.matmul(played.chosen[:, None].astype(np.float32), self.held.member)[:, 0]
        return Context(self.held.size, chosen, self.covered.astype(np.float32), self.noise)

    def _advance(self, played: Round, context: Context, moving: BoolArray) -> None:
        self.spent = self.problem.spent_epsilon(self.filter.spent.max(axis=1))
        self.covered = self.covered + context.chosen.astype(np.int64)
        self.noise = np.where(played.number > 0, played.noise, self.noise)
        self.seconds_left = self.seconds_left - played.seconds
        self.time = self.time + moving
        self.last_share = np.where(moving, played.number / self.problem.config.clients, self.last_share)

    def observe(self) -> Float32:
        """Return the observations [N, 54] (`semverse.envs.fedsem.options.observation_space`)."""
        c, efficiency = self.problem.config, self._now(self.episode.efficiency)
        left = (1.0 - self.filter.share_spent()).astype(np.float32)
        seen = np.empty((len(self.time), OBSERVED), dtype=np.float32)
        seen[:, :10] = self.learner.accuracy
        seen[:, 10:20] = self.covered / (np.maximum(self.held.size, 1) * np.float32(c.rounds))
        values = np.stack([left, np.minimum(efficiency, EFFICIENCY_TOP)], axis=1)
        seen[:, 20:40] = by_class(values, self.held.member, self.held.size).reshape(-1, 20)
        seen[:, 40:50] = self.held.entropy
        seen[:, 50] = 1.0 - self.time / c.rounds
        seen[:, 51] = self.seconds_left / c.deadline_s
        seen[:, 52] = np.log2(self.episode.epsilon)
        seen[:, 53] = self.last_share
        return seen

    def epsilon(self) -> FloatArray:
        """Return the largest privacy loss of a client so far [N]."""
        return self.spent.copy()

    def infos(self, step: Step) -> dict[str, Any]:
        """Return the infos of what was just played: one array [N, ...] a key."""
        return {
            "participants": step.round.number,
            "upload_mbit": step.round.upload_mbit,
            "seconds": step.round.seconds,
            "energy_j": step.round.energy_j,
            "vector_reward": step.vector(),
            **self.start_infos(),
        }

    def start_infos(self) -> dict[str, Any]:
        """Return what is known before a round."""
        return {
            "accuracy": self.learner.accuracy.mean(axis=1, dtype=np.float64),
            "epsilon": self.epsilon(),
            "seconds_left": self.seconds_left.copy(),
        }


def _joined(old: Episode, new: Episode, epsilon: FloatArray, rows: IntArray) -> Episode:
    """Return an episode with some rows replaced; what was handed out before stays what it was."""
    if len(rows) == len(old.epsilon):
        return replace(new, epsilon=epsilon)
    found = copy.deepcopy(old)
    found.epsilon[rows], found.mean_snr[rows] = epsilon, new.mean_snr
    found.efficiency[:, rows], found.ties[:, rows] = new.efficiency, new.ties
    return found
