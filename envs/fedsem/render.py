"""A picture of a training: accuracy and coverage of each class, budgets left, and who took part last."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from semverse.envs.canvas import new_figure, pixels
from semverse.envs.fedsem.core import Step, Trainings
from semverse.envs.fedsem.market import Served
from semverse.envs.fedsem.types import CLASSES, BoolArray, Float32, FloatArray

Picture = npt.NDArray[np.uint8]

BLUE, GREEN, GREY = "#4477aa", "#66aa77", "#bbbbbb"


def draw_training(trainings: Trainings, last: Step | None, row: int = 0) -> Picture:
    """Return an image [height, width, 3] of one of the trainings.

    Left: the server's accuracy on each class. Middle: each client's privacy budget spent, those that took
    part last in green. Right: shares left of rounds, time and privacy.
    """
    seen, spent = trainings.observe()[row], trainings.filter.share_spent()[row]
    figure = new_figure(9.6, 3.0)
    classes, clients, left = figure.subplots(1, 3, width_ratios=(3, 4, 2))
    _draw_accuracy(classes, seen[:CLASSES])
    _draw_spent(clients, spent, None if last is None else last.round.chosen[row])
    if last is not None:
        mbit, seconds = last.round.upload_mbit[row], last.round.seconds[row]
        clients.set_title(f"{mbit:.2f} Mbit in {seconds:.2f} s", fontsize=9)
    left.barh(["rounds", "time", "privacy"], [seen[50], seen[51], 1.0 - spent.mean()], color=BLUE)
    left.set(xlim=(0, 1), title=f"left, epsilon {trainings.episode.epsilon[row]:.3g}")
    return pixels(figure)


def draw_market(accuracy: Float32, spent: FloatArray, last: Served | None) -> Picture:
    """Return an image [height, width, 3]: accuracy of each class [10], and each client's budget spent [K]."""
    figure = new_figure(7.2, 2.8)
    classes, clients = figure.subplots(1, 2)
    _draw_accuracy(classes, accuracy)
    _draw_spent(clients, spent, None if last is None else last.chosen)
    return pixels(figure)


def _draw_accuracy(axes: Any, accuracy: Float32) -> None:
    axes.bar(np.arange(CLASSES), accuracy, color=BLUE)
    axes.set(ylim=(0, 1), xlabel="class", title=f"accuracy {accuracy.mean():.2f}")


def _draw_spent(axes: Any, spent: FloatArray, chosen: BoolArray | None) -> None:
    """Draw how much of its budget each client spent, those that took part in green."""
    took = np.zeros(len(spent), dtype=np.bool_) if chosen is None else chosen
    axes.bar(np.arange(len(spent)), spent, width=1.0, color=np.where(took, GREEN, GREY))
    axes.set(ylim=(0, 1), xlabel="client, sorted by class", ylabel="privacy spent")
