"""The figure of the attacks: success over epsilon, one curve an algorithm."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from semverse.envs.fedsem.attack_study import COLUMNS

_PANELS = {"class_accuracy": (0.0, 1.05, 0.1), "upload_auc": (0.4, 1.0, 0.5), "model_auc": (0.4, 1.0, 0.5)}


def plot_attacks(groups: dict[tuple[str, float], list[dict[str, float]]], path: Path) -> None:
    """Draw means and ranges over seeds; without noise at the right.

    Args:
        groups: findings of each algorithm and epsilon (0: no noise), by their fields' names.
        path: image file.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    sheet = Figure(figsize=(11, 3.4), layout="constrained")
    FigureCanvasAgg(sheet)
    panels = sheet.subplots(1, len(_PANELS))
    budgets = [*sorted({epsilon for _, epsilon in groups if epsilon}), 0.0]
    places = np.arange(len(budgets))
    for panel, (name, (low, high, chance)) in zip(panels, _PANELS.items(), strict=True):
        for algorithm in dict.fromkeys(algorithm for algorithm, _ in groups):
            values = np.array([[one[name] for one in groups[algorithm, epsilon]] for epsilon in budgets])
            mean = values.mean(axis=1)
            sides = np.abs(np.stack([values.min(axis=1), values.max(axis=1)]) - mean)
            panel.errorbar(places, mean, sides, marker="o", markersize=4, capsize=2, label=algorithm)
        panel.axhline(chance, color="grey", linestyle=":", label="guessing")
        panel.set_xticks(places, [f"{epsilon:g}" if epsilon else "none" for epsilon in budgets])
        panel.set(xlabel="epsilon", title=COLUMNS[name], ylim=(low, high))
    panels[0].legend(fontsize=8)
    sheet.savefig(path, dpi=110)
