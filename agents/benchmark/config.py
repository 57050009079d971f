"""Schema of what all benchmarks have; the values are YAML files in ``semverse.configs.benchmark``."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from semverse.agents.benchmark.kinds import kind_of
from semverse.envs.config import Config, load_yaml, parse, shipped
from semverse.envs.errors import InputError

DEFAULT_ENV = "semverse/SCC-v0"
Seconds = Annotated[float, pydantic.Field(gt=0, le=1e6, strict=True, allow_inf_nan=False)]


class AgentEntry(TypedDict, total=False):
    """What stands under an agent's label; further keys are the agent's own."""

    __pydantic_config__ = pydantic.ConfigDict(extra="allow")  # type: ignore[misc]  # how pydantic reads it

    agent: str | None  # name in the registry; default: the label
    budget_s: Seconds | None  # time of this one; default: that of the benchmark
    clock: Literal["wall", "processor"] | None  # what its time is counted of; default: that of the benchmark


@dataclasses.dataclass(frozen=True)
class Variant:
    """One line of the comparison: an agent of the registry, its budget and its own keys."""

    label: str
    agent: str  # name in the registry
    budget_s: float
    clock: str
    settings: dict[str, Any]


class BenchmarkConfig(Config):
    """What decides the results of any benchmark; each kind adds keys of its own."""

    env: str
    seeds: Annotated[
        int, pydantic.Field(ge=1, le=10_000, strict=True)
    ]  # instances a region, or sets of episodes
    first_seed: Annotated[int, pydantic.Field(ge=0, le=10**9, strict=True)] = 0  # seed of the first of them
    budget_s: Seconds  # time of one agent on one instance
    clock: Literal["wall", "processor"] = "wall"  # what all budgets and times are counted of
    workers: Annotated[int, pydantic.Field(ge=1, le=1024, strict=True)] | None  # processes; null: one a core
    agents: Annotated[dict[str, AgentEntry], pydantic.Field(min_length=1)]  # label -> agent, budget, own keys
    reference_agent: str | None = None  # label that the others are compared with

    @property
    def processes(self) -> int:
        """Number of worker processes."""
        return self.workers or len(available_cores())

    @property
    def variants(self) -> dict[str, Variant]:
        """The agents by label."""
        return {label: self._variant(label, dict(entry)) for label, entry in self.agents.items()}

    def _variant(self, label: str, entry: dict[str, Any]) -> Variant:
        agent, budget, clock = (entry.pop(key, None) for key in ("agent", "budget_s", "clock"))
        return Variant(label, agent or label, budget or self.budget_s, clock or self.clock, entry)


def available_cores() -> list[int]:
    """Return the cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def load_benchmark(path: str | Path | None, flags: dict[str, Any]) -> BenchmarkConfig:
    """Read a configuration and put what was given on the command line on top.

    Args:
        path: YAML file; None means the one that ships for the environment.
        flags: values by key; None means not given. ``agents`` is a list of labels, which keep the
            settings the file has for them; so is ``regions`` where the file has a mapping. The file's
            reference agent counts only if it is one of them.

    Returns:
        The configuration, of the schema that the environment's kind of benchmark has.

    Raises:
        InputError: unreadable file, unknown key, bad value, an environment without a benchmark.
    """
    given = {key: value for key, value in flags.items() if value is not None}
    data = load_yaml(default_file(given.get("env", DEFAULT_ENV)) if path is None else path)
    source = "benchmark" if path is None else path
    env = given.get("env", data.get("env"))
    if not isinstance(env, str):
        raise InputError(f"is {env!r:.60}", source=source, key="env", remedy="give the id of an environment")
    kind = kind_of(env)
    if "agents" in given:
        given["agents"] = _picked(given["agents"], data.get("agents"), kind.entry)
        if data.get("reference_agent") not in given["agents"]:
            data.pop("reference_agent", None)  # not asked for; the flag may name another
    if "regions" in given and isinstance(data.get("regions"), dict):
        given["regions"] = _picked(given["regions"], data["regions"], lambda _: {})
    config: BenchmarkConfig = parse(kind.schema, {**data, **given}, source=source)
    return config


def _picked(labels: Iterable[str], entries: Any, fresh: Callable[[str], Any]) -> dict[str, Any]:
    """Return the entries of these labels: those of the file, else fresh ones."""
    known = entries if isinstance(entries, dict) else {}
    return {label: known[label] if label in known else fresh(label) for label in labels}


def default_file(env: str) -> Path:
    """Return the benchmark that ships for an environment: the shortest name that has it as its ``env``.

    Raises:
        InputError: there is none.
    """
    files = sorted(shipped("benchmark").glob("*.yaml"), key=lambda path: (len(path.stem), path.stem))
    found = next((path for path in files if load_yaml(path).get("env") == env), None)
    default = kind_of(env).default
    if found is None and default is None:
        raise InputError("no benchmark ships for it", source="environment", key=env, remedy="give a --config")
    return found or shipped("benchmark", str(default))
