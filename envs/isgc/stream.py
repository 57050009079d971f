"""Streams of states: every row has its own generator and draws a block of states at a time.

Drawing in blocks is what makes the native batch fast; since the single environment draws the very same
blocks, both see the same states under the same seed. Nothing of a block depends on the other rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semverse.envs.isgc.config import ISGCConfig
from semverse.envs.isgc.generator import states_from_noise
from semverse.envs.isgc.links import links_of
from semverse.envs.isgc.model import feasible_links, optimal_links
from semverse.envs.isgc.split import quickest_split
from semverse.envs.isgc.types import BoolArray, FloatArray, IntArray, Links, State

BLOCK = 128  # draws a row and refill
ROWS = 64  # rows whose blocks are worked on at once: the arrays stay in the cache

# rows of a fact table: what is known of a state beside the state itself
STRENGTH, POWER, QUICKEST = slice(0, 3), slice(3, 6), slice(6, 9)
TIME_LEFT, FEASIBLE, ACCEPTANCE, OPTIMAL = 9, 10, 11, 12
FACTS = 13


@dataclass(eq=False)
class Drawn:
    """States at hand, one a row, with what is known of them."""

    states: npt.NDArray[np.float32]  # [N, 10]
    facts: FloatArray  # [FACTS, N]

    def links(self, rows: IntArray | None = None) -> Links:
        """Return the links of all rows or some."""
        facts = self.facts if rows is None else self.facts.take(rows, axis=1)
        return Links(facts[STRENGTH], facts[TIME_LEFT], facts[POWER])

    def put(self, rows: IntArray, other: Drawn) -> None:
        """Replace the states of some rows."""
        self.states[rows] = other.states
        self.facts[:, rows] = other.facts


def describe(states: npt.NDArray[np.float32], config: ISGCConfig, *, optimum: bool) -> FloatArray:
    """Return the facts [FACTS, B] of states [10, B]; the acceptance is left at 0."""
    links = links_of(State(*states.astype(np.float64)), config)
    quickest = quickest_split(links, config)
    facts = np.zeros((FACTS, states.shape[1]))
    facts[STRENGTH], facts[POWER], facts[QUICKEST] = links.strength, links.power_w, quickest
    facts[TIME_LEFT], facts[FEASIBLE] = links.time_left_s, feasible_links(links, quickest, config)
    if optimum:
        facts[OPTIMAL] = optimal_links(links, quickest, config)[1]
    return facts


class StateStream:
    """N queues of states, filled from one generator each.

    Args:
        num: N.
        config: the profile.
        resample: drop states that have no feasible split.
        optimum: know the best utility of each.
    """

    def __init__(self, num: int, config: ISGCConfig, *, resample: bool = True, optimum: bool = False) -> None:
        self.num, self.config, self.resample, self.optimum = num, config, resample, optimum
        self._rows = np.arange(num)
        # queues side by side: entry k of row n stands at k * num + n
        self._states = np.zeros((0, 10), dtype=np.float32)
        self._facts = np.zeros((FACTS, 0))
        self._head = np.zeros(num, dtype=np.int64)
        self._end = np.zeros(num, dtype=np.int64)
        self._seen = np.zeros((2, num), dtype=np.int64)  # feasible draws, draws

    def restart(self, row: int) -> None:
        """Forget what a row's former generator drew."""
        self._head[row] = self._end[row] = 0
        self._seen[:, row] = 0

    def take(self, generators: list[np.random.Generator], rows: IntArray | None = None) -> Drawn:
        """Take the next state of all rows, or of some."""
        which = self._rows if rows is None else rows
        while bool((self._head[which] == self._end[which]).any()):
            self._refill(generators, which)
        entries = self._head[which] * self.num + which
        self._head[which] += 1
        return Drawn(self._states.take(entries, axis=0), self._facts.take(entries, axis=1))

    def _refill(self, generators: list[np.random.Generator], which: IntArray) -> None:
        """Draw a block for every row of these that runs low."""
        left = self._end - self._head
        low = which[left[which] <= BLOCK // 4]
        room = int(left.max()) + BLOCK
        states = np.zeros((room * self.num, 10), dtype=np.float32)
        facts = np.zeros((FACTS, room * self.num))
        for k in range(int(left.max())):
            rows = np.flatnonzero(left > k)
            old, new = (self._head[rows] + k) * self.num + rows, k * self.num + rows
            states[new], facts[:, new] = self._states[old], self._facts[:, old]
        self._states, self._facts = states, facts
        self._head[:], self._end[:] = 0, left
        for at in range(0, len(low), ROWS):
            self._append(generators, low[at : at + ROWS])

    def _append(self, generators: list[np.random.Generator], rows: IntArray) -> None:
        """Draw a block for each of some rows and queue what is kept."""
        count = len(rows)
        uniform, normal = np.empty((count, BLOCK, 8)), np.empty((count, BLOCK, 2))
        for i, row in enumerate(rows.tolist()):
            generators[row].random(out=uniform[i])
            generators[row].standard_normal(out=normal[i])
        side_by_side = [
            np.ascontiguousarray(part.transpose(2, 1, 0)).reshape(-1, BLOCK * count)
            for part in (uniform, normal)
        ]
        states = states_from_noise(side_by_side[0], side_by_side[1], self.config)
        facts = describe(states, self.config, optimum=self.optimum)
        good = facts[FEASIBLE].reshape(BLOCK, count) > 0
        accepted = self._seen[0, rows] + good.cumsum(axis=0)
        drawn = self._seen[1, rows] + np.arange(1, BLOCK + 1)[:, None]
        facts[ACCEPTANCE] = (accepted / drawn).ravel()
        self._seen[0, rows], self._seen[1, rows] = accepted[-1], drawn[-1]
        kept: BoolArray = good if self.resample else np.ones_like(good)
        place = self._end[rows] + kept.cumsum(axis=0) - 1
        entries = (place * self.num + rows)[kept]
        chosen = np.flatnonzero(kept)
        self._states[entries] = states.T[chosen]
        self._facts[:, entries] = facts[:, chosen]
        self._end[rows] += kept.sum(axis=0)
