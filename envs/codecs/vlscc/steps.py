"""What the trainings of all codecs have in common: descent, learning rate, states to carry on from."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Generator, nn

from semverse.envs.codecs.vlscc.training_config import LearnedTraining
from semverse.envs.tree import fitting

_WARM_UP = 100  # steps
_LAST_LEARNING_RATE = 0.02  # of the first
MAX_NORM = 1.0  # of gradients


class Steps(ABC):
    """A codec in training, Adam, and a generator for everything random.

    Args:
        config: what to train.
        codec: ready to be trained.
    """

    def __init__(self, config: LearnedTraining, codec: nn.Module) -> None:
        self.config, self.codec, self.step = config, codec, 0
        self.generator = Generator().manual_seed(config.seed)
        self.optimiser = torch.optim.Adam(codec.parameters(), config.learning_rate)

    @abstractmethod
    def train_step(self) -> dict[str, float]:
        """Take one step; return scalars for the log."""

    @abstractmethod
    def evaluate(self) -> dict[str, float]:
        """Return the quality on held-out samples."""

    def schedule(self) -> None:
        """Set the learning rate of this step: up in a line, down along a cosine."""
        wave = 0.5 + 0.5 * math.cos(math.pi * self.step / self.config.decay_steps)
        share = min(1.0, (self.step + 1) / _WARM_UP) * (
            _LAST_LEARNING_RATE + (1 - _LAST_LEARNING_RATE) * wave
        )
        for group in self.optimiser.param_groups:
            group["lr"] = self.config.learning_rate * share

    def state(self) -> dict[str, Any]:
        """Return everything that `restore` needs to go on as if never stopped, to the bit."""
        return {
            "step": self.step,
            "codec": self.codec.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "generator": self.generator.get_state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over the state of an earlier run.

        Raises:
            InputError: it is that of another codec.
        """
        with fitting():
            self.step = state["step"]
            self.codec.load_state_dict(state["codec"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.generator.set_state(state["generator"])
