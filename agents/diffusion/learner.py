"""Training of the diffusion policy: interaction, updates, states to resume from."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from semverse.agents.common.actions import from_space, to_space
from semverse.agents.common.buffer import ReplayBuffer
from semverse.agents.common.cloning import Demonstrations, demonstrate, imitate
from semverse.agents.common.features import sample_observations
from semverse.agents.diffusion.loss import critic_loss, guidance_loss
from semverse.agents.diffusion.networks import DenoisingActor, DoubleCritic
from semverse.agents.training.rewards import with_reward
from semverse.agents.training.session import Session
from semverse.agents.training.vector import make_vector
from semverse.envs.random_state import random_states, restore_random_states
from semverse.envs.tree import fitting

if TYPE_CHECKING:
    from semverse.agents.diffusion.agent import DiffusionAgent

_LOG_EVERY = 50  # steps of all environments


class Learner:
    """Trains one actor for one session.

    Args:
        agent: whose configuration and environment are used.
        actor: what is trained.
        session: how long, and where states and logs go.
    """

    def __init__(self, agent: DiffusionAgent, actor: DenoisingActor, session: Session) -> None:
        self.config, self.session, self.actor, self._space = agent.config, session, actor, agent.action_space
        size, actions = agent.observation_size, actor.action_size
        env = make_vector(agent.env_id, agent.env_settings, session.num_envs)
        self.env = with_reward(env, agent.env_id, agent.env_settings, session.reward)
        c = self.config
        self.critic = DoubleCritic(size, actions, c.features, c.critic_hidden)
        observations = sample_observations(agent.env_id, agent.env_settings, session.seed)
        for part in (self.actor, self.critic):
            part.standardise.fit(observations)
        self.shown = self._clone(agent)
        self.target_actor, self.target_critic = deepcopy(self.actor), deepcopy(self.critic)
        self.actor_optimiser = torch.optim.Adam(self.actor.parameters(), lr=c.actor_learning_rate)
        self.critic_optimiser = torch.optim.Adam(self.critic.parameters(), lr=c.critic_learning_rate)
        self.buffer = ReplayBuffer(c.buffer_size, size, actions)
        self.step = self.updates = 0
        self._rewards: list[float] = []

    def _clone(self, agent: DiffusionAgent) -> Demonstrations | None:
        """Imitate the expert, unless that was done, and return its demonstrations if they are needed on."""
        c, fresh = self.config, self.session.state is None
        if c.cloning is None or not (c.cloning_weight or fresh):
            return None
        shown = demonstrate(c.cloning, agent.env_id, agent.env_settings, self.session.seed)
        if fresh:
            for part in (self.actor, self.critic):
                part.standardise.fit(shown.observation.numpy())
            imitate(c.cloning, self._cloning_loss, self.actor.parameters(), shown)
        return shown if c.cloning_weight else None

    def _cloning_loss(self, shown: Demonstrations) -> torch.Tensor:
        numbers = from_space(shown.drawn_actions().numpy(), self._space).astype(np.float32)
        return self.actor.cloning_loss(shown.observation, torch.from_numpy(numbers))

    def _parts(self) -> dict[str, Any]:
        """Return all that has a ``state_dict``."""
        return {
            "actor": self.actor,
            "critic": self.critic,
            "target_actor": self.target_actor,
            "target_critic": self.target_critic,
            "actor_optimiser": self.actor_optimiser,
            "critic_optimiser": self.critic_optimiser,
        }

    def state(self) -> dict[str, Any]:
        """Return the whole state, for `restore`."""
        return {
            "parts": {name: part.state_dict() for name, part in self._parts().items()},
            "buffer": self.buffer.state(),
            "step": self.step,
            "updates": self.updates,
            "random": random_states(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Carry on from an earlier state."""
        for name, part in self._parts().items():
            part.load_state_dict(state["parts"][name])
        self.buffer.restore(state["buffer"])
        self.step, self.updates = state["step"], state["updates"]
        restore_random_states(state["random"])

    def learn(self) -> None:
        """Train until the session's last step."""
        session = self.session
        if session.state is not None:
            with fitting():
                self.restore(session.state)
        while self.step < session.total_steps:
            observation, _ = self.env.reset(seed=session.env_seed(self.step))
            end = min(self.step + session.checkpoint_every, session.total_steps)
            while self.step < end:
                observation = self._interact(observation)
                if self.step >= self.config.warmup_steps:
                    for _ in range(self.config.updates_per_step):
                        self._update()
                session.progress(self.step)
            session.save_state(self.step, self.state())
        self.env.close()

    def _interact(self, observation: Any) -> Any:
        """Step all environments once; return the next observations."""
        c, size = self.config, (self.session.num_envs, self.actor.action_size)
        if self.step < c.warmup_steps:
            actions = 2.0 * torch.rand(size) - 1.0
        else:
            with torch.no_grad():
                actions = self.actor(torch.as_tensor(observation))
            actions = (actions + c.exploration_noise * torch.randn(size)).clamp(-1.0, 1.0)
        following, reward, terminated, truncated, info = self.env.step(to_space(actions.numpy(), self._space))
        after = following
        if c.gamma and (truncated & ~terminated).any():
            after = following.copy()  # what a cut-off episode would have gone on from
            for row in np.flatnonzero(truncated & ~terminated):
                after[row] = info["final_obs"][row]
        self.buffer.add(
            observation=observation,
            action=actions.numpy(),
            reward=reward,
            next_observation=after,
            goes_on=1.0 - terminated,
        )
        self.step += self.session.num_envs
        self._rewards.append(float(reward.mean()))
        if len(self._rewards) >= _LOG_EVERY:
            self.session.log(self.step, {"rollout/reward": float(np.mean(self._rewards))})
            self._rewards.clear()
        return following

    def _update(self) -> None:
        """Update the critics, then the actor, then the targets."""
        c = self.config
        self._decay_learning_rates()
        batch = self.buffer.sample(c.batch_size)
        loss = critic_loss(self.critic, self.target_critic, self.target_actor, batch, c.gamma)
        _descend(self.critic_optimiser, loss)
        self.updates += 1
        scalars = {"train/critic_loss": loss}
        if self.updates > c.critic_warmup_updates:
            scalars |= self._update_actor(batch.observation)
        if c.gamma:
            _follow(self.target_actor, self.actor, c.tau)
            _follow(self.target_critic, self.critic, c.tau)
        if self.updates % (_LOG_EVERY * c.updates_per_step) == 0:
            self.session.log(self.step, {name: value.item() for name, value in scalars.items()})

    def _update_actor(self, observation: torch.Tensor) -> dict[str, torch.Tensor]:
        c = self.config
        loss, scalars = torch.zeros(()), {}
        if c.guidance_weight:
            scalars["train/guidance_loss"] = guidance_loss(self.actor, self.critic, observation)
            loss = loss + c.guidance_weight * scalars["train/guidance_loss"]
        if self.shown is not None:
            scalars["train/cloning_loss"] = self._cloning_loss(self.shown.draw(c.batch_size))
            loss = loss + c.cloning_weight * scalars["train/cloning_loss"]
        _descend(
            self.actor_optimiser,
            loss,
            lambda: nn.utils.clip_grad_norm_(self.actor.parameters(), c.gradient_norm),
        )
        return scalars

    def _decay_learning_rates(self) -> None:
        c = self.config
        remaining = 1.0 - self.step / self.session.total_steps
        share = c.final_learning_rate_share + (1.0 - c.final_learning_rate_share) * remaining
        for optimiser, rate in (
            (self.actor_optimiser, c.actor_learning_rate),
            (self.critic_optimiser, c.critic_learning_rate),
        ):
            optimiser.param_groups[0]["lr"] = rate * share


def _descend(
    optimiser: torch.optim.Optimizer, loss: torch.Tensor, clip: Callable[[], Any] | None = None
) -> None:
    optimiser.zero_grad()
    loss.backward()
    if clip is not None:
        clip()
    optimiser.step()


def _follow(target: nn.Module, source: nn.Module, tau: float) -> None:
    """Move a target network a share of the way towards its source."""
    with torch.no_grad():
        for ours, theirs in zip(target.parameters(), source.parameters(), strict=True):
            ours.lerp_(theirs, tau)
