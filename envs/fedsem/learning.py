"""Training of many clients' networks at once, and of the server's: stochastic gradient descent in numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semverse.envs.fedsem.network import CACHED, Network
from semverse.envs.fedsem.types import CLASSES, Float32, IntArray


@dataclass(frozen=True)
class Descent:
    """How a network is trained."""

    epochs: int
    batch: int
    learning_rate: float


@dataclass(frozen=True, eq=False)
class Lesson:
    """What the server teaches: public pictures and the softened labels that its model gives them."""

    images: Float32  # [N, H, W]
    labels: Float32  # [N, 10] probabilities
    weight: float  # of the public term in the clients' loss


def softmax(logits: Float32) -> Float32:
    """Return probabilities along the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def one_hot(labels: IntArray) -> Float32:
    """Return labels as probabilities [..., 10]."""
    return np.eye(CLASSES, dtype=np.float32)[labels]


def cross_entropy_gradient(
    network: Network, parameters: Float32, images: Float32, labels: Float32
) -> Float32:
    """Return the gradient [C, P] of the mean cross entropy with probabilities [C or 1, B, 10].

    A few clients at a time, so that what passes through their networks stays in the processor's cache.
    """
    scale = np.float32(1.0 / images.shape[1])
    group = max(1, CACHED // images[0].size)
    if len(parameters) <= group:
        return network.gradient(parameters, images, lambda logits: (softmax(logits) - labels) * scale)
    parts = []
    for at in range(0, len(parameters), group):
        few = slice(at, at + group)
        pictures, wanted = (array if len(array) == 1 else array[few] for array in (images, labels))
        parts.append(cross_entropy_gradient(network, parameters[few], pictures, wanted))
    return np.concatenate(parts)


def train_clients(
    network: Network,
    parameters: Float32,
    images: Float32,
    labels: IntArray,
    descent: Descent,
    rng: np.random.Generator,
    lesson: Lesson | None = None,
) -> Float32:
    """Return the parameters [C, P] of clients after training on their own data.

    Args:
        network: of each.
        parameters: [C, P] to begin with; kept.
        images: private ones [C, S, H, W].
        labels: of them [C, S].
        descent: how. An epoch visits every private sample once.
        rng: the order of samples, the same for all clients.
        lesson: adds the cross entropy with the server's labels on a public batch of the same size to every
            step. Without it, clients that hold one class forget all others.
    """
    samples, hot = images.shape[1], one_hot(labels)
    batch = min(descent.batch, samples)
    parameters = parameters.copy()
    for _ in range(descent.epochs):
        order = rng.permutation(samples)
        for at in range(0, samples - batch + 1, batch):
            rows = order[at : at + batch]
            step = cross_entropy_gradient(network, parameters, images[:, rows], hot[:, rows])
            if lesson is not None:
                step += np.float32(lesson.weight) * _public_step(network, parameters, lesson, descent, rng)
            parameters -= np.float32(descent.learning_rate) * step
    return parameters


def _public_step(
    network: Network, parameters: Float32, lesson: Lesson, descent: Descent, rng: np.random.Generator
) -> Float32:
    rows = rng.integers(len(lesson.images), size=min(descent.batch, len(lesson.images)))
    return cross_entropy_gradient(network, parameters, lesson.images[None, rows], lesson.labels[None, rows])


def distil(
    network: Network, parameters: Float32, lesson: Lesson, descent: Descent, rng: np.random.Generator
) -> Float32:
    """Return the parameters [P] of a model after fitting it to a lesson's labels."""
    model, count = parameters[None].copy(), len(lesson.images)
    batch = min(descent.batch, count)
    for _ in range(descent.epochs):
        order = rng.permutation(count)
        for at in range(0, count - batch + 1, batch):
            rows = order[at : at + batch]
            gradient = cross_entropy_gradient(
                network, model, lesson.images[None, rows], lesson.labels[None, rows]
            )
            model -= np.float32(descent.learning_rate) * gradient
    return np.asarray(model[0])


def class_accuracy(logits: Float32, labels: IntArray) -> Float32:
    """Return the accuracy on each class [10] of logits [N, 10]; 0 for a class without samples."""
    right = logits.argmax(axis=-1) == labels
    counts = np.bincount(labels, minlength=CLASSES)
    hits = np.bincount(labels[right], minlength=CLASSES)
    shares: Float32 = np.asarray(hits / np.maximum(counts, 1), dtype=np.float32)
    return shares
