"""Sizes that the studies of paper 004 are run with: those of the paper on MNIST, small ones on all else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semverse.envs.fedsem.datasets import load_data, split_data
from semverse.envs.fedsem.federation import Algorithm, Federation, Recipe
from semverse.envs.fedsem.learning import Descent
from semverse.envs.fedsem.network import ModelName

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

    def begin(
        self,
        data: str,
        algorithm: Algorithm,
        rng: np.random.Generator,
        models: tuple[ModelName, ...] = ("cnn",),
        public_term: bool = True,
    ) -> Federation:
        """Return server and clients before the first round; the generator also draws who has which data."""
        split = split_data(load_data(data), self.clients, self.samples, self.public, rng)
        recipe = Recipe(algorithm, models, self.client, self.server, 1.0, public_term)
        return Federation(split, recipe, rng)

    def clip(self, algorithm: Algorithm) -> float:
        """Return the bound on a client's upload."""
        return self.logit_clip if algorithm == "fd" else self.parameter_clip


DIGITS = Setting(40, 25, 400, 400, 10, 20, 6, Descent(10, 5, 0.1), Descent(20, 10, 0.1), 40.0, 2.0)
MNIST = Setting(100, 300, 30_000, 1000, 10, 20, 6, Descent(1, 5, 0.1), Descent(5, 10, 0.1), 30.0, 1.0)


def setting_of(data: str) -> Setting:
    """Return the sizes for a data set: the paper's for "mnist", small ones for all else."""
    return MNIST if data == "mnist" else DIGITS
