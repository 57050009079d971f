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
from semverse.envs.isgc.types import FloatArray, IntArray, Links, State

BLOCK = 128  # draws a row and refill
LOW = 32  # a row is filled up together with one that ran dry if it has at most as many left
ROWS = 64  # rows whose blocks are worked on at once: few calls, and the arrays stay in the cache

# rows of a fact table: what is known of a state beside the state itself
STRENGTH = slice(0, 3)
TIME_LEFT, FEASIBLE, ACCEPTANCE, OPTIMAL = 3, 4, 5, 6
FACTS = 7
ENTRY = np.dtype([("state", np.float32, 10), ("facts", np.float64, FACTS)])
OPAQUE = np.dtype((np.void, ENTRY.itemsize))
NUMBERS = np.arange(1, BLOCK + 1)


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
    facts = np.empty((FACTS, states.shape[1]))
    links = links_of(State(*states.astype(np.float64)), config, out=links_in(facts))
    facts[FEASIBLE], facts[ACCEPTANCE:] = feasible_links(links, config), 0.0
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
        # one ring a row: its entry k stands at [k % size, row], so that rows in step lie side by side
        self._size = BLOCK + LOW
        self._ring = np.zeros((self._size, num), dtype=ENTRY)
        self._head = np.zeros(num, dtype=np.int64)
        self._end = np.zeros(num, dtype=np.int64)
        self._seen = np.zeros((2, num), dtype=np.int64)  # feasible draws, draws
        blocks = min(num, ROWS)
        self._uniform = np.empty((blocks, BLOCK, 8), dtype=np.float32)
        self._normal = np.empty((blocks, BLOCK, 2), dtype=np.float32)
        self._entries = np.empty((blocks, BLOCK), dtype=ENTRY)

    def restart(self, row: int) -> None:
        """Forget what a row's former generator drew."""
        self._head[row] = self._end[row] = 0
        self._seen[:, row] = 0

    def take(self, generators: Sequence[np.random.Generator], rows: IntArray | None = None) -> Drawn:
        """Take the next state of all rows, or of some."""
        which = slice(None) if rows is None else rows  # a view costs less than all rows by number
        while not (left := self._end[which] - self._head[which]).all():
            low = self._rows[which][left <= LOW]
            for at in range(0, len(low), ROWS):
                self._append(generators, low[at : at + ROWS])
        heads = self._head[which]
        if rows is None and bool((heads == heads[0]).all()):
            taken = self._ring[heads[0] % self._size]
        else:
            taken = self._ring[heads % self._size, self._rows[which]]
        self._head[which] += 1
        return Drawn(taken["state"].copy(), taken["facts"].T.copy())

    def _append(self, generators: Sequence[np.random.Generator], rows: IntArray) -> None:
        """Draw a block for each of some rows and queue what is kept."""
        count = len(rows)
        uniform, normal = self._uniform[:count], self._normal[:count]
        for i, row in enumerate(rows.tolist()):
            generators[row].random(out=uniform[i], dtype=np.float32)
            generators[row].standard_normal(out=normal[i], dtype=np.float32)
        states = states_from_noise(
            np.ascontiguousarray(uniform.reshape(-1, 8).T),
            np.ascontiguousarray(normal.reshape(-1, 2).T),
            self.config,
        )
        facts = describe(states, self.config, optimum=self.optimum)
        good = (facts[FEASIBLE] > 0).reshape(count, BLOCK)
        feasible = good.cumsum(axis=1)
        accepted, drawn = self._seen[0, rows, None] + feasible, self._seen[1, rows, None] + NUMBERS
        np.divide(accepted, drawn, out=facts[ACCEPTANCE].reshape(count, BLOCK))
        self._seen[0, rows], self._seen[1, rows] = accepted[:, -1], drawn[:, -1]
        entries = self._entries[:count]
        flat = entries.reshape(-1)
        flat["state"], flat["facts"] = states.T, facts.T
        # a state that is dropped goes where the next one will overwrite it, or behind the end
        self._queue(entries, feasible - good if self.resample else NUMBERS - 1, rows)
        self._end[rows] += feasible[:, -1] if self.resample else BLOCK

    def _queue(self, entries: npt.NDArray[np.void], order: IntArray, rows: IntArray) -> None:
        """Put entries [R, BLOCK] in their order, counted from 0, behind the ends of the rings of R rows."""
        place = (self._end[rows] % self._size)[:, None] + order
        place[place >= self._size] -= self._size
        place *= len(self._rows)
        place += rows[:, None]
        # as opaque bytes, which numpy moves ten times faster than records
        self._ring.reshape(-1).view(OPAQUE)[place] = entries.view(OPAQUE)
