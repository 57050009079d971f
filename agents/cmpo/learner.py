"""Training in two stages: supervised (Algorithm 1), then reinforcement learning (Algorithm 3)."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from semverse.agents.cmpo.config import CMPOConfig
from semverse.agents.cmpo.fine_tuning import FineTuner
from semverse.agents.cmpo.graph import Graph, make_graph, weigh
from semverse.agents.cmpo.loss import consistency_loss, denoising_loss
from semverse.agents.cmpo.noise import corrupt
from semverse.agents.training.session import Session
from semverse.envs.errors import InputError
from semverse.envs.random_state import random_states, restore_random_states
from semverse.envs.scc.types import Instance
from semverse.envs.tree import fitting
from semverse.solvers.label_store import load_labels

_LOG_EVERY = 50
_WARM_UP = 100  # updates until the full learning rate


@dataclass(frozen=True, eq=False)
class Example:
    """One labelled instance as tensors."""

    instance: Instance
    graph: Graph
    preference: Tensor  # [P, 2]
    solution: Tensor  # [P, R] MEC of each request


def load_examples(folder: Path | None, key: str, device: str) -> list[Example]:
    """Read a label set; graphs go to a device, solutions stay where noise is drawn.

    Raises:
        InputError: none is given, or it cannot be read.
    """
    if folder is None:
        raise InputError("is not set", key=f"settings.supervised.{key}", remedy="semverse generate --labels")
    examples = [
        Example(
            item.instance,
            make_graph(item.instance).to(device),
            torch.as_tensor(item.labels.preferences, dtype=torch.float32),
            torch.as_tensor(item.labels.placements),
        )
        for item in load_labels(folder)
        if item.labels is not None
    ]
    if not examples:
        raise InputError("holds no labels", source=folder, remedy="make it with semverse generate --labels")
    return examples


class Learner:
    """Trains one network.

    Args:
        config: of the agent.
        net: what is trained.
        acting: gets the running mean of its weights, which acts.
        session: how long, and where states and scalars go.
    """

    def __init__(self, config: CMPOConfig, net: nn.Module, acting: nn.Module, session: Session) -> None:
        self.config, self.net, self.acting, self.session = config, net, acting, session
        self.examples = load_examples(config.supervised.labels, "labels", config.device)
        c = config.supervised
        self.optimiser = torch.optim.AdamW(net.parameters(), c.learning_rate, weight_decay=c.weight_decay)
        self.step = 0
        self._tuner: FineTuner | None = None

    def learn(self) -> None:
        """Train until the session's last step."""
        session = self.session
        if session.state is not None:
            with fitting():
                self.restore(session.state)
        while self.step < session.total_steps:
            scalars = self._supervise() if self.step < self.config.supervised.steps else self._tune()
            self.step += 1
            if self.step % _LOG_EVERY == 0:
                session.log(self.step, {f"train/{name}": value for name, value in scalars.items()})
            session.progress(self.step)
            if self.step % session.checkpoint_every == 0 or self.step == session.total_steps:
                session.save_state(self.step, self.state())

    def _supervise(self) -> dict[str, float]:
        """Do one update of Algorithm 1."""
        c = self.config.supervised
        self.optimiser.param_groups[0]["lr"] = c.learning_rate * self._rate()
        example = self.examples[int(torch.randint(len(self.examples), ()))]
        rows = torch.randperm(len(example.preference))[: c.pairs]
        graph, solution = example.graph, example.solution[rows]
        noisy, t = draw_noise(solution, graph.num_mecs, c.full_noise_share, c.consistency)
        device = self.config.device
        preference = example.preference[rows].repeat(2, 1).to(device)
        logits = self.net(graph, weigh(graph, preference), preference, noisy.to(device), t.to(device))
        solution = solution.to(device)
        if c.consistency:
            loss = consistency_loss(logits, solution)
        else:
            loss = denoising_loss(logits, solution.repeat(2, 1))
        self.optimiser.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.net.parameters(), c.gradient_norm)
        self.optimiser.step()
        follow(self.acting, self.net, min(c.average, self.step / (self.step + 10)))
        return {"supervised_loss": loss.item(), "gradient_norm": norm.item()}

    def _rate(self) -> float:
        """Return the share of the learning rate: warm-up, then a cosine over the first stage."""
        c = self.config.supervised
        end = min(c.steps, self.session.total_steps)
        cosine = 0.5 * (1.0 + math.cos(math.pi * min(self.step / end, 1.0)))
        floor = c.final_learning_rate_share
        return min(1.0, (self.step + 1) / _WARM_UP) * (floor + (1.0 - floor) * cosine)

    def _tune(self) -> dict[str, float]:
        """Do one iteration of Algorithm 3 on the acting weights."""
        example = self.examples[int(torch.randint(len(self.examples), ()))]
        return self.tuner.iterate(example.instance, example.graph)

    @property
    def tuner(self) -> FineTuner:
        """The second stage; begins from the weights that act."""
        if self._tuner is None:
            self._tuner = FineTuner(self.config, self.acting)
        return self._tuner

    def state(self) -> dict[str, Any]:
        """Return the whole state, for `restore`."""
        return {
            "step": self.step,
            "net": self.net.state_dict(),
            "acting": self.acting.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "tuner": self._tuner.state() if self._tuner else None,
            "random": random_states(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Carry on from an earlier state."""
        self.step = state["step"]
        self.net.load_state_dict(state["net"])
        self.acting.load_state_dict(state["acting"])
        self.optimiser.load_state_dict(state["optimiser"])
        if state["tuner"] is not None:
            self.tuner.restore(state["tuner"])
        restore_random_states(state["random"])


def draw_noise(
    solution: Tensor, mecs: int, full_noise_share: float, consistency: bool
) -> tuple[Tensor, Tensor]:
    """Return two noisy versions of solutions [B, R] and their noise levels: [2 B, R] and [2 B].

    With ``consistency`` both belong to one trajectory, the second at a lower level (eq. 23); without,
    they are independent.
    """
    batch = len(solution)
    full = torch.rand(batch) < full_noise_share
    first = torch.where(full, torch.ones(batch), torch.rand(batch))
    uniform = (torch.rand(solution.shape), torch.rand(solution.shape))
    if consistency:
        second, other = torch.rand(batch) * first, uniform
    else:
        again = torch.rand(batch) < full_noise_share
        second = torch.where(again, torch.ones(batch), torch.rand(batch))
        other = (torch.rand(solution.shape), torch.rand(solution.shape))
    noisy = torch.cat([corrupt(solution, first, mecs, uniform), corrupt(solution, second, mecs, other)])
    return noisy, torch.cat([first, second])


def follow(target: nn.Module, source: nn.Module, decay: float) -> None:
    """Move a running mean of weights towards its source."""
    with torch.no_grad():
        for ours, theirs in zip(target.parameters(), source.parameters(), strict=True):
            ours.lerp_(theirs, 1.0 - decay)


def frozen_copy(net: nn.Module) -> nn.Module:
    """Return a copy that is not trained."""
    twin = copy.deepcopy(net)
    for parameter in twin.parameters():
        parameter.requires_grad_(False)
    return twin
