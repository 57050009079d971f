"""What a worker process does: one cell after another, results back as JSON text."""

from __future__ import annotations

import json
import os
import signal
import threading
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from typing import Any

import numpy as np

from semverse.agents.base import Agent
from semverse.agents.benchmark import record
from semverse.agents.benchmark.config import Variant
from semverse.agents.benchmark.plan import make_variant
from semverse.agents.registry import list_agents, register_agent
from semverse.envs.errors import InputError
from semverse.envs.scc.io import load_instance
from semverse.envs.scc.types import Instance
from semverse.solvers.base import Budget, preference_grid

_AGENTS: dict[str, Agent] = {}  # by label
_SOLVE_STREAM = 1  # keeps an agent's random numbers apart from those that drew the instance


def serve(connection: Connection, core: int | None) -> None:
    """Run cells until the parent closes the connection.

    Args:
        connection: takes a task (JSON), gives ``{"result": text}`` or ``{"error": line}`` (JSON).
        core: the core to stay on, so that a solver with many threads takes no time from its neighbours.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends us
    if core is not None:
        os.sched_setaffinity(0, {core})
    threading.Thread(target=_die_with_parent, daemon=True).start()
    while True:
        try:
            task = json.loads(connection.recv_bytes())
        except EOFError:
            return
        try:
            reply = {"result": json.dumps(run_task(task))}
        except InputError as error:
            reply = {"error": str(error)}
        connection.send_bytes(json.dumps(reply).encode())


def _die_with_parent() -> None:
    """End at once when the parent is killed: nobody would take the result."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def run_task(task: dict[str, Any]) -> dict[str, Any]:
    """Run one cell and return its record as JSON values.

    Raises:
        InputError: the agent or the instance cannot be used.
    """
    instance = load_instance(task["instance"])
    return certify_cell(task, instance) if task["agent"] is None else solve_cell(task, instance)


def solve_cell(task: dict[str, Any], instance: Instance) -> dict[str, Any]:
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


def certify_cell(task: dict[str, Any], instance: Instance) -> dict[str, Any]:
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


def _agent(task: dict[str, Any]) -> Agent:
    """Return the agent of a task; it is made once a process, which may mean to load a checkpoint."""
    if task["agent"] not in _AGENTS:
        variant = Variant(**task["variant"])
        # one that the parent registered at run time is unknown to a fresh process
        if variant.agent not in {spec.name for spec in list_agents()}:
            register_agent(variant.agent, task["target"], supports=[task["env"]])
        _AGENTS[task["agent"]] = make_variant(variant, task["env"])
    return _AGENTS[task["agent"]]
