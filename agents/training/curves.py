"""Figures 4 and 5 of paper 001 from finished trainings: curves of the score, and the printed states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from semverse.agents.base import Agent
from semverse.agents.common.checkpoint import load_checkpoint
from semverse.agents.common.isgc import config_of
from semverse.agents.registry import make_agent
from semverse.agents.training.config import TrainConfig
from semverse.agents.training.evaluation import evaluate_agent
from semverse.agents.training.folder import CONFIG, LOGS
from semverse.envs.config import load_config
from semverse.envs.errors import InputError
from semverse.envs.isgc.core import split_of
from semverse.envs.isgc.model import PRINTED_STATES, evaluate, feasible, optimum, shield

RULES = ("separate", "equal", "greedy_link")
_TAG = "evaluation/score"


@dataclass(frozen=True, eq=False)
class Curve:
    """Held-out scores of one training."""

    name: str
    steps: npt.NDArray[np.int64]  # [K]
    scores: npt.NDArray[np.float64]  # [seeds, K]


def read_curve(run: Path) -> Curve:
    """Return the scores that a run logged at its checkpoints.

    Raises:
        InputError: the folder holds no finished training.
    """
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    rows: list[dict[int, float]] = []
    for folder in sorted(run.glob(f"seed_*/{LOGS}")):
        events = EventAccumulator(str(folder))
        events.Reload()
        if _TAG in events.Tags()["scalars"]:
            rows.append({event.step: event.value for event in events.Scalars(_TAG)})
    if not rows:
        raise InputError("holds no training", source=run, remedy="give the --out of semverse train")
    steps = sorted(set.intersection(*(set(row) for row in rows)))
    scores = np.array([[row[step] for step in steps] for row in rows])
    return Curve(run.name, np.array(steps), scores)


def rule_scores(run: Path) -> dict[str, float]:
    """Return the scores of the rules on the held-out episodes of a run."""
    config = load_config(TrainConfig, run / CONFIG)
    chosen = config.evaluation
    return {
        name: float(
            evaluate_agent(
                make_agent(name, config.env.id), config.env.id, {}, chosen.episodes, chosen.seed
            ).scores.mean()
        )
        for name in RULES
    }


def printed_states(runs: Sequence[Path]) -> list[dict[str, Any]]:
    """Return each agent's utility [credit/s] and share of the optimum on the four states of Fig. 5.

    Every agent decides on every state (the paper shows PPO on two and Diffusion on two others, which compares
    states rather than agents). Splits pass the shield; a state without any feasible split says so.
    """
    agents: dict[str, Agent] = {}
    for run in runs:
        folders = sorted(run.glob("seed_*"))
        agents[run.name] = load_checkpoint(folders[0])
    agents |= {name: make_agent(name, "semverse/ISGC-v0") for name in RULES}
    config, rows = config_of({}), []
    for state, values in PRINTED_STATES.items():
        array = np.array([values])
        best, good = float(optimum(array, config).utility[0]), bool(feasible(array, config)[0])
        row: dict[str, Any] = {"state": state, "feasible": good, "optimum": best}
        for name, agent in agents.items():
            logits = np.asarray(agent.act(array.astype(np.float32)), dtype=np.float64)
            executed = shield(array, split_of(np.ascontiguousarray(logits.T), config).T, config)
            row[name] = float(evaluate(array, executed, config).utility[0]) * good
        rows.append(row)
    return rows


def plot_curves(curves: Sequence[Curve], rules: dict[str, float], path: Path) -> None:
    """Draw mean and range over the seeds of each training, and the rules as lines."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for curve in curves:
        (line,) = axes.plot(curve.steps, curve.scores.mean(axis=0), "o-", markersize=3, label=curve.name)
        low, high = curve.scores.min(axis=0), curve.scores.max(axis=0)
        axes.fill_between(curve.steps, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    for name, score in rules.items():
        axes.axhline(score, color="#888888", linewidth=0.8, linestyle=":")
        axes.annotate(name, (1.0, score), xycoords=("axes fraction", "data"), fontsize=8, va="center")
    axes.set(xscale="log", xlabel="environment steps", ylabel="utility / optimum")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=110)
