"""Figs. 5a and 5b of paper 004 remade: accuracy by algorithm, and by privacy budget, one training a cell."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from semverse.envs.errors import InputError
from semverse.envs.fedsem.accountant import classical_noise, gdp_epsilon, gdp_mu
from semverse.envs.fedsem.datasets import load_data, split_data
from semverse.envs.fedsem.federation import Algorithm, Federation, Recipe
from semverse.envs.fedsem.learning import Descent
from semverse.envs.fedsem.types import Release
from semverse.envs.files import make_folder, read_text, write_atomic

Accounting = Literal["none", "exact", "paper"]
ALGORITHMS: tuple[Algorithm, ...] = ("fd", "fedavg", "fedavg_kd")
EPSILONS = (2.0, 4.0, 8.0, 16.0)
DELTA = 1e-5
CLIENTS, SAMPLES, PUBLIC, CHOSEN = 40, 25, 400, 10
ROUNDS, PRIVATE_ROUNDS = 20, 6
LOGIT_CLIP, PARAMETER_CLIP = 40.0, 2.0


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


def cells(seeds: int) -> Iterator[Cell]:
    """Yield all trainings: fig. 5a, then fig. 5b with exact and with paper-like accounting."""
    for seed in range(seeds):
        for algorithm in ALGORITHMS:
            yield Cell("5a", algorithm, True, "none", 0.0, seed)
        yield Cell("5a", "fd", False, "none", 0.0, seed)
        for algorithm in ALGORITHMS:
            yield Cell("5b", algorithm, True, "none", 0.0, seed)
            for epsilon in EPSILONS:
                yield Cell("5b", algorithm, True, "exact", epsilon, seed)
                yield Cell("5b", algorithm, True, "paper", epsilon, seed)


def noise_multiplier(cell: Cell) -> float:
    """Return the noise on a round's sum over the bound of a whole upload.

    Exact: the budget covers all rounds. Paper-like: the textbook formula, for each round alone, and of logits
    for each label alone, whose share of the bound is one over the root of the number of labels.
    """
    if cell.accounting == "none":
        return 0.0
    if cell.accounting == "exact":
        return math.sqrt(PRIVATE_ROUNDS) / gdp_mu(cell.epsilon, DELTA)
    labels = PUBLIC if cell.algorithm == "fd" else 1
    return classical_noise(cell.epsilon, DELTA) / math.sqrt(labels)


def train_cell(cell: Cell, data: str) -> Outcome:
    """Train once."""
    rng = np.random.default_rng(cell.seed)
    split = split_data(load_data(data), CLIENTS, SAMPLES, PUBLIC, rng)
    recipe = Recipe(
        cell.algorithm, ("cnn",), Descent(10, 5, 0.1), Descent(20, 10, 0.1), 1.0, cell.public_term
    )
    federation = Federation(split, recipe, rng)
    bound = LOGIT_CLIP if cell.algorithm == "fd" else PARAMETER_CLIP
    rule = Release(bound, noise_multiplier(cell), 32, PUBLIC)
    rounds, chosen = (ROUNDS, CHOSEN) if cell.figure == "5a" else (PRIVATE_ROUNDS, CLIENTS)
    for _ in range(rounds):
        federation.play(np.sort(rng.permutation(CLIENTS)[:chosen]), rule, rng)
    spent = gdp_epsilon(math.sqrt(rounds) * rule.mu, DELTA)
    return Outcome(float(federation.accuracy().mean()), spent, federation.upload_bits(rule))


def run_cell(cell: Cell, data: str, folder: Path) -> Outcome:
    """Return a cell's outcome: that of the folder if it is there, else train and write it.

    Raises:
        InputError: a file of the folder is damaged, or the folder cannot be written to.
    """
    path = make_folder(folder) / f"{cell.key}.json"
    expected = {"data": data, "cell": asdict(cell)}
    if path.exists():
        try:
            found = json.loads(read_text(path))
            if {key: found[key] for key in expected} != expected:
                raise KeyError("another study")
            return Outcome(**found["outcome"])
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"is no outcome of this study ({error})", source=path, remedy="give another folder"
            ) from error
    outcome = train_cell(cell, data)
    write_atomic(path, json.dumps({**expected, "outcome": asdict(outcome)}).encode())
    return outcome
