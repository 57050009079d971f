"""Sizes that the studies of paper 004 are run with: those of the paper on MNIST, small ones on all else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from semverse.envs.fedsem.datasets import load_data, split_data
from semverse.envs.fedsem.federation import Algorithm, Federation, Recipe
from semverse.envs.fedsem.learning import Descent
from semverse.envs.fedsem.network import ModelName
from semverse.envs.fedsem.types import Split
from semverse.envs.files import make_folder

ALGORITHMS: tuple[Algorithm, ...] = ("fd", "fedavg", "fedavg_kd")


@dataclass(frozen=True)
class Setting:
    """Clients, data and learning of a study."""

    clients: int
    samples: int  # of a client
    public: int  # pictures that everybody knows
    labels: int  # of public pictures, uploaded in a round
    chosen: int  # clients of a round without privacy
    rounds: int
    private_rounds: int  # of all clients
    client: Descent
    server: Descent
    logit_clip: float
    parameter_clip: float

    def parts(
        self,
        data: str,
        algorithm: Algorithm,
        rng: np.random.Generator,
        models: tuple[ModelName, ...] = ("cnn",),
        public_term: bool = True,
    ) -> tuple[Split, Recipe]:
        """Draw who has which data; return that and how clients learn."""
        split = split_data(load_data(data), self.clients, self.samples, self.public, rng)
        return split, Recipe(algorithm, models, self.client, self.server, 1.0, public_term)

    def begin(
        self,
        data: str,
        algorithm: Algorithm,
        rng: np.random.Generator,
        models: tuple[ModelName, ...] = ("cnn",),
        public_term: bool = True,
    ) -> Federation:
        """Return server and clients before the first round."""
        return Federation(*self.parts(data, algorithm, rng, models, public_term), rng)

    def clip(self, algorithm: Algorithm) -> float:
        """Return the bound on a client's upload."""
        return self.logit_clip if algorithm == "fd" else self.parameter_clip


DIGITS = Setting(40, 25, 400, 400, 10, 20, 6, Descent(10, 5, 0.1), Descent(20, 10, 0.1), 40.0, 2.0)
MNIST = Setting(100, 300, 30_000, 1000, 10, 20, 6, Descent(1, 5, 0.1), Descent(5, 10, 0.1), 30.0, 1.0)


def setting_of(data: str) -> Setting:
    """Return the sizes for a data set: the paper's for "mnist", small ones for all else."""
    return MNIST if data == "mnist" else DIGITS


def begin_study(data: str, folder: Path) -> Setting:
    """Return the sizes for a data set, after making sure that it and the folder of the outcomes will do.

    Raises:
        InputError: the data cannot be read or do not suffice, or the folder cannot be made.
    """
    setting = setting_of(data)
    setting.parts(data, "fd", np.random.default_rng(0))
    make_folder(folder)
    return setting


@dataclass(frozen=True)
class Study:
    """Everything that decides who has which data and how they learn."""

    data: str
    algorithm: Algorithm
    seed: int
    setting: Setting
    models: tuple[ModelName, ...] = ("cnn",)

    def parts(self) -> tuple[Split, Recipe, np.random.Generator]:
        """Return who has which data, how they learn, and the generator that draws the first weights."""
        rng = np.random.default_rng(self.seed)
        return *self.setting.parts(self.data, self.algorithm, rng, self.models), rng

    def begin(self) -> tuple[Federation, np.random.Generator]:
        """Return the federation before its first round, and the generator as its first weights left it."""
        split, recipe, rng = self.parts()
        return Federation(split, recipe, rng), rng
