"""A round but for the learning, pure and batched: who takes part, what it takes of band, time and energy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from semverse.envs.fedsem.mechanism import upload_bits
from semverse.envs.fedsem.problem import Problem
from semverse.envs.fedsem.types import (
    CLASSES,
    RULES,
    BoolArray,
    Decision,
    Float32,
    FloatArray,
    IntArray,
    Round,
)

_BY_CHANNEL = np.array(["channel" in rule for rule in RULES])
_BY_COVERAGE = np.array(["coverage" in rule for rule in RULES])
_WIDTH = np.float32(4.0)  # of a class in the order of clients; their keys lie within 0 and 2


class Situation(NamedTuple):
    """What a round of N trainings meets."""

    groups: IntArray  # [N, K] class that most of a client's pictures show; rises along K
    first: IntArray  # [N, K] first client of the same class
    covered: IntArray  # [N, 10] times that clients of a class took part
    efficiency: Float32  # [N, K] bit/s/Hz
    ties: Float32  # [N, K] from 0 to 1
    can_pay: BoolArray  # [N, K]
    seconds_left: FloatArray  # [N]


def order(rule: IntArray, now: Situation, problem: Problem) -> tuple[IntArray, IntArray]:
    """Return clients by falling priority [N, K], and how many of them are eligible [N].

    A client that cannot pay or is out of reach comes last. "channel": the best uplink first. "coverage": the
    class whose clients took part least often first, counting those already chosen; within a class at random,
    or by the channel.
    """
    eligible = now.can_pay & (now.efficiency >= np.float32(problem.config.radio.least_efficiency))
    key = np.where(_BY_CHANNEL[rule, None], 1 / (1 + now.efficiency), now.ties)
    balanced = np.flatnonzero(_BY_COVERAGE[rule])
    priority = key
    if len(balanced):
        groups, own = now.groups[balanced], key[balanced]
        ranks = _ranks(groups, now.first[balanced], np.where(eligible[balanced], own, 2))
        covered = np.take_along_axis(now.covered[balanced], groups, axis=1)
        priority = key.copy()
        priority[balanced] = covered + ranks + own
    found = np.argsort(np.where(eligible, priority, np.float32(np.inf)), axis=1)
    return found, eligible.sum(axis=1)


def _ranks(groups: IntArray, first: IntArray, key: Float32) -> IntArray:
    """Return each client's position within its class, the smallest key being 0 [N, K]."""
    # classes stand side by side, so that sorting leaves each of them where it is
    sorted_by = np.argsort(groups * _WIDTH + key, axis=1)
    ranks = np.empty_like(sorted_by)
    np.put_along_axis(ranks, sorted_by, np.arange(key.shape[1]) - first, axis=1)
    return ranks


def play_round(decision: Decision, mu: FloatArray, now: Situation, problem: Problem) -> Round:
    """Return who takes part and what that takes.

    Clients upload one after the other by falling priority, each as fast as its channel allows, until the
    count is reached or the time is up; whoever would end too late is left out. Fewer than the quorum are
    as good as nobody.

    Args:
        decision: of each training.
        mu: of the releases [N].
        now: what the round meets.
        problem: constants.
    """
    c = problem.config
    ranking, eligible = order(decision.rule, now, problem)
    bits = upload_bits(decision.public * CLASSES, decision.bits)
    efficiency = np.take_along_axis(now.efficiency, ranking, axis=1)
    seconds = bits[:, None] / (c.radio.bandwidth_mhz * 1e6 * np.maximum(efficiency, 1e-6))
    seconds = np.cumsum(seconds, axis=1, dtype=np.float64) + c.training_s
    within = np.arange(c.clients) < np.minimum(decision.count, eligible)[:, None]
    taken = within & (seconds <= now.seconds_left[:, None])
    taken &= taken.sum(axis=1, keepdims=True) >= c.quorum
    number = taken.sum(axis=1)  # the first ones, for the time rises
    chosen = np.empty_like(taken)
    np.put_along_axis(chosen, ranking, taken, axis=1)
    last = np.take_along_axis(seconds, np.maximum(number - 1, 0)[:, None], axis=1)[:, 0]
    duration = np.where(number > 0, last, 0.0)
    air = np.where(number > 0, last - c.training_s, 0.0)
    energy = number * c.training_j + c.radio.transmit_w * air
    noise = mean_noise(mu, decision.public, number, c.label_clip)
    return Round(chosen, mu, noise, number * bits * 1e-6, duration, energy)


def mean_noise(mu: FloatArray, public: IntArray, number: IntArray, label_clip: float) -> FloatArray:
    """Return the standard deviation of the noise on each logit of the clients' mean [N].

    Args:
        mu: of the release [N].
        public: public pictures [N].
        number: clients that take part [N].
        label_clip: bound on an upload over the root of the public pictures.
    """
    found: FloatArray = label_clip * np.sqrt(public) / (mu * np.maximum(number, 1))
    return found


def reward(gain: FloatArray, played: Round, problem: Problem) -> FloatArray:
    """Return what a round is worth [N]: accuracy gained minus the price of time and energy."""
    c = problem.config
    found: FloatArray = gain - c.price_s * played.seconds - c.price_j * played.energy_j
    return found
