"""Figures of the studies: Figs. 5a and 5b remade, and what attackers learn over epsilon."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from semverse.envs.fedsem.attack_study import COLUMNS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# panels of the attacks: what is drawn, from where to where, and what guessing gives
_PANELS = {"class_accuracy": (0.0, 1.05, 0.1), "upload_auc": (0.4, 1.0, 0.5), "model_auc": (0.4, 1.0, 0.5)}
Outcomes = dict[tuple[str, str, str, float], list[float]]


def _sheet(panels: int) -> tuple[Any, list[Axes]]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    sheet = Figure(figsize=(3.7 * panels, 3.4), layout="constrained")
    FigureCanvasAgg(sheet)
    return sheet, list(np.atleast_1d(sheet.subplots(1, panels)))


def _curve(panel: Axes, values: Sequence[Sequence[float]], label: str, **style: Any) -> None:
    """Draw the means of values [points][seeds], with the smallest and the largest."""
    rows: npt.NDArray[np.float64] = np.array(values)
    mean = rows.mean(axis=1)
    sides = np.abs(np.stack([rows.min(axis=1), rows.max(axis=1)]) - mean)
    panel.errorbar(
        np.arange(len(mean)), mean, sides, marker="o", markersize=4, capsize=2, label=label, **style
    )


def _budgets(panel: Axes, budgets: Sequence[float]) -> None:
    panel.set_xticks(np.arange(len(budgets)), [f"{e:g}" if e else "none" for e in budgets])
    panel.set_xlabel("epsilon")


def plot_attacks(groups: dict[tuple[str, float], list[dict[str, float]]], path: Path) -> None:
    """Draw the attacks' success over epsilon; without noise at the right.

    Args:
        groups: findings of each algorithm and epsilon (0: no noise), by their fields' names.
        path: image file.
    """
    sheet, panels = _sheet(len(_PANELS))
    budgets = [*sorted({epsilon for _, epsilon in groups if epsilon}), 0.0]
    for panel, (name, (low, high, chance)) in zip(panels, _PANELS.items(), strict=True):
        for algorithm in dict.fromkeys(algorithm for algorithm, _ in groups):
            _curve(panel, [[one[name] for one in groups[algorithm, e]] for e in budgets], algorithm)
        panel.axhline(chance, color="grey", linestyle=":", label="guessing")
        panel.set(title=COLUMNS[name], ylim=(low, high))
        _budgets(panel, budgets)
    panels[0].legend(fontsize=8)
    sheet.savefig(path, dpi=110)


def plot_accuracy(groups: Outcomes, path: Path) -> None:
    """Draw Figs. 5a and 5b: accuracy by algorithm, and over epsilon, exactly accounted and as in the paper.

    Args:
        groups: accuracies by figure, algorithm, accounting and epsilon (0: no noise).
        path: image file.
    """
    sheet, (left, right) = _sheet(2)
    bars = {name: values for (figure, name, _, _), values in groups.items() if figure == "5a"}
    for at, values in enumerate(bars.values()):
        mean = float(np.mean(values))
        left.bar(at, mean, color=f"C{at}", yerr=[[mean - min(values)], [max(values) - mean]], capsize=3)
    left.set_xticks(range(len(bars)), [name.replace(", ", ",\n") for name in bars], fontsize=8)
    left.set(title="no noise (fig. 5a)", ylabel="accuracy", ylim=(0, 1))
    budgets = [*sorted({epsilon for *_, epsilon in groups if epsilon}), 0.0]
    algorithms = dict.fromkeys(name for figure, name, *_ in groups if figure == "5b")
    for at, name in enumerate(algorithms):
        for accounting, line in (("exact", "-"), ("paper", ":")):
            keys = [("5b", name, accounting if e else "none", e) for e in budgets]
            _curve(
                right, [groups[key] for key in keys], f"{name}, {accounting}", color=f"C{at}", linestyle=line
            )
    right.set(title="over the budget (fig. 5b)", ylim=(0, 1))
    _budgets(right, budgets)
    sheet.legend(loc="outside right center", fontsize=8)
    sheet.savefig(path, dpi=110)
