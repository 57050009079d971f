"""Processes that wait for work, so that a solver with a time limit need not start any."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from typing import Any

from semverse.solvers.processes import ONE_THREAD, child_environment


class Helper:
    """A process that calls functions, one at a time; it ends with its parent, or when nobody holds it."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")  # fork would inherit locks of BLAS and torch
        self._pipe, child = context.Pipe()
        with child_environment(ONE_THREAD):
            process = context.Process(target=_serve, args=(child,), daemon=True)
            process.start()
        child.close()

    def ask(self, function: Callable[[Any], Any], argument: Any) -> None:
        """Let the process call a function of a module; `answer` then waits for what it returns."""
        self._pipe.send((function, argument))

    def answer(self) -> Any:
        """Return what the function returned.

        Raises:
            RuntimeError: the process ended; its own output says why.
        """
        try:
            return self._pipe.recv()
        except (EOFError, ConnectionError) as error:
            raise RuntimeError("a helping process ended before it answered") from error


def start_helpers(count: int) -> list[Helper]:
    """Start processes and wait until all of them have imported what they need."""
    helpers = [Helper() for _ in range(count)]
    for helper in helpers:
        helper.ask(_ready, None)
    for helper in helpers:
        helper.answer()
    return helpers


def _ready(_: None) -> None:
    """Import what takes long."""
    import semverse.solvers.relink  # noqa: F401


def _serve(pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends us
    threading.Thread(target=end_with_parent, daemon=True).start()
    while True:
        try:
            function, argument = pipe.recv()
        except EOFError:
            return
        pipe.send(function(argument))


def end_with_parent() -> None:
    """Wait until the parent process is gone, then end this one at once: nobody would take its results."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
