"""A whole training of any size, its state on disk after each round; clients are drawn while they can pay."""

from __future__ import annotations

import io
import json
import math
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from semverse.envs.errors import InputError
from semverse.envs.fedsem.accountant import PrivacyFilter, gdp_mu
from semverse.envs.fedsem.datasets import read_npz
from semverse.envs.fedsem.federation import Federation
from semverse.envs.fedsem.training_config import TrainingConfig
from semverse.envs.fedsem.types import Release
from semverse.envs.files import write_atomic


@dataclass(frozen=True)
class RoundLog:
    """What a round came to."""

    clients: int  # that took part
    accuracy: float  # of the server, mean over classes
    epsilon: float  # largest of a client so far; infinite: no noise
    seconds: float


def release_rule(config: TrainingConfig) -> Release:
    """Return the release of a round.

    If everybody takes part equally often, each client spends its budget exactly; whoever is drawn more often
    is left out by the privacy filter.
    """
    noise = 0.0
    if config.epsilon is not None:
        turns = math.ceil(config.rounds * config.chosen / config.clients)
        noise = math.sqrt(turns) / gdp_mu(config.epsilon, config.delta)
        noise *= 1 + 1e-9  # so many turns are within the budget, rounding included
    return Release(config.clip, noise, config.bits, config.labels)


class Training:
    """A federation on its way through a configuration's rounds.

    Args:
        federation: numpy's, or Flower's.
        rng: of everything, as the federation's first weights left it.
        config: how long, and with whom.
    """

    def __init__(self, federation: Federation, rng: np.random.Generator, config: TrainingConfig) -> None:
        self.federation, self.rng, self.config = federation, rng, config
        epsilon = math.inf if config.epsilon is None else config.epsilon
        self.account = PrivacyFilter(config.clients, epsilon, config.delta)
        self.rule = release_rule(config)
        self.log: list[RoundLog] = []

    def play(self) -> RoundLog:
        """Play the next round."""
        begin = perf_counter()
        able = np.flatnonzero(self.account.can_pay(self.rule.mu))
        drawn = np.zeros(self.config.clients, dtype=np.bool_)
        drawn[self.rng.permutation(able)[: self.config.chosen]] = True
        clients = np.flatnonzero(self.account.charge(drawn, self.rule.mu))
        self.federation.play(clients, self.rule, self.rng)
        accuracy, spent = float(self.federation.accuracy().mean()), float(self.account.epsilons().max())
        self.log.append(RoundLog(len(clients), accuracy, spent, perf_counter() - begin))
        return self.log[-1]

    def run(self, state: Path | None = None, advance: Callable[[RoundLog], None] = lambda _: None) -> None:
        """Play all rounds that are left, from the state on disk if there is one.

        Raises:
            InputError: the state is damaged, of another configuration, or cannot be written.
        """
        if state is not None and state.exists():
            self.restore(state)
        for done in self.log:
            advance(done)
        while len(self.log) < self.config.rounds:
            advance(self.play())
            if state is not None:
                self.save(state)

    def save(self, path: Path) -> None:
        """Write everything that the next round depends on."""
        notes = {
            "config": self.config.model_dump(mode="json"),
            "generator": self.rng.bit_generator.state,
            "log": [asdict(row) for row in self.log],
        }
        own = {f"own_{client}": weights for client, weights in self.federation.own.items()}
        arrays: dict[str, Any] = {"model": self.federation.model, "spent": self.account.spent, **own}
        file = io.BytesIO()
        np.savez(file, notes=np.array(json.dumps(notes)), **arrays)
        write_atomic(path, file.getvalue())

    def restore(self, path: Path) -> None:
        """Go on where a state was saved.

        Raises:
            InputError: the file is no such state, or of another configuration.
        """
        arrays = read_npz(path)
        try:
            notes = json.loads(str(arrays["notes"]))
            if notes["config"] != self.config.model_dump(mode="json"):
                raise InputError("is of another configuration", source=path, remedy="choose another --out")
            self._take(arrays, notes)
        except (ValueError, KeyError, TypeError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(
                f"is no state of a training ({error})", source=path, remedy="delete it"
            ) from error

    def _take(self, arrays: dict[str, Any], notes: dict[str, Any]) -> None:
        """Take over a state, unless a part of it does not fit."""
        log = [RoundLog(**row) for row in notes["log"]]
        model, spent = arrays["model"], arrays["spent"]
        own = {client: arrays[f"own_{client}"] for client in self.federation.own}
        pairs: list[tuple[Any, Any]] = [(model, self.federation.model), (spent, self.account.spent)]
        pairs += [(own[client], weights) for client, weights in self.federation.own.items()]
        if any((new.shape, new.dtype) != (old.shape, old.dtype) for new, old in pairs):
            raise ValueError("arrays of other shapes")
        self.rng.bit_generator.state = notes["generator"]
        self.federation.model, self.account.spent, self.federation.own = model, spent, own
        self.federation.rounds, self.log = len(log), log


def peak_memory_mb() -> float:
    """Return the largest memory that this process has taken so far; not known on Windows (not a number)."""
    try:
        import resource
    except ModuleNotFoundError:
        return math.nan
    scale = 2.0**20 if sys.platform == "darwin" else 2.0**10  # bytes there, kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale
