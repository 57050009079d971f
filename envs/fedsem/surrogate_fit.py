"""Fitting of the stand-in to recorded trainings, several rounds at a stretch, and its errors on others.

Needs torch; stepping the stand-in does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from semverse.envs.fedsem.core import FIRST_NOISE
from semverse.envs.fedsem.learners import Context
from semverse.envs.fedsem.model import mean_noise
from semverse.envs.fedsem.recording import Recording
from semverse.envs.fedsem.surrogate import FEATURES, Surrogate, features
from semverse.envs.fedsem.types import BoolArray, Float32, FloatArray, IntArray

HIDDEN = (32, 32)
ROUNDS = 6  # that the network predicts in a row while it is fitted
MEAN_WEIGHT = 30.0  # of the squared error of the mean accuracy, beside that of each class
PASSES, BATCH, RATE, DECAY = 40, 256, 5e-3, 1e-2
Watch = Callable[[Iterable[int]], Iterable[int]]  # shows the passes


def round_features(data: Recording, label_clip: float) -> Float32:
    """Return what the network sees of every recorded round [E, T, 10, F], true accuracies included."""
    episodes, rounds = data.mu.shape

    def flat(part: Any) -> Float32:
        return np.asarray(part[:, :rounds], dtype=np.float32).reshape(episodes * rounds, -1)

    size = np.repeat(data.size.astype(np.float32), rounds, axis=0)
    noise = mean_noise(data.mu, data.public, data.chosen.sum(axis=-1), label_clip)
    context = Context(size, flat(data.chosen), flat(data.covered()), _before(noise, data.played).ravel())
    seen = features(flat(data.accuracy), context, noise.ravel(), data.public.ravel(), data.bits.ravel())
    return seen.reshape(episodes, rounds, *seen.shape[1:])


def _before(noise: FloatArray, played: BoolArray) -> FloatArray:
    """Return the noise of the last round that somebody took part in, before each round [E, T]."""
    found, last = np.empty_like(noise), np.full(len(noise), FIRST_NOISE)
    for t in range(noise.shape[1]):
        found[:, t] = last
        last = np.where(played[:, t], noise[:, t], last)
    return found


def fit(
    data: Recording, label_clip: float, counts: IntArray, seed: int = 0, watch: Watch = lambda passes: passes
) -> Surrogate:
    """Fit the network by Adam on stretches of rounds, its own predictions fed back.

    Args:
        data: recorded trainings.
        label_clip: of the profile.
        counts: pictures of each class in the data set [10].
        seed: of initial weights and batches.
        watch: shows the passes.
    """
    import torch

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    rng = np.random.default_rng(seed)
    seen = round_features(data, label_clip)
    known = seen[data.played].reshape(-1, FEATURES)
    mean, scale = known.mean(axis=0), 1 / np.maximum(known.std(axis=0), 1e-3)
    layers = [torch.nn.Linear(a, b) for a, b in zip((FEATURES, *HIDDEN), (*HIDDEN, 1), strict=True)]
    parameters = [p for layer in layers for p in layer.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=RATE, weight_decay=DECAY)
    inputs, true = torch.from_numpy(seen), torch.from_numpy(data.accuracy)
    played = torch.from_numpy(data.played)
    starts = np.argwhere(np.ones((len(seen), seen.shape[1] - ROUNDS + 1), dtype=np.bool_))
    steps = -(-len(starts) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, PASSES)
    standard = torch.from_numpy(mean), torch.from_numpy(scale.astype(np.float32))
    for _ in watch(range(PASSES)):
        order = rng.permutation(len(starts))
        for rows in np.array_split(order, steps):
            episode, time = starts[rows].T
            loss = _stretch_loss(layers, standard, (inputs, true, played), episode, time)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        schedule.step()
    weights = tuple(layer.weight.detach().numpy().T.copy() for layer in layers)
    biases = tuple(layer.bias.detach().numpy().copy() for layer in layers)
    none = np.zeros(2, dtype=np.float32)
    return Surrogate(mean, scale.astype(np.float32), weights, biases, data.accuracy[:, 0], counts, none)


def _stretch_loss(
    layers: Any, standard: tuple[Any, Any], data: tuple[Any, Any, Any], episode: IntArray, time: IntArray
) -> Any:
    """Return the mean squared error over a stretch of rounds that begins with true accuracies."""
    import torch

    inputs, true, played = data
    accuracy, total = true[episode, time], torch.zeros(())
    for ahead in range(ROUNDS):
        seen = inputs[episode, time + ahead].clone()
        seen[..., 0] = accuracy
        seen[..., 1] = accuracy.mean(dim=1, keepdim=True)
        seen[..., 2] = accuracy.std(dim=1, correction=0, keepdim=True)
        value = (seen - standard[0]) * standard[1]
        for layer in layers[:-1]:
            value = torch.relu(layer(value))
        after = torch.sigmoid(layers[-1](value))[..., 0]
        accuracy = torch.where(played[episode, time + ahead, None], after, accuracy)
        missed = accuracy - true[episode, time + ahead + 1]
        total = total + missed.square().mean() + MEAN_WEIGHT * missed.mean(dim=1).square().mean()
    return total / ROUNDS


def predict(surrogate: Surrogate, data: Recording, label_clip: float, rounds: int) -> Float32:
    """Return accuracies [E, rounds + 1, 10] as the network tells them from the first ones alone."""
    seen, accuracy = round_features(data, label_clip), data.accuracy[:, 0]
    found = [accuracy]
    for t in range(rounds):
        now = seen[:, t].copy()
        now[..., 0] = accuracy
        now[..., 1], now[..., 2] = (part[:, None] for part in (accuracy.mean(axis=1), accuracy.std(axis=1)))
        accuracy = np.where(data.played[:, t, None], surrogate(now), accuracy)
        found.append(accuracy)
    return np.stack(found, axis=1)


@dataclass(frozen=True)
class Errors:
    """What the network misses on held-out trainings, of the accuracy's mean over classes."""

    one_step: float  # mean absolute error, rounds that somebody took part in
    one_step_rms: float
    quantiles: tuple[float, float]  # of the absolute error: median and 90 %
    one_class_rms: float  # of single classes
    persistence: float  # mean absolute error of saying that nothing changes
    chance: float  # mean absolute deviation of a round's outcome from its mean, by chance alone
    chance_rms: float  # nobody can come below these two
    ten_step_rms: float  # after ten rounds of its own predictions
    rank: float  # Spearman's correlation of predicted accuracies after ten rounds with means over trainings
    rank_of_one: float  # ... with one training alone
    rank_of_chance: float  # of one training with the mean of the others of the same decisions


def judge(surrogate: Surrogate, data: Recording, label_clip: float) -> Errors:
    """Tell the errors on recorded trainings of at least ten rounds, with echoes."""
    played = data.played
    seen = round_features(data, label_clip)[played]
    after, before = data.accuracy[:, 1:][played], data.accuracy[:, :-1][played]
    missed = surrogate(seen) - after
    means: FloatArray = missed.mean(axis=1, dtype=np.float64)
    # two outcomes of a round differ by the root of 2 more than one of them from their mean
    chance = (data.twin[played] - after).mean(axis=1, dtype=np.float64) / np.sqrt(2.0)
    last = predict(surrogate, data, label_clip, 10)[:, -1].mean(axis=1, dtype=np.float64)
    true = data.accuracy[:, 10].mean(axis=1, dtype=np.float64)
    others = data.echoes[:, :, 10].mean(axis=(1, 2), dtype=np.float64)
    trainings = 1 + data.echoes.shape[1]
    middle, most = np.quantile(np.abs(means), [0.5, 0.9]).tolist()
    return Errors(
        one_step=float(np.abs(means).mean()),
        one_step_rms=_rms(means),
        quantiles=(middle, most),
        one_class_rms=_rms(missed),
        persistence=float(np.abs((before - after).mean(axis=1)).mean()),
        chance=float(np.abs(chance).mean()),
        chance_rms=_rms(chance),
        ten_step_rms=_rms(last - true),
        rank=rank_correlation(last, (true + (trainings - 1) * others) / trainings),
        rank_of_one=rank_correlation(last, true),
        rank_of_chance=rank_correlation(true, others),
    )


def _rms(values: Any) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


def rank_correlation(one: FloatArray, other: FloatArray) -> float:
    """Return Spearman's correlation of two samples without ties."""
    ranks = [values.argsort().argsort() for values in (one, other)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])
