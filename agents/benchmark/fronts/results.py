"""From the files of a benchmark to scored results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from semverse.agents.benchmark.fronts.cell import Cell
from semverse.agents.benchmark.fronts.certificates import find_certificates
from semverse.agents.benchmark.fronts.config import FrontConfig
from semverse.agents.benchmark.fronts.plan import grid_cells
from semverse.agents.benchmark.fronts.record import CellRecord
from semverse.agents.benchmark.store import Store
from semverse.envs.scc.types import FloatArray
from semverse.solvers.certificate import Certificate
from semverse.solvers.indicators import additive_epsilon, hypervolume, igd_plus, r2, scaled

CURVE_POINTS = 30  # times at which curves are drawn, spread geometrically over the budget
VERSUS_REFERENCE = "hv_vs_reference"
CURVE_START = 1e-3  # first of them, as a share of the budget


@dataclass(frozen=True, eq=False)
class Yardstick:
    """What the fronts of an instance are held against; None where it is not there (yet)."""

    certificate: Certificate | None
    reference: FloatArray | None  # final front [K, 2] of the reference agent

    def versus_reference(self, objectives: FloatArray) -> float:
        """Return the hypervolume of a front [K, 2] over that of the reference front, if both are known.

        Both below the certificate's reference point; NaN where one is missing or the reference is empty.
        """
        if self.certificate is None or self.reference is None:
            return np.nan
        corner = self.certificate.reference_point
        whole = hypervolume(self.reference, corner)
        return hypervolume(objectives, corner) / whole if whole > 0 else np.nan


@dataclass(frozen=True)
class Metric:
    """One indicator of a front against an instance's yardstick."""

    key: str
    title: str
    larger_is_better: bool
    # from objectives [K, 2], the reference point of eq. 35 and the certificate (None where "hv" is asked)
    measure: Callable[[FloatArray, FloatArray, Any], float]


METRICS = (
    Metric("hv", "hypervolume (eq. 35)", True, lambda z, ref, _: hypervolume(z / ref, [1.0, 1.0])),
    Metric(
        "hv_ratio",
        "hypervolume / certified bound",
        True,
        lambda z, _, known: known.certificate.hypervolume_ratio(z),
    ),
    Metric(
        "igd_plus",
        "IGD+ to the certifying front",
        False,
        lambda z, _, known: igd_plus(_unit(z, known), _unit(known.certificate.front, known)),
    ),
    Metric(
        "additive_epsilon",
        "additive epsilon to the certifying front",
        False,
        lambda z, _, known: additive_epsilon(_unit(z, known), _unit(known.certificate.front, known)),
    ),
    Metric("r2", "R2 to the ideal point", False, lambda z, _, known: r2(_unit(z, known), [0.0, 0.0])),
    Metric(
        "gap",
        "mean certified gap of weighted sums",
        False,
        lambda z, _, known: known.certificate.gaps(z).mean(),
    ),
    Metric("worst_gap", "largest certified gap", False, lambda z, _, known: known.certificate.gaps(z).max()),
)


def _unit(objectives: FloatArray, known: Any) -> FloatArray:
    """Scale objectives so that the certificate's ideal and nadir become (0, 0) and (1, 1)."""
    return scaled(objectives, known.certificate.ideal, known.certificate.nadir)


@dataclass(frozen=True, eq=False)
class Scored:
    """One finished cell with its indicators."""

    cell: Cell
    record: CellRecord
    metrics: dict[str, float | None]  # None: not finite (empty front), or the certificate is missing


@dataclass(frozen=True, eq=False)
class Results:
    """Everything a benchmark folder holds."""

    config: FrontConfig
    cells: tuple[Cell, ...]  # all of them, in the order of the configuration
    scored: tuple[Scored, ...]
    yardsticks: dict[str, Yardstick]  # by instance
    certificate_seconds: dict[str, float]
    missing: tuple[Cell, ...]  # cells that are not finished

    @property
    def agents(self) -> list[str]:
        """Labels of the agents in the order of the configuration."""
        return list(self.config.agents)

    @property
    def regions(self) -> list[str]:
        """Regions in the order of the configuration, by name."""
        return list(dict.fromkeys(cell.region for cell in self.cells))

    @property
    def instances(self) -> list[str]:
        """Names of the instances with at least one agent's finished cell."""
        finished = {s.cell.instance for s in self.scored}
        return [name for name in dict.fromkeys(cell.instance for cell in self.cells) if name in finished]

    @property
    def certificates(self) -> dict[str, Certificate]:
        """The certificates that are there, by instance."""
        known = {name: yardstick.certificate for name, yardstick in self.yardsticks.items()}
        return {name: certificate for name, certificate in known.items() if certificate is not None}

    @property
    def uncertified(self) -> list[str]:
        """Instances whose certifying agent is finished, but without a point or a bound."""
        done = {s.cell.instance for s in self.scored if s.cell.agent == self.config.certifier}
        return [name for name in self.instances if name in done - self.certificates.keys()]

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The indicators of this benchmark."""
        return measured_metrics(self.config)

    def of(
        self, *, agent: str | None = None, region: str | None = None, instance: str | None = None
    ) -> list[Scored]:
        """Return the finished cells of an agent, a region or an instance."""
        return [
            s
            for s in self.scored
            if agent in (None, s.cell.agent)
            and region in (None, s.cell.region)
            and instance in (None, s.cell.instance)
        ]


def measured_metrics(config: FrontConfig) -> tuple[Metric, ...]:
    """Return the indicators of a benchmark: one more where there is a reference agent."""
    if config.reference_agent is None:
        return METRICS
    title = f"hypervolume / that of {config.reference_agent}"
    return (*METRICS, Metric(VERSUS_REFERENCE, title, True, lambda z, _, known: known.versus_reference(z)))


def collect(store: Store) -> Results:
    """Read and score all that a benchmark folder holds.

    Raises:
        InputError: the folder is no benchmark of instances, or a file in it is damaged.
    """
    config = store.config()
    assert isinstance(config, FrontConfig)
    cells = tuple(grid_cells(config))
    read = {cell: store.read(cell) for cell in cells}
    records = {cell: record for cell, record in read.items() if isinstance(record, CellRecord)}
    certificates, seconds = find_certificates(store, config, read)
    fronts = {c.instance: r.objectives for c, r in records.items() if c.agent == config.reference_agent}
    yardsticks = {
        name: Yardstick(certificates.get(name), fronts.get(name))
        for name in dict.fromkeys(cell.instance for cell in cells)
    }
    metrics = measured_metrics(config)
    scored = tuple(
        Scored(cell, record, measure(record, yardsticks[cell.instance], metrics, np.inf))
        for cell, record in records.items()
    )
    missing = tuple(cell for cell, record in read.items() if record is None)
    return Results(config, cells, scored, yardsticks, seconds, missing)


def measure(
    record: CellRecord, known: Yardstick, metrics: Sequence[Metric], seconds: float
) -> dict[str, float | None]:
    """Return every indicator of a cell's front as it stood some seconds into the solve."""
    objectives = record.objectives if seconds == np.inf else record.objectives_at(seconds)
    reference = np.array(record.eq35_reference)
    values: dict[str, float | None] = {}
    for metric in metrics:
        if known.certificate is None and metric.key != "hv":
            values[metric.key] = None
            continue
        value = metric.measure(objectives, reference, known)
        values[metric.key] = float(value) if np.isfinite(value) else None
    return values


def spread_times(start: float, budget_s: float, count: int) -> FloatArray:
    """Return at most ``count`` geometrically spread times in whole milliseconds, as seconds.

    Args:
        start: the first one, as a share of the budget.
        budget_s: the last one.
        count: how many; fewer if some round to the same millisecond.
    """
    times = np.geomspace(start * budget_s, budget_s, count)
    whole: FloatArray = np.unique(np.maximum(np.round(1000 * times), 1.0)) / 1000
    return whole


@dataclass(frozen=True, eq=False)
class Curves:
    """Every indicator of an agent over time, the mean over the seeds of a region."""

    seconds: FloatArray  # [T]; the last is the end of the budget, or of the slowest solve if that was later
    values: dict[str, FloatArray]  # metric -> [T]; NaN until every seed has a front, but for the last


def mean_curves(results: Results, agent: str, region: str) -> Curves:
    """Return the curves of an agent in a region; their last values are those of the final fronts."""
    cells = results.of(agent=agent, region=region)
    times = spread_times(CURVE_START, results.config.variants[agent].budget_s, CURVE_POINTS)
    late = [s.record.seconds for s in cells if s.record.seconds > times[-1]]
    times = np.append(times, np.ceil(1000 * max(late)) / 1000) if late else times
    values: dict[str, list[float]] = {metric.key: [] for metric in results.metrics}
    for at in times:
        # a hypervolume of 0 before the first front would only squash the axis; the end is what the table says
        started = at == times[-1] or all(len(s.record.objectives_at(at)) for s in cells)
        rows = [
            measure(s.record, results.yardsticks[s.cell.instance], results.metrics, at)
            for s in cells
            if started
        ]
        for key, curve in values.items():
            curve.append(_mean([row[key] for row in rows]))
    return Curves(times, {key: np.array(curve) for key, curve in values.items()})


def _mean(values: list[float | None]) -> float:
    """Return the mean; NaN for no values or if one is missing."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if values and len(known) == len(values) else np.nan
