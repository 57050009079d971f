"""What a round of each algorithm sends, and what it learns from so much: bits of numbers, kinds of models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from semverse.envs.fedsem.federation import Algorithm
from semverse.envs.fedsem.network import ModelName
from semverse.envs.fedsem.outcomes import once
from semverse.envs.fedsem.setting import ALGORITHMS, Setting, setting_of
from semverse.envs.fedsem.types import Release

_SAME: dict[tuple[ModelName, ...], dict[Algorithm, tuple[int, ...]]] = {
    ("cnn",): {"fd": (32, 8, 4, 2, 1), "fedavg": (32, 8, 4), "fedavg_kd": (32, 8, 4)},
    ("mlp",): {"fd": (32, 4), "fedavg": (32, 4), "fedavg_kd": (32, 4)},
}
_MIXED: tuple[ModelName, ...] = ("cnn", "mlp")


@dataclass(frozen=True)
class Scheme:
    """One way to learn."""

    models: tuple[ModelName, ...]  # of clients in turn; the server has the first
    algorithm: Algorithm
    bits: int  # of a number of the upload

    @property
    def key(self) -> str:
        """Name of its files."""
        return f"{'+'.join(self.models)}_{self.algorithm}_{self.bits}"


@dataclass(frozen=True)
class Traffic:
    """What a scheme sends, and what it reaches."""

    upload_bits: int  # of a client in a round
    broadcast_bits: int  # of the server in a round
    clients: int  # that can take part at all
    accuracy: float  # of the server after the last round, mean over classes


def schemes() -> Iterator[Scheme]:
    """Yield all schemes: models of one structure, then of two."""
    for models, algorithms in _SAME.items():
        for algorithm, choices in algorithms.items():
            for bits in choices:
                yield Scheme(models, algorithm, bits)
    for algorithm in ALGORITHMS:
        yield Scheme(_MIXED, algorithm, 32)
    yield Scheme(_MIXED, "fd", 4)


def measure(scheme: Scheme, data: str, seed: int, setting: Setting) -> Traffic:
    """Train once, without noise; averaging does with the clients whose models are of the server's kind."""
    rng = np.random.default_rng(seed)
    federation = setting.begin(data, scheme.algorithm, rng, scheme.models)
    rule = Release(setting.clip(scheme.algorithm), 0.0, scheme.bits, setting.labels)
    able = np.flatnonzero(federation.can_upload())
    for _ in range(setting.rounds):
        federation.play(np.sort(rng.permutation(able)[: setting.chosen]), rule, rng)
    accuracy = float(federation.accuracy().mean())
    return Traffic(federation.upload_bits(rule), federation.broadcast_bits, len(able), accuracy)


def measured(scheme: Scheme, data: str, seed: int, folder: Path) -> Traffic:
    """Return the outcome of a training: that of the folder if it is there, else train and write it.

    Raises:
        InputError: a file of the folder is damaged, or the folder cannot be written to.
    """
    setting = setting_of(data)
    recipe = {"data": data, "seed": seed, "scheme": asdict(scheme), "setting": asdict(setting)}
    path = folder / f"{scheme.key}_{seed}.json"
    return Traffic(**once(path, recipe, lambda: asdict(measure(scheme, data, seed, setting))))
