"""What a worker does for a benchmark of whole instances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from semverse.agents.base import Agent
from semverse.agents.benchmark.config import Variant
from semverse.agents.benchmark.fronts import record
from semverse.agents.benchmark.variants import make_variant
from semverse.envs.scc.io import load_instance
from semverse.envs.scc.types import Instance
from semverse.solvers.base import Budget, preference_grid

_AGENTS: dict[str, Agent] = {}  # by label
_SOLVE_STREAM = 1  # keeps an agent's random numbers apart from those that drew the instance


def run(task: Mapping[str, Any]) -> dict[str, Any]:
    """Solve or certify an instance."""
    instance = load_instance(task["instance"])
    return certify_cell(task, instance) if task["agent"] is None else solve_cell(task, instance)


def solve_cell(task: Mapping[str, Any], instance: Instance) -> dict[str, Any]:
    """Run one agent on one instance."""
    agent = _agent(task)
    budget = Budget(seconds=task["budget_s"], processor=task["processor"])
    clock = budget.start()
    front = agent.solve(
        instance,
        preferences=preference_grid(task["preferences"]),
        budget=budget,
        rng=np.random.default_rng([task["seed"], _SOLVE_STREAM]),
    )
    seconds = clock.elapsed
    placements, objectives = record.score(instance, front)
    return {
        "format": record.CELL_FORMAT,
        **{key: task[key] for key in ("region", "seed", "agent")},
        "seconds": seconds,
        "eq35_reference": record.eq35_reference(instance),
        "points": record.points(placements, objectives),
        "bounds": record.bounds(front.bounds),
        "history": record.history(front.history, seconds, objectives),
    }


def certify_cell(task: Mapping[str, Any], instance: Instance) -> dict[str, Any]:
    """Compute the certificate of one instance."""
    from semverse.solvers.certificate import certify_instance

    budget = Budget(seconds=task["budget_s"], processor=task["processor"])
    clock = budget.start()
    certificate = certify_instance(
        instance,
        preferences=preference_grid(task["preferences"]),
        budget=budget,
        rng=np.random.default_rng([task["seed"], _SOLVE_STREAM]),
    )
    return {
        "format": record.CERTIFICATE_FORMAT,
        **{key: task[key] for key in ("region", "seed")},
        "seconds": clock.elapsed,
        "certificate": certificate.to_json(),
    }


def _agent(task: Mapping[str, Any]) -> Agent:
    """Return the agent of a task; it is made once a process, which may mean to load a checkpoint."""
    if task["agent"] not in _AGENTS:
        _AGENTS[task["agent"]] = make_variant(Variant(**task["variant"]), task["env"])
    return _AGENTS[task["agent"]]
