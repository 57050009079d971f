"""A stand-in for the training of a round: a small network that tells the accuracies after it.

The same network serves every class: it sees that class and means over all of them, so that classes may be
renamed. Who takes part, what it takes of privacy, band and time is not learnt: that is computed as in live
training (`semverse.envs.fedsem.core`).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from semverse.envs.errors import InputError
from semverse.envs.fedsem.config import load_profile
from semverse.envs.fedsem.generator import draw_shares
from semverse.envs.fedsem.holdings import Holdings
from semverse.envs.fedsem.learners import Context
from semverse.envs.fedsem.network import one_thread
from semverse.envs.fedsem.problem import Problem
from semverse.envs.fedsem.types import (
    CLASSES,
    BoolArray,
    Decision,
    Float32,
    FloatArray,
    IntArray,
    Round,
)
from semverse.envs.files import read_bytes, write_atomic

Generators = Sequence[np.random.Generator]
FEATURES = 12
_SHARINGS = 256
_BLOCK = 32  # trainings
_TINY = np.float32(1e-9)
# keys of a profile that the recorded trainings were made with; all others may be changed
LEARNING = (
    *("data", "model", "clients", "samples", "public", "rounds", "client", "server"),
    *("public_weight", "label_clip", "quorum"),
)


def features(
    accuracy: Float32,
    context: Context,
    noise: FloatArray,
    public: IntArray,
    bits: IntArray,
) -> Float32:
    """Return what the network sees of each class [N, 10, 12].

    Args:
        accuracy: before the round [N, 10].
        context: clients of each class, and the noise before.
        noise: on each mean logit [N].
        public: public pictures [N].
        bits: of a logit [N].
    """
    number: Float32 = np.maximum(context.chosen.sum(axis=1), np.float32(1))
    before = context.covered / np.maximum(context.size, np.float32(1))
    seen = np.empty((len(accuracy), CLASSES, FEATURES), dtype=np.float32)
    seen[..., 0] = accuracy
    seen[..., 1] = accuracy.mean(axis=1)[:, None]
    seen[..., 2] = accuracy.std(axis=1)[:, None]
    seen[..., 3] = context.chosen / number[:, None] * np.float32(CLASSES)
    seen[..., 4] = np.log2(np.maximum(noise, _TINY).astype(np.float32))[:, None]
    seen[..., 5] = np.log2(number)[:, None]
    seen[..., 6] = np.log2(public.astype(np.float32))[:, None]
    seen[..., 7] = np.exp2(-bits.astype(np.float32))[:, None]
    seen[..., 8] = np.log1p(before)
    seen[..., 9] = np.log1p(before.mean(axis=1))[:, None]
    seen[..., 10] = (context.chosen > 0).mean(axis=1)[:, None]
    seen[..., 11] = np.log2(np.maximum(context.noise_before, _TINY).astype(np.float32))[:, None]
    return seen


@dataclass(frozen=True, eq=False)
class Surrogate:
    """The network, and what it was made of; an .npz file."""

    mean: Float32  # [F] of the features
    scale: Float32  # [F]
    weights: tuple[Float32, ...]  # [in, out] of each layer
    biases: tuple[Float32, ...]  # [out]
    starts: Float32  # [M, 10] accuracies of models with initial weights
    counts: IntArray  # [10] pictures of each class in the data set
    error: Float32  # [2] medians and 90 % quantiles of the error of the mean accuracy, on held-out rounds

    def __call__(self, seen: Float32) -> Float32:
        """Return the accuracies after a round [N, 10] from features [N, 10, F].

        Products of matrices round differently for other numbers of rows. They are taken in blocks of one
        size, the last one filled up, so that a training alone and in a batch come to the same bits.
        """
        number = len(seen)
        blocks = -(-number // _BLOCK)
        value = np.zeros((blocks * _BLOCK, CLASSES, FEATURES), dtype=np.float32)
        np.subtract(seen, self.mean, out=value[:number])
        value = (value * self.scale).reshape(blocks, _BLOCK * CLASSES, FEATURES)
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            value = value @ weight
            value += bias
            np.maximum(value, 0, out=value)
        logits = (value * self.weights[-1][:, 0]).sum(axis=-1) + self.biases[-1]
        found: Float32 = 1 / (1 + np.exp(-logits))
        return found.reshape(-1, CLASSES)[:number]


def save_surrogate(surrogate: Surrogate, path: Path) -> None:
    """Write an .npz file.

    Raises:
        InputError: it cannot be written.
    """
    arrays: dict[str, Any] = {}
    for field in fields(Surrogate):
        value = getattr(surrogate, field.name)
        parts = value if isinstance(value, tuple) else (value,)
        names = [f"{field.name}_{i}" for i in range(len(parts))] if isinstance(value, tuple) else [field.name]
        arrays |= dict(zip(names, parts, strict=True))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_atomic(path, buffer.getvalue())


@cache
def load_surrogate(path: Path | None = None) -> Surrogate:
    """Read the shipped file, or another one.

    Raises:
        InputError: it is missing or damaged.
    """
    chosen = path or Path(str(files("semverse.envs.fedsem").joinpath("tables", "surrogate.npz")))
    try:
        with np.load(io.BytesIO(read_bytes(chosen)), allow_pickle=False) as archive:
            layers = sum(key.startswith("weights_") for key in archive.files)
            stacks = ([archive[f"{name}_{i}"] for i in range(layers)] for name in ("weights", "biases"))
            weights, biases = (tuple(stack) for stack in stacks)
            rest = (archive[key] for key in ("starts", "counts", "error"))
            return Surrogate(archive["mean"], archive["scale"], weights, biases, *rest)
    except (ValueError, OSError, zipfile.BadZipFile, EOFError, KeyError) as error:
        raise InputError(f"is no stand-in ({error})", source=chosen, remedy="fit it again") from error


class SurrogateLearner:
    """The stand-in as a `semverse.envs.fedsem.learners.Learner` of N trainings.

    Args:
        num: N.
        problem: constants; what decides how models learn must be that of the default profile.
        surrogate: the network; None: the shipped one.

    Raises:
        InputError: another value of a key that decides how models learn.
    """

    def __init__(self, num: int, problem: Problem, surrogate: Surrogate | None = None) -> None:
        known = load_profile()
        for key in LEARNING:
            if getattr(problem.config, key) != getattr(known, key):
                remedy = "keep the default profile's value, or train live with FedSem-v0"
                raise InputError("was not recorded", source="FedSemFast-v0", key=key, remedy=remedy)
        self.problem, self.surrogate = problem, surrogate or load_surrogate()
        self.accuracy: Float32 = np.zeros((num, CLASSES), dtype=np.float32)

    @cached_property
    def _holdings(self) -> Holdings:
        """256 ways to share out the pictures; copies of trainings that began never ask."""
        rng = np.random.default_rng(0)
        return Holdings.of(draw_shares([rng] * _SHARINGS, self.surrogate.counts, self.problem))

    def begin(self, rows: IntArray, generators: Generators) -> Holdings:
        """Draw one of many ways to share out pictures, and an initial model's accuracies."""
        starts, drawn = self.surrogate.starts, [generators[row] for row in rows.tolist()]
        both = np.array([int(g.integers(len(starts) * _SHARINGS)) for g in drawn])  # one draw is quicker
        start, sharing = np.divmod(both, _SHARINGS)
        self.accuracy[rows] = starts[start]
        return self._holdings.taken(sharing)

    def play(
        self,
        decision: Decision,
        played: Round,
        context: Context,
        active: BoolArray,
        generators: Generators,
    ) -> None:
        """Tell the accuracies after a round; rows of which nobody takes part stay as they are."""
        del generators
        seen = features(self.accuracy, context, played.noise, decision.public, decision.bits)
        with one_thread():
            after = self.surrogate(seen)
        self.accuracy = np.where((active & (played.number > 0))[:, None], after, self.accuracy)
