"""The three algorithms: federated distillation, federated averaging, and averaging with a public term.

Paper 004, fig. 4. A round: chosen clients start from the server's model, train on private data, upload; the
server sums (`mechanism.release`), learns, broadcasts. Distillation ("fd") uploads logits of public samples,
averaging uploads parameters ("fedavg"); both "fd" and "fedavg_kd" add the server's labels of public samples
to the clients' loss. The paper's text trains clients on private data alone, with which all three collapse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from semverse.envs.errors import InputError
from semverse.envs.fedsem.learning import (
    Descent,
    Lesson,
    class_accuracy,
    distil,
    softmax,
    train_clients,
)
from semverse.envs.fedsem.mechanism import release, upload_bits
from semverse.envs.fedsem.network import ModelName, Network, one_thread
from semverse.envs.fedsem.types import CLASSES, BoolArray, Float32, IntArray, Release, Split

Algorithm = Literal["fd", "fedavg", "fedavg_kd"]


@dataclass(frozen=True)
class Recipe:
    """How models learn."""

    algorithm: Algorithm
    models: tuple[ModelName, ...]  # of clients 0, 1, ... in turn; the server has the first
    client: Descent
    server: Descent  # distillation of the server's model
    public_weight: float  # lambda: of the server's labels in the clients' loss
    public_term: bool = True  # False: the paper's text, to the letter


class Federation:
    """Server and clients of one training.

    Args:
        split: who has which data.
        recipe: how they learn.
        rng: initial weights; used once.
    """

    def __init__(self, split: Split, recipe: Recipe, rng: np.random.Generator) -> None:
        self.split, self.recipe = split, recipe
        side = (int(split.public_images.shape[1]), int(split.public_images.shape[2]))
        self.networks = {name: Network.of(name, side) for name in dict.fromkeys(recipe.models)}
        self.network = self.networks[recipe.models[0]]
        self.model: Float32 = self.network.draw(rng)  # [P] of the server
        # models of a structure of their own cannot start from the server's: they keep their weights
        kinds = [recipe.models[client % len(recipe.models)] for client in range(split.clients)]
        self.own: dict[int, Float32] = {
            client: self.networks[kind].draw(rng)
            for client, kind in enumerate(kinds)
            if kind != recipe.models[0]
        }
        self.kinds = kinds
        self.rounds = 0

    def upload_numbers(self, public: int) -> int:
        """Return how many numbers a client uploads in a round."""
        return public * CLASSES if self.recipe.algorithm == "fd" else self.network.size

    def upload_bits(self, rule: Release) -> int:
        """Return how many bits a client uploads in a round."""
        return upload_bits(self.upload_numbers(rule.public), rule.bits)

    @property
    def broadcast_bits(self) -> int:
        """Bits of the server's model, as float32."""
        return 32 * self.network.size

    def can_upload(self) -> BoolArray:
        """Return which clients can take part [K]: averaging needs models of the server's structure."""
        if self.recipe.algorithm == "fd":
            return np.ones(self.split.clients, dtype=np.bool_)
        return np.array([kind == self.recipe.models[0] for kind in self.kinds])

    def check(self, clients: IntArray) -> None:
        """Make sure that the chosen clients [C] can take part.

        Raises:
            InputError: parameters of models of different structure cannot be averaged.
        """
        if not self.can_upload()[clients].all():
            text = f"{' and '.join(self.networks)} cannot be averaged"
            raise InputError(text, key="models", remedy="choose algorithm 'fd', or models of one structure")

    def accuracy(self) -> Float32:
        """Return the server's accuracy on each class of the test set [10]."""
        test = self.split.test
        with one_thread():
            return class_accuracy(self.network.logits(self.model[None], test.images[None])[0], test.labels)

    def uploads(self, clients: IntArray, public: IntArray, rng: np.random.Generator) -> Float32:
        """Train clients [C] and return what each would upload [C, D].

        Logits are centred, sample by sample: their mean says nothing, yet would count for the norm.
        """
        self.check(clients)
        with one_thread():
            lesson = self._lesson(public)
            kinds = [
                kind for kind in self.networks if kind in {self.kinds[client] for client in clients.tolist()}
            ]
            trained = {kind: self._trained(kind, clients, lesson, rng) for kind in kinds}
            rows: list[Float32] = []
            pictures = self.split.public_images[None, public]
            for kind, (who, parameters) in trained.items():
                if self.recipe.algorithm != "fd":
                    rows.append(parameters - self.model)
                    continue
                logits = self.networks[kind].logits(parameters, pictures)
                rows.append((logits - logits.mean(axis=-1, keepdims=True)).reshape(len(who), -1))
            order = np.argsort(np.concatenate([who for who, _ in trained.values()]), kind="stable")
            return np.concatenate(rows)[order]

    def _lesson(self, public: IntArray) -> Lesson:
        images = self.split.public_images[public]
        return Lesson(
            images,
            softmax(self.network.logits(self.model[None], images[None])[0]),
            self.recipe.public_weight,
        )

    def _trained(
        self, kind: ModelName, clients: IntArray, lesson: Lesson, rng: np.random.Generator
    ) -> tuple[IntArray, Float32]:
        """Train the chosen clients with one kind of model; return who they are and their parameters."""
        positions = np.array([i for i, c in enumerate(clients.tolist()) if self.kinds[c] == kind], np.int64)
        who, network = clients[positions], self.networks[kind]
        begin = np.stack([self.own.get(client, self.model) for client in who.tolist()])
        taught = self.recipe.public_term and self.recipe.algorithm != "fedavg"
        parameters = train_clients(
            network,
            begin,
            self.split.private_images[who],
            self.split.private_labels[who],
            self.recipe.client,
            rng,
            lesson if taught else None,
        )
        for row, client in enumerate(who.tolist()):
            if client in self.own:
                self.own[client] = parameters[row]
        return positions, parameters

    def play(self, clients: IntArray, rule: Release, rng: np.random.Generator) -> None:
        """Play a round with the chosen clients [C]; with none of them the server learns nothing."""
        self.rounds += 1
        if len(clients) == 0:
            return
        public = rng.permutation(len(self.split.public_images))[: rule.public]
        total = release(self.uploads(clients, public, rng), rule, rng)
        self.learn(total / np.float32(len(clients)), public, rng)

    def learn(self, mean: Float32, public: IntArray, rng: np.random.Generator) -> None:
        """Let the server learn from the mean upload [D]."""
        if self.recipe.algorithm != "fd":
            self.model = self.model + mean
            return
        labels = softmax(mean.reshape(len(public), CLASSES))
        with one_thread():
            lesson = Lesson(self.split.public_images[public], labels, 1.0)
            self.model = distil(self.network, self.model, lesson, self.recipe.server, rng)
