"""Figs. 5a and 5b of paper 004 remade: accuracy by algorithm, and by privacy budget, one training a cell."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from semverse.envs.fedsem.accountant import classical_noise, gdp_epsilon, gdp_mu
from semverse.envs.fedsem.federation import Algorithm
from semverse.envs.fedsem.outcomes import once
from semverse.envs.fedsem.setting import ALGORITHMS, Setting, setting_of
from semverse.envs.fedsem.types import Release

Accounting = Literal["none", "exact", "paper"]
EPSILONS = (2.0, 4.0, 8.0, 16.0)  # the last one on small data only: large ones learn well below it
DELTA = 1e-5


@dataclass(frozen=True)
class Cell:
    """One training."""

    figure: Literal["5a", "5b"]
    algorithm: Algorithm
    public_term: bool
    accounting: Accounting
    epsilon: float  # asked for; 0: no noise
    seed: int

    @property
    def key(self) -> str:
        """Name of its file."""
        term = "" if self.public_term else "_letter"
        return f"{self.figure}_{self.algorithm}{term}_{self.accounting}_{self.epsilon:g}_{self.seed}"


@dataclass(frozen=True)
class Outcome:
    """What became of it."""

    accuracy: float  # of the server after the last round, mean over classes
    true_epsilon: float  # of a client over all rounds, exactly accounted; infinite: no noise
    upload_bits: int  # of a client in a round


def cells(seeds: int, data: str = "digits") -> Iterator[Cell]:
    """Yield all trainings: fig. 5a, then fig. 5b with exact and with paper-like accounting."""
    epsilons = EPSILONS[:-1] if data == "mnist" else EPSILONS
    for seed in range(seeds):
        for algorithm in ALGORITHMS:
            yield Cell("5a", algorithm, True, "none", 0.0, seed)
        yield Cell("5a", "fd", False, "none", 0.0, seed)
        for algorithm in ALGORITHMS:
            yield Cell("5b", algorithm, True, "none", 0.0, seed)
            for epsilon in epsilons:
                yield Cell("5b", algorithm, True, "exact", epsilon, seed)
                yield Cell("5b", algorithm, True, "paper", epsilon, seed)


def noise_multiplier(cell: Cell, setting: Setting) -> float:
    """Return the noise on a round's sum over the bound of a whole upload.

    Exact: the budget covers all rounds. Paper-like: the textbook formula, for each round alone, and of logits
    for each label alone, whose share of the bound is one over the root of the number of labels.
    """
    if cell.accounting == "none":
        return 0.0
    if cell.accounting == "exact":
        return math.sqrt(setting.private_rounds) / gdp_mu(cell.epsilon, DELTA)
    labels = setting.labels if cell.algorithm == "fd" else 1
    return classical_noise(cell.epsilon, DELTA) / math.sqrt(labels)


def train_cell(cell: Cell, data: str, setting: Setting) -> Outcome:
    """Train once."""
    rng = np.random.default_rng(cell.seed)
    federation = setting.begin(data, cell.algorithm, rng, public_term=cell.public_term)
    rule = Release(setting.clip(cell.algorithm), noise_multiplier(cell, setting), 32, setting.labels)
    rounds, chosen = (
        (setting.rounds, setting.chosen) if cell.figure == "5a" else (setting.private_rounds, setting.clients)
    )
    for _ in range(rounds):
        federation.play(np.sort(rng.permutation(setting.clients)[:chosen]), rule, rng)
    spent = gdp_epsilon(math.sqrt(rounds) * rule.mu, DELTA)
    return Outcome(float(federation.accuracy().mean()), spent, federation.upload_bits(rule))


def run_cell(cell: Cell, data: str, folder: Path) -> Outcome:
    """Return a cell's outcome: that of the folder if it is there, else train and write it.

    Raises:
        InputError: a file of the folder is damaged, or the folder cannot be written to.
    """
    setting = setting_of(data)
    recipe = {"data": data, "cell": asdict(cell), "setting": asdict(setting)}
    found = once(folder / f"{cell.key}.json", recipe, lambda: asdict(train_cell(cell, data, setting)))
    return Outcome(**found)
