"""What a worker does for a benchmark of episodes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from semverse.agents.benchmark.config import Variant
from semverse.agents.benchmark.episodes.actors import limit, make_actor
from semverse.agents.benchmark.episodes.record import BOUNDS_FORMAT, CELL_FORMAT
from semverse.agents.training.bounds import bound_of, episode_bounds
from semverse.agents.training.play import Played, play_episode
from semverse.agents.training.vector import make_env, telling_settings
from semverse.solvers.base import Budget


def run(task: Mapping[str, Any]) -> dict[str, Any]:
    """Play a set of episodes or find its bounds."""
    return bound_cell(task) if task["agent"] is None else play_cell(task)


def play_cell(task: Mapping[str, Any]) -> dict[str, Any]:
    """Let one agent play a set of episodes; it is made anew, so that no set depends on another."""
    variant = Variant(**task["variant"])
    env = make_env(task["env"], telling_settings(task["env"], task["settings"]))
    weights = None if task["weights"] is None else Path(task["weights"])
    agent = make_actor(variant, env, task["settings"], weights)
    limit(agent, Budget(seconds=variant.budget_s, processor=task["processor"]))
    clock = time.process_time if task["processor"] else time.perf_counter
    started = clock()
    played = [play_episode(agent, env, seed, clock) for seed in _seeds(task)]
    seconds = clock() - started
    env.close()
    return {
        "format": CELL_FORMAT,
        **{key: task[key] for key in ("agent", "training", "seed")},
        "seconds": seconds,
        "returns": [episode.total for episode in played],
        "steps": [episode.steps for episode in played],
        "bounds": _told_bounds(task["env"], played),
        "infos": {
            name: [episode.means.get(name) for episode in played]
            for name in sorted(set().union(*(episode.means for episode in played)))
        },
        "decision_ms": _decision_ms(played),
    }


def bound_cell(task: Mapping[str, Any]) -> dict[str, Any]:
    """Find the bounds of a set of episodes."""
    started = time.perf_counter()
    found = episode_bounds(task["env"], task["settings"], _seeds(task))
    assert found is not None  # such cells are planned only where a function tells the bound
    return {
        "format": BOUNDS_FORMAT,
        "seed": task["seed"],
        "seconds": time.perf_counter() - started,
        "bounds": found.tolist(),
    }


def _seeds(task: Mapping[str, Any]) -> range:
    return range(task["seed"], task["seed"] + task["episodes"])


def _told_bounds(env_id: str, played: Sequence[Played]) -> list[float] | None:
    """Return the bounds of the episodes where the infos tell them."""
    bound = bound_of(env_id)
    if bound is None or bound.info is None:
        return None
    return [episode.sums[bound.info] for episode in played]


def _decision_ms(played: Sequence[Played]) -> list[float]:
    """Return the times of all decisions but the first, to four digits."""
    seconds = [taken for episode in played for taken in episode.decision_s]
    return [float(f"{1e3 * taken:.4g}") for taken in seconds[1:] or seconds]
