"""Schedules whose decisions change from round to round: beam search in the stand-in, on several draws."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import NamedTuple

import numpy as np

from semverse.envs.fedsem.behaviour import Choice
from semverse.envs.fedsem.core import Trainings
from semverse.envs.fedsem.problem import Problem
from semverse.envs.fedsem.surrogate import SurrogateLearner
from semverse.envs.fedsem.types import RULES, FloatArray, IntArray

BUCKETS = 24  # of the share of the privacy budget that is spent; each keeps its best beginnings
_BLOCK = 8192  # trainings side by side
Watch = Callable[[Iterable[int]], Iterable[int]]  # shows the rounds


class Found(NamedTuple):
    """A schedule, one action a round; nobody is asked after it."""

    actions: IntArray  # [R, 5]
    value: float  # reward to come, mean over the draws, as the stand-in tells it


class _Beam(NamedTuple):
    """Beginnings of schedules that are worth going on with."""

    actions: IntArray  # [B, t, 5]
    value: FloatArray  # [B] reward so far, mean over the draws
    trainings: Trainings  # of B x E rows


def decided(found: Found, problem: Problem) -> list[Choice]:
    """Return the decisions of a schedule, as settings of `varied_schedule`."""
    parts = problem.decision(found.actions)
    rules = [RULES[i] for i in parts.rule.tolist()]
    columns = (
        parts.count.tolist(),
        rules,
        parts.public.tolist(),
        parts.bits.tolist(),
        parts.payment.tolist(),
    )
    return list(zip(*columns, strict=True))


def plausible_actions(problem: Problem) -> IntArray:
    """Return the actions [A, 5] of the upper half of counts, and all but the least public pictures and bits.

    Where everybody is asked the rule does not matter, and only one of them is listed.
    """
    counts, rules, public, bits, payments = (range(size) for size in problem.sizes.tolist())
    some = product(counts[len(counts) // 2 :], rules[1::2], public[1:], bits[1:], payments)
    return np.array([one for one in some if one[0] < counts[-1] or one[1] == rules[1]])


def begin(problem: Problem, episodes: int, seed: int) -> Trainings:
    """Return E trainings in the stand-in at the start of episodes, under the problem's largest budget."""
    starts = Trainings(episodes, problem, SurrogateLearner(episodes, problem))
    generators = [np.random.default_rng([seed, episode]) for episode in range(episodes)]
    starts.begin(generators, np.arange(episodes), float(problem.epsilons[-1]))
    return starts


def best_schedule(
    starts: Trainings,
    width: int,
    watch: Watch = lambda rounds: rounds,
    choices: IntArray | None = None,
) -> Found:
    """Search the schedule of the highest mean return over E trainings, from where they stand on.

    A schedule is the same in all of them, so it cannot go by what only one of them will meet; of a single
    training (E = 1) it knows the channels to come. Of beginnings that spent about as much of the privacy
    budget, the best ones are kept.

    Args:
        starts: of E rows at the same round.
        width: beginnings that are kept of each of `BUCKETS`.
        watch: shows the rounds.
        choices: actions [A, 5] that are tried in a round; None: `plausible_actions`. Rounds left out are not.
    """
    problem = starts.problem
    choices = plausible_actions(problem) if choices is None else choices
    none = np.zeros((1, 0, len(problem.sizes)), dtype=np.int64)
    beam, best = _Beam(none, np.zeros(1), starts), Found(none[0], 0.0)
    for _ in watch(range(int(starts.time[0]), problem.config.rounds)):
        parents, options, value, spent = _expand(beam, choices, len(starts.time))
        if not len(parents):
            break
        at = int(value.argmax())
        if value[at] > best.value:
            last = choices[options[at]][None]
            best = Found(np.concatenate([beam.actions[parents[at]], last]), float(value[at]))
        kept = _best_of_each(value, spent, width)
        beam = _advance(beam, parents[kept], choices[options[kept]], len(starts.time))
    return best


def _rows(nodes: IntArray, episodes: int) -> IntArray:
    """Return the rows of trainings that belong to nodes of a beam."""
    return np.asarray((nodes[:, None] * episodes + np.arange(episodes)).ravel())


def _play(beam: _Beam, parents: IntArray, actions: IntArray, episodes: int) -> tuple[Trainings, FloatArray]:
    """Return the trainings after an action [5] of each parent [n], and the reward so far [n]."""
    rows, problem = _rows(parents, episodes), beam.trainings.problem
    after = beam.trainings.selected(rows, SurrogateLearner(len(rows), problem))
    nothing = [np.random.default_rng(0)] * len(rows)  # the stand-in draws nothing
    reward = after.play(np.repeat(actions, episodes, axis=0), nothing).reward
    return after, beam.value[parents] + reward.reshape(-1, episodes).mean(axis=1)


def _expand(
    beam: _Beam, choices: IntArray, episodes: int
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """Return parent, option, reward so far and share of the budget spent, where anybody took part at all."""
    parents, options = (part.ravel() for part in np.indices((len(beam.value), len(choices))))
    block, value, spent, some = max(_BLOCK // episodes, 1), list[FloatArray](), list[FloatArray](), []
    for first in range(0, len(parents), block):
        now = slice(first, first + block)
        after, total = _play(beam, parents[now], choices[options[now]], episodes)
        value.append(total)
        spent.append(after.filter.share_spent().mean(axis=1).reshape(-1, episodes).mean(axis=1))
        some.append((after.last_share > 0).reshape(-1, episodes).any(axis=1))
    kept = np.flatnonzero(np.concatenate(some))
    return parents[kept], options[kept], np.concatenate(value)[kept], np.concatenate(spent)[kept]


def _best_of_each(value: FloatArray, spent: FloatArray, width: int) -> IntArray:
    """Return the best nodes of each bucket of what was spent."""
    buckets = np.minimum((spent * BUCKETS).astype(np.int64), BUCKETS - 1)
    order = np.lexsort((-value, buckets))
    places = np.arange(len(order)) - np.searchsorted(buckets[order], buckets[order])
    return np.asarray(order[places < width])


def _advance(beam: _Beam, parents: IntArray, actions: IntArray, episodes: int) -> _Beam:
    """Return the beam after these actions [B, 5] of these parents [B]."""
    after, value = _play(beam, parents, actions, episodes)
    return _Beam(np.concatenate([beam.actions[parents], actions[:, None]], axis=1), value, after)
