"""What a worker process does: one cell after another, results back as JSON text."""

from __future__ import annotations

import json
import os
import signal
import threading
from multiprocessing.connection import Connection
from typing import Any

from semverse.agents.benchmark.kinds import find_work
from semverse.agents.registry import list_agents, register_agent
from semverse.envs.errors import InputError
from semverse.solvers.helpers import end_with_parent


def serve(connection: Connection, core: int | None) -> None:
    """Run cells until the parent closes the connection.

    Args:
        connection: takes a task (JSON), gives ``{"result": text}`` or ``{"error": line}`` (JSON).
        core: the core to stay on, so that a solver with many threads takes no time from its neighbours; None
            for a worker that has none.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends us
    if core is not None:
        os.sched_setaffinity(0, {core})
    threading.Thread(target=end_with_parent, daemon=True).start()
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


def run_task(task: dict[str, Any]) -> dict[str, Any]:
    """Run one cell and return its record as JSON values.

    Raises:
        InputError: the agent or what it works on cannot be used.
    """
    spec = task["spec"]
    # an agent that the parent registered at run time is unknown to a fresh process
    if spec is not None and spec["name"] not in {known.name for known in list_agents()}:
        register_agent(**spec)
    return find_work(task["kind"])(task)
