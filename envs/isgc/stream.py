"""Streams of states: every row has its own generator and draws a block of states at a time.

Drawing in blocks is what makes the native batch fast; since the single environment draws the very same
blocks, both see the same states under the same seed. Nothing of a block depends on the other rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semverse.envs.isgc.config import ISGCConfig
from semverse.envs.isgc.generator import states_from_noise
from semverse.envs.isgc.links import links_of
from semverse.envs.isgc.model import optimal_links
from semverse.envs.isgc.split import feasible_links
from semverse.envs.isgc.types import BoolArray, FloatArray, IntArray, Links, State

BLOCK = 128  # draws a row and refill
LOW = 32  # a row is filled up together with one that ran dry if it has at most as many left
ROWS = 64  # rows whose blocks are worked on at once: the arrays stay in the cache

# rows of a fact table: what is known of a state beside the state itself
STRENGTH = slice(0, 3)
TIME_LEFT, FEASIBLE, ACCEPTANCE, OPTIMAL = 3, 4, 5, 6
FACTS = 8  # one cache line


@dataclass(frozen=True, eq=False)
class Drawn:
    """States at hand, one a row, with what is known of them."""

    states: npt.NDArray[np.float32]  # [N, 10]
    facts: FloatArray  # [FACTS, N]

    def but(self, rows: IntArray, other: Drawn) -> Drawn:
        """Return these with the states of some rows replaced."""
        states, facts = self.states.copy(), self.facts.copy()
        states[rows], facts[:, rows] = other.states, other.facts
        return Drawn(states, facts)


def describe(states: npt.NDArray[np.float32], config: ISGCConfig, *, optimum: bool) -> FloatArray:
    """Return the facts [FACTS, B] of states [10, B]; the acceptance is left at 0."""
    links = links_of(State(*states.astype(np.float64)), config)
    facts = np.zeros((FACTS, states.shape[1]))
    facts[STRENGTH], facts[TIME_LEFT] = links.strength, links.time_left_s
    facts[FEASIBLE] = feasible_links(links, config)
    if optimum:
        facts[OPTIMAL] = optimal_links(links, config)[1]
    return facts


def links_in(facts: FloatArray) -> Links:
    """Return the links of a fact table [FACTS, B]."""
    return Links(facts[STRENGTH], facts[TIME_LEFT])


class StateStream:
    """N queues of states, filled from one generator each.

    Args:
        num: N.
        config: the profile.
        resample: drop states that have no feasible split.
        optimum: know the best utility of each.
    """

    def __init__(self, num: int, config: ISGCConfig, *, resample: bool = True, optimum: bool = False) -> None:
        self.config, self.resample, self.optimum = config, resample, optimum
        self._rows = np.arange(num)
        # one ring a row: its entry k stands at row * SIZE + k % SIZE
        self._size = BLOCK + LOW
        self._states = np.zeros((num * self._size, 10), dtype=np.float32)
        self._facts = np.zeros((num * self._size, FACTS))
        self._head = np.zeros(num, dtype=np.int64)
        self._end = np.zeros(num, dtype=np.int64)
        self._seen = np.zeros((2, num), dtype=np.int64)  # feasible draws, draws

    def restart(self, row: int) -> None:
        """Forget what a row's former generator drew."""
        self._head[row] = self._end[row]
        self._seen[:, row] = 0

    def take(self, generators: Sequence[np.random.Generator], rows: IntArray | None = None) -> Drawn:
        """Take the next state of all rows, or of some."""
        which = self._rows if rows is None else rows
        while bool((self._head[which] == self._end[which]).any()):
            low = which[self._end[which] - self._head[which] <= LOW]
            for at in range(0, len(low), ROWS):
                self._append(generators, low[at : at + ROWS])
        entries = which * self._size + self._head[which] % self._size
        self._head[which] += 1
        facts = self._facts.take(entries, axis=0)
        return Drawn(self._states.take(entries, axis=0), np.ascontiguousarray(facts.T))

    def _append(self, generators: Sequence[np.random.Generator], rows: IntArray) -> None:
        """Draw a block for each of some rows and queue what is kept."""
        count = len(rows)
        uniform = np.empty((count, BLOCK, 8), dtype=np.float32)
        normal = np.empty((count, BLOCK, 2), dtype=np.float32)
        for i, row in enumerate(rows.tolist()):
            generators[row].random(out=uniform[i], dtype=np.float32)
            generators[row].standard_normal(out=normal[i], dtype=np.float32)
        states = states_from_noise(
            np.ascontiguousarray(uniform.reshape(-1, 8).T),
            np.ascontiguousarray(normal.reshape(-1, 2).T),
            self.config,
        )
        facts = describe(states, self.config, optimum=self.optimum)
        good = facts[FEASIBLE].reshape(count, BLOCK) > 0
        accepted = self._seen[0, rows][:, None] + good.cumsum(axis=1)
        drawn = self._seen[1, rows][:, None] + np.arange(1, BLOCK + 1)
        facts[ACCEPTANCE] = (accepted / drawn).ravel()
        self._seen[0, rows], self._seen[1, rows] = accepted[:, -1], drawn[:, -1]
        kept: BoolArray = good if self.resample else np.ones_like(good)
        place = self._end[rows][:, None] + kept.cumsum(axis=1) - 1
        entries = (place % self._size + rows[:, None] * self._size)[kept]
        chosen = np.flatnonzero(kept)
        self._states[entries] = states.T.take(chosen, axis=0)
        self._facts[entries] = facts.T.take(chosen, axis=0)
        self._end[rows] += kept.sum(axis=1)
