"""Schema of a benchmark; the values are YAML files in ``semverse.configs.benchmark``."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from semverse.envs.config import Config, load_yaml, parse, shipped

Seconds = Annotated[float, pydantic.Field(gt=0, le=1e6, strict=True, allow_inf_nan=False)]


class AgentEntry(TypedDict, total=False):
    """What stands under an agent's label; further keys are the agent's own."""

    __pydantic_config__ = pydantic.ConfigDict(extra="allow")  # type: ignore[misc]  # how pydantic reads it

    agent: str | None  # name in the registry; default: the label
    budget_s: Seconds | None  # time of this one; default: that of the benchmark


class RegionEntry(TypedDict, total=False):
    """What stands under a region's label; further keys replace those of the scenario."""

    __pydantic_config__ = pydantic.ConfigDict(extra="allow")  # type: ignore[misc]  # how pydantic reads it

    region: str | None  # shipped scenario or YAML file; default: the label


_LIST = pydantic.TypeAdapter(Annotated[tuple[str, ...], pydantic.Field(min_length=1)])
_MAPPING = pydantic.TypeAdapter(Annotated[dict[str, RegionEntry], pydantic.Field(min_length=1)])


def _check_regions(value: Any, _: pydantic.ValidatorFunctionWrapHandler) -> Any:
    """Validate by the form that was written: errors of the other form would only confuse."""
    return (_MAPPING if isinstance(value, dict) else _LIST).validate_python(value)


Regions = Annotated[tuple[str, ...] | dict[str, RegionEntry], pydantic.WrapValidator(_check_regions)]


@dataclasses.dataclass(frozen=True)
class Variant:
    """One line of the comparison: an agent of the registry, its budget and its own keys."""

    label: str
    agent: str  # name in the registry
    budget_s: float
    settings: dict[str, Any]


class BenchmarkConfig(Config):
    """Everything that decides what a benchmark computes; the values are YAML."""

    env: str
    regions: Regions  # shipped scenarios or YAML files, or label -> region and scenario keys
    seeds: Annotated[int, pydantic.Field(ge=1, le=10_000, strict=True)]  # instances a region
    first_seed: Annotated[int, pydantic.Field(ge=0, le=10**9, strict=True)] = 0  # seed of the first of them
    budget_s: Seconds  # time of one agent on one instance
    clock: Literal["wall", "processor"] = "wall"  # what all budgets and times are counted of
    certificate_budget_s: Seconds | None  # of the exact solver on one instance; null: take the agent's cell
    preferences: Annotated[int, pydantic.Field(ge=2, le=1000, strict=True)]  # points aimed at, evenly spread
    workers: Annotated[int, pydantic.Field(ge=1, le=1024, strict=True)] | None  # processes; null: one a core
    agents: Annotated[dict[str, AgentEntry], pydantic.Field(min_length=1)]  # label -> agent, budget, own keys
    reference_agent: str | None = None  # label whose front hv_vs_reference divides by
    scenario: dict[str, Any]  # top-level scenario keys that replace the regions' own, e.g. users: 50
    cells: tuple[Path, ...]  # OpenCellID files: none, one for all regions, or one a region
    traces: Path | None  # VR traces for the request probabilities

    @property
    def processes(self) -> int:
        """Number of worker processes."""
        return self.workers or len(available_cores())

    @property
    def all_seeds(self) -> range:
        """Seeds of the instances of each region."""
        return range(self.first_seed, self.first_seed + self.seeds)

    @property
    def variants(self) -> dict[str, Variant]:
        """The agents by label."""
        return {label: self._variant(label, dict(entry)) for label, entry in self.agents.items()}

    def _variant(self, label: str, entry: dict[str, Any]) -> Variant:
        agent, budget = entry.pop("agent", None), entry.pop("budget_s", None)
        return Variant(label, agent or label, budget or self.budget_s, entry)

    @property
    def certifier(self) -> str | None:
        """Label of the agent whose cells certify: the exact one with most time; None: separate cells do."""
        exact = [v for v in self.variants.values() if v.agent == "exact"]
        if self.certificate_budget_s is not None or not exact:
            return None
        return max(exact, key=lambda variant: variant.budget_s).label


def available_cores() -> list[int]:
    """Return the cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def load_benchmark(path: str | Path | None, flags: dict[str, Any]) -> BenchmarkConfig:
    """Read a configuration and put what was given on the command line on top.

    Args:
        path: YAML file; None means the one that ships.
        flags: values by key; None means not given. ``agents`` is a list of labels, which keep the
            settings the file has for them; so is ``regions`` where the file has a mapping.

    Raises:
        InputError: unreadable file, unknown key, bad value.
    """
    data = load_yaml(shipped("benchmark", "scc.yaml") if path is None else path)
    given = {key: value for key, value in flags.items() if value is not None}
    for key in {"agents", "regions"} & set(given):
        known = data.get(key)
        if key == "agents" or isinstance(known, dict):
            entries = known if isinstance(known, dict) else {}
            given[key] = {label: entries.get(label, {}) for label in given[key]}
    return parse(BenchmarkConfig, {**data, **given}, source="benchmark" if path is None else path)
