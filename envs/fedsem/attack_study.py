"""Attacks on trainings with digits or other data, by algorithm and privacy budget, one outcome a cell."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from semverse.envs.fedsem.accountant import gdp_mu
from semverse.envs.fedsem.attacks import (
    auc,
    auc_bound,
    guess_classes,
    hits_at,
    losses,
    rebuilt_model,
    shadow_uploads,
)
from semverse.envs.fedsem.federation import Algorithm, Federation
from semverse.envs.fedsem.mechanism import release
from semverse.envs.fedsem.outcomes import once
from semverse.envs.fedsem.setting import ALGORITHMS, Setting, setting_of
from semverse.envs.fedsem.types import CLASSES, Dataset, Float32, FloatArray, IntArray, Release

EPSILONS = (1.0, 3.0, 10.0, 30.0, 100.0, 0.0)  # 0: no noise
DELTA = 1e-5
FALSE_ALARMS = 0.01
_WARM_UP, _SHADOWS, _DRAWS = 3, 4, 20
# what a finding's numbers are called in tables and figures
COLUMNS = {
    "class_accuracy": "class guessed right",
    "upload_auc": "membership AUC, upload",
    "upload_hits": "hits at 1 %, upload",
    "model_auc": "membership AUC, model",
    "model_hits": "hits at 1 %, model",
}


@dataclass(frozen=True)
class Attack:
    """One algorithm, attacked at one budget."""

    algorithm: Algorithm
    epsilon: float  # of all that the attacker sees; 0: no noise
    seed: int

    @property
    def key(self) -> str:
        """Name of its file."""
        return f"{self.algorithm}_{self.epsilon:g}_{self.seed}"


@dataclass(frozen=True)
class Finding:
    """What the attacker learned."""

    class_accuracy: float  # share of clients whose class is guessed from one release; chance: 0.1
    upload_auc: float  # membership of samples, of clients one by one, from one release; chance: 0.5
    upload_hits: float  # share of members found at 1 % false alarms; chance: 0.01
    model_auc: float  # membership, from the server's last model
    model_hits: float
    bound: float  # on upload_auc at this budget, of any attack


def attacks(seeds: int) -> Iterator[Attack]:
    """Yield all cells; those with the same victims follow each other."""
    for seed in range(seeds):
        for algorithm in ALGORITHMS:
            for epsilon in EPSILONS:
                yield Attack(algorithm, epsilon, seed)


def noise(epsilon: float, releases: int) -> float:
    """Return the noise multiplier with which so many releases spend epsilon; 0 for 0."""
    return math.sqrt(releases) / gdp_mu(epsilon, DELTA) if epsilon else 0.0


@dataclass(frozen=True, eq=False)
class Victims:
    """A training half way, and what its clients upload next."""

    federation: Federation
    public: IntArray
    uploads: Float32  # [K, D]
    shadows: Float32  # [T, D] of the attacker's own clients
    shadow_classes: IntArray  # [T]


@lru_cache(maxsize=1)
def victims(algorithm: Algorithm, seed: int, data: str, setting: Setting) -> Victims:
    """Return victims after some rounds without noise, so that the model has something to tell."""
    rng = np.random.default_rng(seed)
    federation = setting.begin(data, algorithm, rng)
    everybody = np.arange(setting.clients)
    for _ in range(_WARM_UP):
        federation.play(everybody, Release(1.0, 0.0, 32, setting.labels), rng)
    public = rng.permutation(setting.public)[: setting.labels]
    shadows, classes = shadow_uploads(federation, federation.split.test, _SHADOWS, public, rng)
    return Victims(federation, public, federation.uploads(everybody, public, rng), shadows, classes)


def attack_release(found: Victims, rule: Release, rng: np.random.Generator) -> tuple[float, float, float]:
    """Return class accuracy, membership AUC and hits from one release of each client."""
    split = found.federation.split
    counts = (split.private_labels[..., None] == np.arange(CLASSES)).sum(axis=1)
    main = counts.argmax(axis=1)  # [K] the class that most of a client's samples have
    draws, right = _DRAWS if rule.noise_multiplier else 1, 0.0
    for _ in range(draws):
        noisy = np.stack([release(row[None], rule, rng) for row in found.uploads])
        right += float((guess_classes(noisy, found.shadows, found.shadow_classes, rule) == main).mean())
    scores = [_gains(found, client, main[client], noisy[client], rng) for client in range(split.clients)]
    area = float(np.mean([auc(members, others) for members, others in scores]))
    members, others = (np.concatenate(some) for some in zip(*scores, strict=True))
    return right / draws, area, hits_at(members, others, FALSE_ALARMS)


def _gains(
    found: Victims, client: int, label: int, released: Float32, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return by how much the client's model does better than the server's, on its samples and on others.

    All of one class, lest the class tell them apart. The gain, not the loss, so that easy samples do not
    count as members (Watson et al., 2022, difficulty calibration).
    """
    federation = found.federation
    split, network = federation.split, federation.network
    own = split.private_labels[client] == label
    members = Dataset(split.private_images[client, own], split.private_labels[client, own])
    others = split.test.take(np.flatnonzero(split.test.labels == label))
    model = rebuilt_model(federation, released, found.public, rng)
    gains = [
        losses(network, federation.model, some) - losses(network, model, some) for some in (members, others)
    ]
    return gains[0], gains[1]


def attack_model(cell: Attack, data: str, setting: Setting) -> tuple[float, float]:
    """Return membership AUC and hits from the losses of a whole training's last model."""
    rng = np.random.default_rng(cell.seed)
    federation = setting.begin(data, cell.algorithm, rng)
    spread = noise(cell.epsilon, setting.private_rounds)
    rule = Release(setting.clip(cell.algorithm), spread, 32, setting.labels)
    for _ in range(setting.private_rounds):
        federation.play(np.arange(setting.clients), rule, rng)
    split = federation.split
    private = Dataset(
        split.private_images.reshape(-1, *split.test.images.shape[1:]), split.private_labels.ravel()
    )
    members, others = (-losses(federation.network, federation.model, some) for some in (private, split.test))
    return auc(members, others), hits_at(members, others, FALSE_ALARMS)


def find(cell: Attack, data: str, setting: Setting) -> Finding:
    """Attack once."""
    spread = noise(cell.epsilon, 1)
    rule = Release(setting.clip(cell.algorithm), spread, 32, setting.labels)
    found = victims(cell.algorithm, cell.seed, data, setting)
    seen = attack_release(found, rule, np.random.default_rng(cell.seed))
    bound = auc_bound(rule.mu) if cell.epsilon else 1.0
    return Finding(*seen, *attack_model(cell, data, setting), bound)


def finding(cell: Attack, data: str, folder: Path) -> Finding:
    """Return a cell's finding: that of the folder if it is there, else attack and write it.

    Raises:
        InputError: a file of the folder is damaged, or the folder cannot be written to.
    """
    setting = setting_of(data)
    recipe = {"data": data, "cell": asdict(cell), "setting": asdict(setting)}
    return Finding(**once(folder / f"{cell.key}.json", recipe, lambda: asdict(find(cell, data, setting))))
