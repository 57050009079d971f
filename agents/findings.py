"""The findings of paper 003, Fig. 8: how optimal placements change with the distance between sites."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from semverse.agents.registry import make_agent
from semverse.envs.errors import InputError
from semverse.envs.scc.config import SCCConfig
from semverse.envs.scc.generator import links_from_km, sample_instance
from semverse.envs.scc.geo import great_circle_km
from semverse.envs.scc.metrics import hosts_per_space, local_rate
from semverse.envs.scc.model import evaluate
from semverse.envs.scc.reward import raw_weights
from semverse.envs.scc.types import Instance, IntArray
from semverse.solvers.base import Budget
from semverse.solvers.exact.solver import ExactSolver, default_config

ORIENTATIONS = {"latency": (0.999, 0.001), "energy": (0.001, 0.999)}  # the other objective breaks ties

_COLOURS = {"latency": "#1f77b4", "energy": "#d95f02"}
_STYLES = ("o-", "s--", "^:", "d-.")  # an agent each


@dataclass(frozen=True)
class Finding:
    """One near-optimal placement of one instance whose sites were moved apart or together."""

    agent: str  # its name in the registry
    seed: int
    mean_km: float  # average distance between two sites
    orientation: str  # "latency" or "energy"
    local_rate: float  # eq. 36
    hosts_per_space: float  # eq. 37
    latency_ms: float
    energy_j: float
    gap: float  # certified relative distance from the optimum; NaN where the agent proves nothing


def at_distance(instance: Instance, mean_km: float, config: SCCConfig) -> Instance:
    """Return the same instance with all distances scaled to an average of ``mean_km``.

    Raises:
        InputError: no two sites are apart.
    """
    km = great_circle_km(instance.mecs.lon, instance.mecs.lat)
    apart = km[~np.eye(len(km), dtype=np.bool_)]
    if not apart.any():
        raise InputError("no two sites are apart", source=instance.name, key="mecs", remedy="give more sites")
    return replace(instance, links=links_from_km(km * (mean_km / apart.mean()), config))


def optimise(
    agent: str, instance: Instance, seed: int, orientation: str, seconds: float
) -> tuple[IntArray | None, float]:
    """Return an agent's best placement [R] for one orientation, None for none, and its certified gap."""
    wanted = np.array(ORIENTATIONS[orientation])
    weights = raw_weights(instance, wanted)
    budget, rng = Budget(seconds=seconds), np.random.default_rng(seed)
    if agent == "exact":
        proven = ExactSolver(default_config()).minimise(instance, weights, budget=budget, rng=rng)
        return proven.placement, proven.gap
    front = make_agent(agent).solve(instance, preferences=wanted[None], budget=budget, rng=rng)
    if not len(front):
        return None, np.nan
    return front.placements[int((front.objectives @ weights).argmin())], np.nan


def find(
    agent: str, instance: Instance, seed: int, mean_km: float, orientation: str, seconds: float
) -> Finding:
    """Optimise one instance for one orientation with one agent."""
    best, gap = optimise(agent, instance, seed, orientation, seconds)
    if best is None:
        raise InputError(f"{agent} found no placement", key="seconds", remedy="give more time")
    placement = best[None]
    costs = evaluate(instance, placement)
    return Finding(
        agent,
        seed,
        mean_km,
        orientation,
        float(local_rate(instance, placement)[0]),
        float(hosts_per_space(instance, placement)[0]),
        float(costs.latency_ms[0]),
        float(costs.energy_j[0]),
        gap,
    )


def sweep(
    agents: Sequence[str],
    config: SCCConfig,
    distances_km: Sequence[float],
    seeds: int,
    seconds: float,
    path: Path,
) -> Iterator[Finding]:
    """Yield the findings of all agents, seeds and distances; rows in the CSV file are not computed again."""
    done = {(f.agent, f.seed, f.mean_km, f.orientation): f for f in read(path)} if path.is_file() else {}
    for seed in range(seeds):
        base = sample_instance(config, np.random.default_rng(seed))
        for mean_km in distances_km:
            for agent, orientation in product(agents, ORIENTATIONS):
                finding = done.get((agent, seed, mean_km, orientation))
                if finding is None:
                    moved = at_distance(base, mean_km, config)
                    finding = find(agent, moved, seed, mean_km, orientation, seconds)
                    _append(path, finding)
                yield finding


def _append(path: Path, finding: Finding) -> None:
    new = not path.is_file()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [f.name for f in fields(Finding)], lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(asdict(finding))  # exact decimals: a row is found again by its distance


def read(path: Path) -> list[Finding]:
    """Read findings from a CSV file.

    Raises:
        InputError: a column is missing or holds no number.
    """
    kinds: dict[str, type[Any]] = {"agent": str, "seed": int, "orientation": str}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return [
                Finding(**{f.name: kinds.get(f.name, float)(row[f.name]) for f in fields(Finding)})
                for row in csv.DictReader(file)
            ]
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise InputError(f"is no findings file ({error})", source=path, remedy="delete it") from error


def plot(findings: list[Finding], path: Path) -> None:
    """Draw the four panels of Fig. 8: mean and range of one standard deviation over the seeds."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 7.5), layout="constrained")
    FigureCanvasAgg(figure)
    panels = (
        ("local_rate", "(a) requests served locally [share]"),
        ("hosts_per_space", "(b) MECs hosting a space [count]"),
        ("latency_ms", "(c) total latency [ms]"),
        ("energy_j", "(d) total energy [J]"),
    )
    for axes, (name, title) in zip(figure.subplots(2, 2).ravel(), panels, strict=True):
        curves = product(
            zip(dict.fromkeys(f.agent for f in findings), _STYLES, strict=False), _COLOURS.items()
        )
        for (agent, style), (orientation, colour) in curves:
            rows = [f for f in findings if (f.agent, f.orientation) == (agent, orientation)]
            km = sorted({f.mean_km for f in rows})
            values = [[getattr(f, name) for f in rows if f.mean_km == d] for d in km]
            mean, spread = np.array([np.mean(v) for v in values]), np.array([np.std(v) for v in values])
            axes.plot(km, mean, style, color=colour, label=f"{agent}, {orientation}-oriented")
            axes.fill_between(km, mean - spread, mean + spread, color=colour, alpha=0.18, linewidth=0)
        axes.set(title=title, xlabel="average distance between sites [km]", ylim=(0, None))
        axes.grid(alpha=0.3)
    figure.axes[0].legend()
    figure.savefig(path, dpi=110)
