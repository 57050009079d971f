"""Which kind of benchmark an environment has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from semverse.agents.registry import list_agents
from semverse.envs.errors import InputError
from semverse.envs.registration import EnvRow, find_env

if TYPE_CHECKING:
    from semverse.agents.benchmark.kind import Kind

# names are those of `semverse.envs.registration.EnvRow.benchmark`; imported when needed
_PACKAGES = {
    "front": "semverse.agents.benchmark.fronts",
    "episode": "semverse.agents.benchmark.episodes",
}


def find_kind(name: str) -> Kind[Any, Any, Any, Any]:
    """Return a kind by its name."""
    found: Kind[Any, Any, Any, Any] = import_module(f"{_PACKAGES[name]}.kind").KIND
    return found


def find_work(name: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Return what a worker does for a kind: from a task to the content of its cell's file (JSON values)."""
    run: Callable[[Mapping[str, Any]], dict[str, Any]] = import_module(f"{_PACKAGES[name]}.work").run
    return run


def kind_of(env_id: str) -> Kind[Any, Any, Any, Any]:
    """Return the kind of an environment's benchmark.

    Raises:
        InputError: there is none: its reward is no number, or no agent is registered for it.
    """
    return find_kind(kind_name(env_id))


def kind_name(env_id: str) -> str:
    """Return the name of that kind; an environment of somebody else is compared by its episodes.

    Raises:
        InputError: as `kind_of`.
    """
    row = find_env(env_id)
    if row is not None and row.benchmark == "episode" and row.kind != "gymnasium":
        raise _unsupported(env_id, *_REASONS[row.kind](row))
    if not list_agents(env_id):
        raise _unsupported(env_id, "no agent is registered for it", "see semverse list")
    return "episode" if row is None else row.benchmark


def _unsupported(env_id: str, reason: str, remedy: str) -> InputError:
    return InputError(
        f"semverse benchmark does not support it: {reason}",
        source="environment",
        key=env_id,
        remedy=remedy,
    )


def _scalar_twin(row: EnvRow) -> tuple[str, str]:
    twin = row.id.replace("/MO-", "/")
    return "its reward is a vector", f"use {twin}" if find_env(twin) else "see semverse list envs"


def _no_twin(row: EnvRow) -> tuple[str, str]:
    del row
    return "several agents act in it", "use one for a single agent, see semverse list envs"


_REASONS = {"mo-gymnasium": _scalar_twin, "pettingzoo": _no_twin}
