"""What the exact solver does with its time: which weighted sum, and which of its steps, comes next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semverse.envs.scc.model import evaluate
from semverse.envs.scc.types import FloatArray, Instance, IntArray
from semverse.solvers.archive import Archive
from semverse.solvers.base import Bound, Clock
from semverse.solvers.construct import construct, space_by_space
from semverse.solvers.descent import SpaceDescent
from semverse.solvers.exact.columns import Pool
from semverse.solvers.exact.config import ExactConfig
from semverse.solvers.exact.integer import choose_columns
from semverse.solvers.exact.pricing import Rules
from semverse.solvers.exact.relaxation import Problem, Relaxation, Relaxer
from semverse.solvers.exact.tree import Tree
from semverse.solvers.exact.variety import add_variety
from semverse.solvers.layout import Layout
from semverse.solvers.relink import fill

_INSIDE = 1e-6  # relative; how far below a corner of the front a point must lie
_MOST_COLUMNS = 200_000  # of the integer steps, some hundred MB; beyond, they are collected anew
_ROUNDING = 1e-8  # relative; taken off every bound, so that it holds in spite of rounding


@dataclass
class Target:
    """One weighted sum and what is known of it."""

    problem: Problem
    relaxation: Relaxation
    bound: float
    tree: Tree | None = None
    visits: int = 0

    @property
    def open(self) -> bool:
        """Whether anything is left to search."""
        return self.tree is None or self.tree.open


class Search:
    """The state of one solve."""

    def __init__(
        self, instance: Instance, config: ExactConfig, clock: Clock, rng: np.random.Generator
    ) -> None:
        self.instance, self.config, self.clock, self.rng = instance, config, clock, rng
        self.archive = Archive(instance, clock)
        self.targets: list[Target] = []
        self.pool = Pool(instance, Layout.of(instance))  # of the linear relaxations
        self.wide = Pool(instance, self.pool.layout)  # of the integer steps: these columns and many more
        self._tried: set[bytes] = set()  # corners of the front that were searched below
        self._shared = 0  # columns of the first pool that the second has taken over
        self._relaxer = Relaxer(self.pool, config.columns_per_space)

    def start(self, weights: FloatArray) -> None:
        """Put greedy placements, improved by one descent, into archive and pool."""
        placements = construct(self.instance, weights, order=space_by_space(self.instance))
        share = self.clock.share(0.1)
        feasible = evaluate(self.instance, placements).feasible
        if feasible.any():
            descent = SpaceDescent(self.instance, weights[feasible])
            self._keep(descent.run(placements[feasible], share))

    def _keep(self, placements: IntArray) -> None:
        self.archive.add(placements)
        self.pool.add_placements(placements)

    def new_target(self, weights: FloatArray, limits: FloatArray | None = None) -> Target:
        """Relax one weighted sum; weights are scaled to sum to 1."""
        problem = Problem(
            weights / weights.sum(),
            Rules.none(self.instance),
            np.full(2, np.inf) if limits is None else limits,
        )
        relaxation = self._relaxer.solve(problem, self.config.tolerance, self.clock)
        margin = _ROUNDING * max(abs(relaxation.lower_bound), 1.0)
        target = Target(problem, relaxation, relaxation.lower_bound - margin)
        self.targets.append(target)
        return target

    def best(self, target: Target) -> tuple[IntArray | None, float]:
        """Return the best placement in the archive for a target, and its value (infinite for none)."""
        objectives = self.archive.objectives
        value = objectives @ target.problem.weights
        value = np.where((objectives <= target.problem.limits).all(axis=1), value, np.inf)
        if not len(value) or not np.isfinite(value.min()):
            return None, np.inf
        return self.archive.placements[int(value.argmin())], float(value.min())

    def settled(self, target: Target) -> bool:
        """Whether a target is proven optimal."""
        value = self.best(target)[1]
        return value < np.inf and value - target.bound <= self.config.optimality * max(value, 1e-12)

    def visit(self, target: Target) -> None:
        """Spend a slice of time on one target: first on known columns, then on cuts, then on branching."""
        if target.visits == 1:
            self._tighten(target)
        elif target.visits:
            self._branch(target)
        if target.visits:
            self._vary(target)
        self._combine(target)
        target.visits += 1

    def _tighten(self, target: Target) -> None:
        """Begin the target's search tree: host sets within the gap, and cuts."""
        upper = self.best(target)[1]
        per_space = self.config.columns_per_space
        tree = target.tree = Tree(self.pool, target.problem, target.relaxation, upper, per_space)
        tree.tighten(self.clock, self.config.tolerance)
        target.relaxation = tree.root
        self._raise_bound(target, tree.bound)

    def _raise_bound(self, target: Target, bound: float) -> None:
        margin = _ROUNDING * max(abs(bound), 1.0) if np.isfinite(bound) else 0.0
        target.bound = max(target.bound, bound - margin)

    def _vary(self, target: Target) -> None:
        """Add columns of all host sets whose reduced cost is within a share of the gap."""
        relaxation = target.relaxation
        gap = self.best(target)[1] - relaxation.lower_bound
        if np.isfinite(gap):
            add_variety(
                self.wide,
                target.problem,
                relaxation,
                self.config.variety_share * gap,
                self.rng,
                draws=self.config.variety_draws,
                sets_per_space=self.config.variety_sets,
            )

    def _combine(self, target: Target) -> None:
        """Choose among known columns, polish the outcome, keep it."""
        if len(self.wide) > _MOST_COLUMNS:
            self.wide, self._shared = Pool(self.instance, self.pool.layout), 0
        for column in self.pool.columns[self._shared :]:
            self.wide.add(column.space, column.assignment)
        self._shared = len(self.pool)
        value = self.best(target)[1]
        root = target.relaxation.lower_bound
        upper = min(value, root + self.config.window * abs(root))
        effort, most = self.config.integer_effort, self.config.integer_columns
        placement = choose_columns(
            self.wide, target.problem, target.relaxation, upper, effort, self.clock, most
        )
        if placement is not None:
            self._keep(placement[None])
            descent = SpaceDescent(self.instance, target.problem.weights[None], candidates=20)
            self._keep(descent.run(placement[None], self.clock))

    def _branch(self, target: Target) -> None:
        """Continue the target's search tree, and share the columns that it met."""

        def offer(placement: IntArray) -> float:
            self._keep(placement[None])
            return self.best(target)[1]

        tree = target.tree
        if tree is None:
            return
        upper = self.best(target)[1]
        tree.advance(self.config.nodes, self.clock, self.config.optimality, upper, offer)
        self._raise_bound(target, tree.bound)
        for column in tree.pool.columns:
            self.pool.add(column.space, column.assignment)

    @property
    def reserved(self) -> bool:
        """Whether what is left of the budget is reserved for the cheap points in between."""
        seconds = self.clock.budget.seconds or np.inf
        reserve = self.config.fill_share * seconds if np.isfinite(seconds) else 0.0
        return self.clock.expired or self.clock.left <= reserve

    def refine(self) -> None:
        """Close gaps of bounds and of the front in turn; at last add all cheap points in between."""
        while not self.reserved:
            open_targets = [t for t in self.targets if t.open and not self.settled(t)]
            if open_targets:
                self.visit(max(open_targets, key=self._slack))
            if not self._step_in_between() and not open_targets:
                break
        fill(self.archive, self.instance, self.rng, self.clock)

    def _step_in_between(self) -> bool:
        """Look for a point inside the largest step of the front not tried yet; False if none is left."""
        front = self.archive.objectives[np.argsort(self.archive.objectives[:, 0])]
        corners = np.stack([front[1:, 0], front[:-1, 1]], axis=1)  # a point below both improves the step
        area = -np.diff(front[:, 0]) * np.diff(front[:, 1])
        untried = [i for i in np.argsort(-area) if corners[i].tobytes() not in self._tried]
        if not untried:
            return False
        corner = corners[untried[0]]
        self._tried.add(corner.tobytes())
        weights = np.array([t.problem.weights for t in self.targets])
        room = weights @ corner - np.array([t.relaxation.lower_bound for t in self.targets])
        target = self.targets[int((room / (weights @ np.ptp(front, axis=0))).argmin())]
        problem = Problem(target.problem.weights, target.problem.rules, corner * (1 - _INSIDE))
        placement = choose_columns(
            self.wide,
            problem,
            target.relaxation,
            float(target.problem.weights @ corner),
            self.config.step_effort,
            self.clock,
            self.config.integer_columns,
        )
        if placement is not None:
            self._keep(placement[None])
        return True

    def _slack(self, target: Target) -> float:
        """Return a target's gap relative to the extent of the front, which is what hypervolume sees."""
        objectives = self.archive.objectives
        if not len(objectives):
            return np.inf
        extent = float(target.problem.weights @ np.ptp(objectives, axis=0))
        # halved at each visit, so that a stubborn gap does not take all the time
        return (self.best(target)[1] - target.bound) / max(extent, 1e-12) * 0.5**target.visits

    def bounds(self) -> tuple[Bound, ...]:
        """Return the certified bounds of all targets."""
        return tuple(
            Bound((float(w[0]), float(w[1])), t.bound, t.relaxation.complete)
            for t in self.targets
            for w in [t.problem.weights]
        )
