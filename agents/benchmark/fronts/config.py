"""Schema of a benchmark of whole instances."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pydantic
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from semverse.agents.benchmark.config import BenchmarkConfig, Seconds


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


class FrontConfig(BenchmarkConfig):
    """Everything that decides what a benchmark of whole instances computes; the values are YAML."""

    regions: Regions  # shipped scenarios or YAML files, or label -> region and scenario keys
    certificate_budget_s: Seconds | None  # of the exact solver on one instance; null: take the agent's cell
    preferences: Annotated[int, pydantic.Field(ge=2, le=1000, strict=True)]  # points aimed at, evenly spread
    scenario: dict[str, Any]  # top-level scenario keys that replace the regions' own, e.g. users: 50
    cells: tuple[Path, ...]  # OpenCellID files: none, one for all regions, or one a region
    traces: Path | None  # VR traces for the request probabilities

    @property
    def all_seeds(self) -> range:
        """Seeds of the instances of each region."""
        return range(self.first_seed, self.first_seed + self.seeds)

    @property
    def certifier(self) -> str | None:
        """Label of the agent whose cells certify: the exact one with most time; None: separate cells do."""
        exact = [v for v in self.variants.values() if v.agent == "exact"]
        if self.certificate_budget_s is not None or not exact:
            return None
        return max(exact, key=lambda variant: variant.budget_s).label
