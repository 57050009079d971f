"""Labels to learn from: near-optimal placements at several preferences, with certified lower bounds."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pydantic

from semverse.envs.config import Config
from semverse.envs.scc.model import evaluate
from semverse.envs.scc.reward import raw_weights
from semverse.envs.scc.types import FloatArray, Instance, IntArray
from semverse.solvers.base import Budget, spread_order
from semverse.solvers.construct import best_of, ruin
from semverse.solvers.descent import SpaceDescent
from semverse.solvers.exact.config import ExactConfig
from semverse.solvers.exact.search import Search
from semverse.solvers.label_types import Labels

__all__ = ["LabelConfig", "Labels", "label", "label_preferences"]


class LabelConfig(Config):
    """How much work goes into the labels of one instance; no limit is in seconds."""

    preferences: Annotated[int, pydantic.Field(ge=2, le=1000, strict=True)]  # an instance
    visits: Annotated[int, pydantic.Field(ge=1, le=100, strict=True)]  # of the exact solver, a preference
    candidates: Annotated[int, pydantic.Field(ge=1, le=100, strict=True)]  # host sets of the descent
    restarts: Annotated[int, pydantic.Field(ge=0, le=1000, strict=True)]  # ruin and descent, all preferences
    ruined_spaces: Annotated[int, pydantic.Field(ge=1, le=1000, strict=True)]  # a restart
    exact: ExactConfig


def label_preferences(count: int, rng: np.random.Generator) -> FloatArray:
    """Draw preferences [count, 2]: both extremes, and one evenly drawn from each equal slice between.

    Other preferences with every instance, so that a network cannot learn a few by heart.
    """
    inner = (np.arange(count - 2) + rng.random(count - 2)) / max(count - 2, 1)
    latency = np.round(np.concatenate([[1.0], np.sort(inner)[::-1], [0.0]]), 6)
    return np.stack([latency, 1.0 - latency], axis=1)


def label(instance: Instance, preferences: FloatArray, config: LabelConfig, seed: int) -> Labels | None:
    """Solve one instance at several preferences: exact solver first, then descent on its placements.

    Every limit is a count or CP-SAT's deterministic time, so that the same call gives the same labels
    on a loaded machine.

    Args:
        instance: the problem.
        preferences: weights on normalised latency and energy [P, 2].
        config: how much work to do.
        seed: of all randomness.

    Returns:
        The best known placement at each preference, None where no feasible placement was found.
    """
    rng = np.random.default_rng(seed)
    weights = raw_weights(instance, preferences)
    search = Search(instance, config.exact, Budget().start(), rng)
    search.start(weights)
    order = list(spread_order(len(weights)))
    targets = {i: search.new_target(weights[i]) for i in order[:2]}
    for i in order:
        target = targets.get(i) or targets.setdefault(i, search.new_target(weights[i]))
        for _ in range(config.visits):
            if not search.settled(target):
                search.visit(target)
    if not len(search.archive.placements):
        return None
    best = _polish(search, weights, config, rng)
    bounds = np.array([targets[i].bound * weights[i].sum() for i in range(len(weights))])
    return Labels(preferences, best, evaluate(instance, best), bounds)


def _polish(search: Search, weights: FloatArray, config: LabelConfig, rng: np.random.Generator) -> IntArray:
    """Return the best placement for each pair of weights [P, R], descended from all that is known."""
    instance = search.instance
    descent = SpaceDescent(instance, weights, config.candidates)
    best = best_of(instance, weights, search.archive.placements)
    for restart in range(config.restarts + 1):
        start = ruin(instance, weights, best, config.ruined_spaces, rng) if restart else best
        found = descent.run(start, Budget().start())
        best = best_of(instance, weights, np.concatenate([best, found]))
    return best
