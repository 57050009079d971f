"""Inference attacks: which class a client holds, and whether a sample was trained on.

The attacker is the one that differential privacy is about: it knows the server's model, the public samples,
how clients train, labelled samples of its own, and everybody's upload but the victim's, so that what is left
of a noisy sum is the victim's upload and the noise (`mechanism.release` of one client).
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from semverse.envs.fedsem.federation import Federation
from semverse.envs.fedsem.learning import Lesson, distil, softmax
from semverse.envs.fedsem.mechanism import clip, quantise
from semverse.envs.fedsem.network import Network, one_thread
from semverse.envs.fedsem.types import CLASSES, Dataset, Float32, FloatArray, IntArray, Release


def auc(members: FloatArray, others: FloatArray) -> float:
    """Return the chance that a member scores higher than another, ties half: 0.5 is guessing.

    Args:
        members: scores [M].
        others: scores [O].
    """
    order = np.sort(others)
    below, upto = np.searchsorted(order, members, "left"), np.searchsorted(order, members, "right")
    return float((below + upto).mean() / (2 * len(others)))


def hits_at(members: FloatArray, others: FloatArray, alarms: float) -> float:
    """Return the share of members found at a given share of false alarms (Carlini et al., 2022)."""
    bar = np.quantile(others, 1.0 - alarms, method="higher")
    return float((members > bar).mean())


def auc_bound(mu: float) -> float:
    """Return the largest AUC against a release that is mu-GDP for the presence of a client.

    Exchanging a sample exchanges an upload, which moves the sum twice as far as leaving it out: 2 mu, and the
    area under the trade-off curve of Gaussians so far apart is Phi(2 mu / sqrt(2)).
    """
    return 0.5 * math.erfc(-mu)


def shadow_uploads(
    federation: Federation, own: Dataset, each: int, public: IntArray, rng: np.random.Generator
) -> tuple[Float32, IntArray]:
    """Return what clients with one class each would upload [T, D], and the classes [T].

    Args:
        federation: what the attacker knows of it is the server's model and the recipe.
        own: the attacker's samples; clients draw theirs from them.
        each: clients of each class that the attacker has samples of.
        public: samples that logits are of.
        rng: draws and training.
    """
    split = federation.split
    classes = np.repeat(np.unique(own.labels), each)
    size = split.private_labels.shape[1]
    rows = np.array([rng.choice(np.flatnonzero(own.labels == label), size) for label in classes])
    world = replace(split, private_images=own.images[rows], private_labels=own.labels[rows])
    shadow = Federation(world, federation.recipe, rng)
    shadow.model = federation.model
    return shadow.uploads(np.arange(len(classes)), public, rng), classes


def guess_classes(releases: Float32, shadows: Float32, classes: IntArray, rule: Release) -> IntArray:
    """Return the most likely class of each release [R]: the nearest mean, optimal against Gaussian noise.

    Args:
        releases: [R, D] of one client each.
        shadows: uploads [T, D] of clients whose class is known; they pass the mechanism as the victims' do.
        classes: of the shadows [T].
        rule: of the mechanism.
    """
    shadows = quantise(shadows, rule.bits)
    if rule.noise_multiplier > 0:
        shadows = clip(shadows, rule.clip)
    known = np.unique(classes)
    means = np.stack([shadows[classes == label].mean(axis=0) for label in known])
    closeness = releases @ means.T - 0.5 * np.einsum("cd,cd->c", means, means)
    return np.asarray(known[closeness.argmax(axis=1)])


def rebuilt_model(
    federation: Federation, released: Float32, public: IntArray, rng: np.random.Generator
) -> Float32:
    """Return the model [P] behind one client's release [D]: parameters, or what its logits teach."""
    if federation.recipe.algorithm != "fd":
        return np.asarray(federation.model + released)
    with one_thread():
        labels = softmax(released.reshape(len(public), CLASSES))
        lesson = Lesson(federation.split.public_images[public], labels, 1.0)
        return distil(federation.network, federation.model, lesson, federation.recipe.server, rng)


def losses(network: Network, model: Float32, data: Dataset) -> FloatArray:
    """Return the cross entropy of a model [P] on each sample [N]."""
    with one_thread():
        logits = network.logits(model[None], data.images[None])[0].astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    own = logits[np.arange(len(data)), data.labels]
    return np.asarray(np.log(np.exp(logits).sum(axis=1)) - own)
