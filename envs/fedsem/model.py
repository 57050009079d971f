"""A round but for the learning, pure and batched: who takes part, what it takes of band, time and energy."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

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

Scalar = TypeVar("Scalar", bound=np.generic)
_BY_CHANNEL = np.array(["channel" in rule for rule in RULES])
_BY_COVERAGE = np.array(["coverage" in rule for rule in RULES])
_WIDTH = 4.0  # of a class in the order of clients; their keys lie within 0 and 2


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
    found = ordered(np.where(eligible, priority, np.inf))
    return found, np.count_nonzero(eligible, axis=1)


def _ranks(groups: IntArray, first: IntArray, key: Float32) -> IntArray:
    """Return each client's position within its class, the smallest key being 0 [N, K]."""
    # classes stand side by side, so that sorting leaves each of them where it is
    sorted_by = ordered(groups * _WIDTH + key)
    return placed(sorted_by, np.arange(key.shape[1]) - first)


def ordered(key: Float32 | FloatArray) -> IntArray:
    """Return the columns [N, K] of keys [N, K], not negative, by rising key; equal ones by rising column.

    The order of such numbers is that of their bits. The lowest bits give way to the column, so that sorting
    alone does what `numpy.argsort` takes thrice as long for; keys that differ by 2^-b of theirs are equal,
    b = 52 less the bits of a column: 45 for 100 of them.
    """
    columns = key.shape[1]
    low = (1 << (columns - 1).bit_length()) - 1
    found: IntArray = (key.astype(np.float64).view(np.int64) & ~low) | np.arange(columns)
    found.sort(axis=1)
    found &= low
    return found


def placed(where: IntArray, values: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
    """Return values [N, K] put at columns [N, K] of their rows; `numpy.put_along_axis` takes longer."""
    found = np.empty(where.size, dtype=values.dtype)
    found[(where + np.arange(len(where))[:, None] * where.shape[1]).ravel()] = values.ravel()
    return found.reshape(where.shape)


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
    seconds: FloatArray = bits[:, None] / (c.radio.bandwidth_mhz * 1e6 * np.maximum(efficiency, 1e-6))
    seconds = np.cumsum(seconds, axis=1, dtype=np.float64) + c.training_s
    in_time = np.count_nonzero(seconds <= now.seconds_left[:, None], axis=1)  # the first ones: the time rises
    number = np.minimum(np.minimum(decision.count, eligible), in_time)
    number = np.where(number >= c.quorum, number, 0)
    chosen = placed(ranking, np.arange(c.clients) < number[:, None])
    last = np.take_along_axis(seconds, np.maximum(number - 1, 0)[:, None], axis=1)[:, 0]
    duration: FloatArray = np.where(number > 0, last, 0.0)
    air = np.where(number > 0, last - c.training_s, 0.0)
    energy = number * c.training_j + c.radio.transmit_w * air
    noise = mean_noise(mu, decision.public, number, c.label_clip)
    mbit: FloatArray = number * bits * np.float64(1e-6)
    return Round(chosen, number, mu, noise, mbit, duration, energy)


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
