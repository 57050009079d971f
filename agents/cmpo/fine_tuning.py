"""Second stage of MO-CMPO (paper 003, section III-B, Algorithm 3): PPO by objective, then distillation."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from semverse.agents.cmpo import loss
from semverse.agents.cmpo.config import CMPOConfig
from semverse.agents.cmpo.critic import Critic
from semverse.agents.cmpo.graph import Graph, weigh
from semverse.agents.cmpo.noise import corrupt, cosine_levels
from semverse.agents.cmpo.projection import project
from semverse.envs.scc.model import evaluate
from semverse.envs.scc.reward import scale
from semverse.envs.scc.types import Instance
from semverse.solvers.relink import space_costs

OBJECTIVES = 2
_SPREAD = 1e-6  # advantages are divided by their deviation, at least this


@dataclass(frozen=True, eq=False)
class Rollout:
    """K steps of inference for B preferences of one instance, K B = N."""

    preference: Tensor  # [N, 2]
    noisy: Tensor  # [N, R] states: x_t
    t: Tensor  # [N]
    action: Tensor  # [N, R] the clean solution drawn (eq. 28)
    log_probability: Tensor  # [N, R] of the action under the policy that drew it
    reward: Tensor  # [objectives, B, V] of the final placement, by space (eq. 24 is the sum over V)


def draw_preferences(count: int, objectives: int = OBJECTIVES) -> Tensor:
    """Draw preferences from Dirichlet(1) (eqs. 25-27) [count, objectives]; each row sums to 1 (eq. 20)."""
    return torch.distributions.Dirichlet(torch.ones(objectives)).sample((count,))


def final_reward(instance: Instance, placements: Tensor) -> Tensor:
    """Return eq. 24 by objective and space: minus what each space costs, normalised [objectives, B, V].

    The sum over spaces is minus the normalised objective, up to the access cost, which no placement changes.
    A placement that even the greedy repair left infeasible costs twice as much.
    """
    array = placements.numpy()
    factor = np.where(evaluate(instance, array).feasible, 1.0, 2.0)[:, None, None]
    cost = factor * space_costs(instance, array) / scale(instance)
    return -torch.as_tensor(cost, dtype=torch.float32).permute(2, 0, 1)


class FineTuner:
    """The state of Algorithm 3: the global policy, one critic an objective, their optimisers.

    Args:
        config: of the agent.
        policy: the global policy; changed in place.
    """

    def __init__(self, config: CMPOConfig, policy: nn.Module) -> None:
        self.config, self.policy = config, policy
        for parameter in policy.parameters():
            parameter.requires_grad_(True)
        c = config.fine_tuning
        self.critics = [Critic().to(config.device) for _ in range(OBJECTIVES)]
        parameters = [p for critic in self.critics for p in critic.parameters()]
        self.critic_optimiser = torch.optim.Adam(parameters, c.critic_learning_rate)
        self.optimiser = torch.optim.Adam(policy.parameters(), c.learning_rate)

    def iterate(self, instance: Instance, graph: Graph) -> dict[str, float]:
        """Do one iteration: collect, improve along each objective, distil into the global policy."""
        rollout = self._collect(instance, graph)
        directional: list[nn.Module] = []
        scalars: dict[str, float] = {}
        for objective in range(OBJECTIVES):
            policy, found = self._improve(graph, rollout, objective)
            directional.append(policy)
            scalars |= {f"{name}_{objective}": value for name, value in found.items()}
        scalars["distillation"] = self._distil(graph, rollout, directional)
        return scalars

    def _collect(self, instance: Instance, graph: Graph) -> Rollout:
        """Draw K-step trajectories of the global policy (Algorithm 2, sampled as in eq. 28)."""
        c = self.config
        preference = draw_preferences(c.fine_tuning.preferences)
        batch = len(preference)
        shape = (batch, graph.num_requests)
        levels = cosine_levels(c.steps).to(torch.float32)
        noisy = torch.randint(graph.num_mecs, shape)
        states, actions, logs = [], [], []
        for i, level in enumerate(levels):
            with torch.no_grad():
                logits = self._logits(self.policy, graph, preference, noisy, level.expand(batch))
            action = torch.distributions.Categorical(logits=logits).sample()
            states.append(noisy)
            actions.append(action)
            logs.append(loss.log_probability(logits, action))
            if i + 1 < c.steps:
                uniform = (torch.rand(shape), torch.rand(shape))
                noisy = corrupt(action, levels[i + 1].expand(batch), graph.num_mecs, uniform)
        drawn = torch.nn.functional.one_hot(action, graph.num_mecs).to(torch.float32)
        placed = project(instance, preference.double().numpy(), [drawn.double().numpy()], c.projection)
        return Rollout(
            preference=preference.repeat(c.steps, 1),
            noisy=torch.cat(states),
            t=levels.repeat_interleave(batch),
            action=torch.cat(actions),
            log_probability=torch.cat(logs),
            reward=final_reward(instance, torch.as_tensor(placed)),
        )

    @staticmethod
    def _logits(policy: nn.Module, graph: Graph, preference: Tensor, noisy: Tensor, t: Tensor) -> Tensor:
        device = graph.space.device
        preference, noisy, t = preference.to(device), noisy.to(device), t.to(device)
        logits: Tensor = policy(graph, weigh(graph, preference), preference, noisy, t)
        return logits.cpu()  # noise, rewards and losses are small and stay here

    def _improve(self, graph: Graph, rollout: Rollout, objective: int) -> tuple[nn.Module, dict[str, float]]:
        """Return a policy improved along one objective (eqs. 29-33), and what happened."""
        c = self.config.fine_tuning
        policy = copy.deepcopy(self.policy)
        optimiser = torch.optim.Adam(policy.parameters(), c.learning_rate)
        reward = rollout.reward[objective]  # [B, V]
        steps = self.config.steps
        target = loss.discounted_return(reward, steps, c.discount).flatten(0, 1)  # [N, V]
        found: dict[str, float] = {"reward": reward.sum(dim=1).mean().item()}
        for _ in range(c.epochs):
            state = (x.to(self.config.device) for x in (rollout.preference, rollout.noisy, rollout.t))
            value = self.critics[objective](graph, *state).cpu()  # [N, V]
            gained = self._credit(graph, target - value.detach())
            logits = self._logits(policy, graph, rollout.preference, rollout.noisy, rollout.t)
            new = loss.log_probability(logits, rollout.action)
            surrogate = loss.clipped_objective(new, rollout.log_probability, gained, c.clip)
            error = loss.value_loss(value, target)
            total = loss.policy_loss(surrogate, error, loss.entropy(logits), c.value_weight, c.entropy_weight)
            optimiser.zero_grad()
            self.critic_optimiser.zero_grad()
            total.backward()
            nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
            optimiser.step()
            self.critic_optimiser.step()
            found["value_error"] = error.item()
        return policy, found

    def _credit(self, graph: Graph, gained: Tensor) -> Tensor:
        """Return advantages of each request's choice [N, R] from those of each space [N, V]."""
        if self.config.fine_tuning.credit == "placement":
            gained = gained.sum(dim=1, keepdim=True).expand_as(gained)
        spread = gained.std(dim=0, correction=0)
        scaled = (gained - gained.mean(dim=0)) / spread.clamp_min(_SPREAD)
        return scaled[:, graph.space.cpu()]

    def _distil(self, graph: Graph, rollout: Rollout, directional: list[nn.Module]) -> float:
        """Move the global policy towards all directional ones (eq. 34)."""
        c = self.config.fine_tuning
        state = (graph, rollout.preference, rollout.noisy, rollout.t)
        with torch.no_grad():
            targets = [self._logits(policy, *state) for policy in directional]
            previous = self._logits(self.policy, *state)
        value = torch.zeros(())
        for _ in range(c.distillations):
            logits = self._logits(self.policy, *state)
            value = loss.distillation_loss(logits, targets, previous, rollout.preference, c.proximity)
            self.optimiser.zero_grad()
            value.backward()
            nn.utils.clip_grad_norm_(self.policy.parameters(), 1.0)
            self.optimiser.step()
        return float(value.item())

    def state(self) -> dict[str, Any]:
        """Return what is kept between iterations, without the policy."""
        return {
            "critics": [critic.state_dict() for critic in self.critics],
            "critic_optimiser": self.critic_optimiser.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Carry on from an earlier state."""
        for critic, weights in zip(self.critics, state["critics"], strict=True):
            critic.load_state_dict(weights)
        self.critic_optimiser.load_state_dict(state["critic_optimiser"])
        self.optimiser.load_state_dict(state["optimiser"])
