"""A solution as a table for the terminal."""

from __future__ import annotations

import numpy as np
from rich.console import Console
from rich.table import Table

from semverse.agents.benchmark.solution import Solution
from semverse.envs.scc.model import reference_point


def print_solution(solution: Solution, console: Console) -> None:
    """Print the front, the bounds and both hypervolumes with their reference points."""
    console.print(_points(solution))
    if solution.bounds:
        console.print(_bounds(solution))
    known = solution.certificate
    console.print(f"time      {solution.seconds:.3f} s", highlight=False)
    console.print(
        f"hv        {solution.normalised_hypervolume:.4f} (eq. 35, reference point "
        f"{_pair(reference_point(solution.instance))})",
        highlight=False,
    )
    if known is not None:
        ratio = known.hypervolume_ratio(solution.objectives)
        console.print(
            f"hv_ratio  {ratio:.4f} (reference point {_pair(known.reference_point)})", highlight=False
        )


def _points(solution: Solution) -> Table:
    table = Table(title=f"{solution.agent} on {solution.instance.name}: {len(solution.placements)} points")
    for name in ("latency (ms)", "energy (J)", "MECs used"):
        table.add_column(name, justify="right")
    for (latency, energy), placement in zip(solution.objectives, solution.placements, strict=True):
        table.add_row(f"{latency:.3f}", f"{energy:.3f}", str(len(np.unique(placement))))
    return table


def _bounds(solution: Solution) -> Table:
    """Return certified bounds beside the best found; the gap is relative to the bound."""
    table = Table(title="weighted sums of latency (ms) and energy (J)")
    for name in ("weight of latency", "of energy", "certified bound", "best found", "gap"):
        table.add_column(name, justify="right")
    for bound in sorted(solution.bounds, key=lambda bound: -bound.weights[0]):
        values = solution.objectives @ np.array(bound.weights)
        found = f"{values.min():.3f}" if len(values) else "-"
        gap = f"{100 * (values.min() / bound.value - 1):.2f} %" if len(values) and bound.value > 0 else "-"
        table.add_row(*(f"{w:.4f}" for w in bound.weights), f"{bound.value:.3f}", found, gap)
    return table


def _pair(values: object) -> str:
    latency, energy = np.asarray(values, dtype=np.float64)
    return f"{latency:.6g} ms, {energy:.6g} J"
