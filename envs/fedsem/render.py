"""A picture of a training: accuracy and coverage of each class, budgets left, and who took part last."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from semverse.envs.canvas import new_figure, pixels
from semverse.envs.fedsem.core import Step, Trainings
from semverse.envs.fedsem.types import CLASSES

BLUE, GREEN, GREY = "#4477aa", "#66aa77", "#bbbbbb"


def draw_training(trainings: Trainings, last: Step | None, row: int = 0) -> npt.NDArray[np.uint8]:
    """Return an image [height, width, 3] of one of the trainings.

    Left: the server's accuracy on each class. Middle: each client's privacy budget spent, those that took
    part last in green. Right: shares left of rounds, time and privacy.
    """
    seen = trainings.observe()[row]
    figure = new_figure(9.6, 3.0)
    classes, clients, left = figure.subplots(1, 3, width_ratios=(3, 4, 2))
    classes.bar(np.arange(CLASSES), seen[:CLASSES], color=BLUE)
    classes.set(ylim=(0, 1), xlabel="class", title=f"accuracy {seen[:CLASSES].mean():.2f}")
    spent = trainings.filter.share_spent()[row]
    chosen = np.zeros(len(spent), dtype=bool) if last is None else last.round.chosen[row]
    clients.bar(np.arange(len(spent)), spent, width=1.0, color=np.where(chosen, GREEN, GREY))
    budget = trainings.episode.epsilon[row]
    clients.set(ylim=(0, 1), xlabel="client, sorted by class", title=f"privacy spent of epsilon {budget:.3g}")
    if last is not None:
        mbit, seconds = last.round.upload_mbit[row], last.round.seconds[row]
        clients.set_title(f"{int(chosen.sum())} clients, {mbit:.2f} Mbit, {seconds:.2f} s", fontsize=9)
    left.barh(["rounds", "time", "privacy"], [seen[50], seen[51], seen[20:30].mean()], color=BLUE)
    left.set(xlim=(0, 1), title="left")
    return pixels(figure)
