"""A preference-conditioned learner for the cloud-edge-end service: fitted values and exact enumeration.

A network learns what the states that an epoch leads to are worth later, out of what is known when the epoch
is decided: the mean, over episodes, of the exact values that dynamic programming finds in hindsight. The
decision is the exact best of the epoch's mean reward over the ratios that may come true, plus that worth.
Trained on random preferences, it serves any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, ClassVar

import numpy as np
import pydantic
import torch
from torch import nn

from semverse.agents.common.learned import LearnedAgent
from semverse.agents.training.session import Session
from semverse.agents.training.vector import make_env
from semverse.envs.cee.dynamic import hindsight_values
from semverse.envs.cee.enumeration import epoch_table
from semverse.envs.cee.generator import draw_episodes
from semverse.envs.cee.policies import Known, best_decision, outlook, read_observation
from semverse.envs.cee.problem import Problem
from semverse.envs.cee.types import Episode, FloatArray, IntArray
from semverse.envs.config import Config
from semverse.envs.random_state import seed_everything

Count = Annotated[int, pydantic.Field(ge=1)]
INPUTS = 11  # two ratios, two loads, motion, five weights, share of epochs left


class FittedValueConfig(Config):
    """Hyper-parameters of `FittedValueAgent`."""

    hidden: Annotated[tuple[Count, ...], pydantic.Field(min_length=1)]
    learning_rate: Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)]
    batch_size: Count
    passes: Count


class ValueNetwork(nn.Module):
    """Worth of every state after an epoch, relative to their mean [B, 3 Q], from inputs [B, 11]."""

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, hidden: tuple[int, ...], states: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(INPUTS))
        self.register_buffer("deviation", torch.ones(INPUTS))
        sizes, layers = [INPUTS, *hidden], list[nn.Module]()
        for inputs, outputs in pairwise(sizes):
            layers += [nn.Linear(inputs, outputs), nn.Tanh()]
        self.layers = nn.Sequential(*layers, nn.Linear(sizes[-1], states))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return worths [B, 3 Q]."""
        worth: torch.Tensor = self.layers((inputs - self.mean) / self.deviation)
        return worth


class FittedValueAgent(LearnedAgent):
    """Fitted values and exact enumeration; see `LearnedAgent` for the arguments."""

    name = "fitted_value"
    Config: ClassVar[Any] = FittedValueConfig

    def __init__(self, config: FittedValueConfig, env_id: str, env_settings: Mapping[str, Any]) -> None:
        super().__init__(config, env_id, env_settings)
        env = make_env(env_id, self.env_settings)
        self.problem: Problem = env.unwrapped.problem  # type: ignore[attr-defined]
        env.close()
        self.network = ValueNetwork(config.hidden, 3 * (self.problem.top_quality + 1))

    def modules(self) -> nn.Module:
        """Return the network."""
        return self.network

    def act(self, observation: Any, *, deterministic: bool = True) -> Any:
        """Return the decision of one observation [5], or of a batch of them [N, 5]."""
        del deterministic
        rows = np.atleast_2d(np.asarray(observation))
        with torch.no_grad():
            worth = self.network(torch.from_numpy(inputs_of(rows)).float()).double().numpy()
        shaped = worth.reshape(len(rows), 3, -1)
        decisions = [
            self._decide(read_observation(row, self.problem), after)
            for row, after in zip(rows, shaped, strict=True)
        ]
        return np.stack(decisions) if self.is_batch(observation) else decisions[0]

    def _decide(self, known: Known, after: FloatArray) -> IntArray:
        table = epoch_table(outlook(known.conditions, self.problem), known.preference, self.problem)
        last = known.left <= 1
        return best_decision(table, known, np.zeros_like(after) if last else after, self.problem)

    def train(self, session: Session) -> None:
        """Label episodes by dynamic programming until ``total_steps`` epochs are labelled; then fit."""
        seed_everything(session.seed)
        self.network = ValueNetwork(self.config.hidden, 3 * (self.problem.top_quality + 1))
        data = list(session.state["data"]) if session.state is not None else []
        epochs = self.problem.config.epochs
        due = (len(data) * epochs // session.checkpoint_every + 1) * session.checkpoint_every
        while len(data) * epochs < session.total_steps:
            generator = np.random.default_rng([session.seed, len(data)])
            data.append(self._label(draw_episodes([generator], self.problem, None).row(0)))
            step = min(len(data) * epochs, session.total_steps)
            session.progress(step)
            if step >= due:
                session.save_state(step, {"data": data})
                due += session.checkpoint_every
        inputs, targets = (torch.from_numpy(np.concatenate(part)).float() for part in zip(*data, strict=True))
        self._fit(inputs, targets, session)

    def _label(self, episode: Episode) -> tuple[FloatArray, FloatArray]:
        """Return inputs [T, 11] and worths relative to their mean [T, 3 Q]."""
        values = hindsight_values(episode, self.problem).reshape(episode.epochs, -1)
        known = np.concatenate(
            [
                episode.snr_db[:-1],
                episode.load,
                episode.motion[:, None],
                np.tile(episode.preference, (episode.epochs, 1)),
                1.0 - np.arange(episode.epochs)[:, None] / episode.epochs,
            ],
            axis=1,
        )
        return known, values - values.mean(axis=1, keepdims=True)

    def _fit(self, inputs: torch.Tensor, targets: torch.Tensor, session: Session) -> None:
        """Regress on all labelled epochs; the learning rate falls to 0 over the passes."""
        c, network = self.config, self.network
        network.mean.copy_(inputs.mean(0))
        network.deviation.copy_(inputs.std(0).clamp(min=1e-3))
        optimiser = torch.optim.Adam(network.parameters(), lr=c.learning_rate)
        batches = -(-len(inputs) // c.batch_size)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, c.passes * batches)
        for epoch in range(c.passes):
            total = 0.0
            for rows in torch.randperm(len(inputs)).split(c.batch_size):
                loss = nn.functional.mse_loss(network(inputs[rows]), targets[rows])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
                total += loss.item() * len(rows)
            session.log(epoch, {"train/mse": total / len(inputs)})


def inputs_of(observations: FloatArray) -> FloatArray:
    """Return the network's inputs [B, 11] of observations [B, 18]."""
    return np.concatenate([observations[:, :5], observations[:, 9:15]], axis=1)
