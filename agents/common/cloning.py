"""Behaviour cloning: a policy imitates an expert before it learns from rewards, or meanwhile.

An expert is any agent without weights that acts on batches of observations, such as a rule or an exact
optimum. One that tells what each action is worth (`ValuingExpert`) can be imitated softly: as a policy that
takes actions with probability proportional to exp(value / temperature), which says of how much consequence
each choice is (policy distillation, Rusu et al. 2016, arXiv:1511.06295). Observations are standardised by
what the expert sees: random actions may never leave a small part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, runtime_checkable

import gymnasium
import numpy as np
import numpy.typing as npt
import pydantic
import torch
from tqdm import tqdm

from semverse.agents.base import Agent
from semverse.agents.registry import agent_spec, make_agent
from semverse.agents.training.vector import make_vector
from semverse.envs.config import Config
from semverse.envs.errors import InputError

Count = Annotated[int, pydantic.Field(ge=1)]
Whole = Annotated[int, pydantic.Field(ge=0)]
Share = Annotated[float, pydantic.Field(ge=0, le=1)]
_ROWS = 128  # copies of the environment that the expert plays


class CloningConfig(Config):
    """What is imitated and how; the keys of ``cloning`` in an agent's settings."""

    expert: str  # name in the registry
    samples: Count  # observations that the expert answers
    noise: Share  # of its actions, replaced by random ones at most; see `demonstrate`
    temperature: Annotated[float, pydantic.Field(ge=0, allow_inf_nan=False)]  # 0: its actions alone
    updates: Whole  # of the policy before it learns from rewards
    batch_size: Count
    learning_rate: Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)]  # falls linearly to 0


@runtime_checkable
class ValuingExpert(Protocol):
    """An expert that tells more than its action."""

    def action_values(self) -> npt.NDArray[np.float64]:
        """Return what each discrete action is worth in the environment given to `begin` [N, A]."""


@dataclass(frozen=True)
class Demonstrations:
    """Observations, and what an expert does there."""

    observation: torch.Tensor  # [B, size]
    action: torch.Tensor  # [B, ...] of the environment's space
    likely: torch.Tensor | None  # [B, A] probabilities of discrete actions; None: of its action alone

    def __len__(self) -> int:
        return len(self.observation)

    def draw(self, count: int) -> Demonstrations:
        """Draw some uniformly, with torch's global generator."""
        rows = torch.randint(len(self), (count,))
        likely = None if self.likely is None else self.likely[rows]
        return Demonstrations(self.observation[rows], self.action[rows], likely)

    def drawn_actions(self) -> torch.Tensor:
        """Return actions drawn as they are likely, or the expert's own [B, ...]."""
        return self.action if self.likely is None else torch.multinomial(self.likely, 1)[:, 0]


def demonstrate(config: CloningConfig, env_id: str, settings: Mapping[str, Any], seed: int) -> Demonstrations:
    """Let the expert play.

    In every episode some share of its actions, drawn between 0 and ``noise``, is replaced by random ones, so
    that it also shows how to go on from states that it would have avoided (Laskey et al. 2017, DART,
    arXiv:1703.09327). What it would have done is noted all the same.

    Raises:
        InputError: the expert cannot play there, or tells no values though a temperature is set.
    """
    expert = _make(config, env_id, settings)
    env = make_vector(env_id, settings, _ROWS)
    space: Any = env.action_space
    rng = np.random.default_rng([seed, 1])
    env.action_space.seed(seed)
    observation, _ = env.reset(seed=int(rng.integers(2**31)))
    expert.begin(env)
    noise = config.noise * rng.random(_ROWS)
    seen, actions, likely = list[Any](), list[Any](), list[Any]()
    for _ in _shown(-(-config.samples // _ROWS), f"{config.expert} plays"):
        action = np.asarray(expert.act(observation))
        seen.append(np.array(observation))
        actions.append(action)
        if config.temperature:
            assert isinstance(expert, ValuingExpert)
            likely.append(_softmax(expert.action_values() / config.temperature))
        disturbed = rng.random(_ROWS) < noise
        played = action.copy()
        played[disturbed] = space.sample()[disturbed]
        observation, _, terminated, truncated, _ = env.step(played)
        over = terminated | truncated
        noise[over] = config.noise * rng.random(int(over.sum()))
    env.close()

    def joined(parts: list[Any]) -> torch.Tensor:
        return torch.from_numpy(np.concatenate(parts)[: config.samples])

    soft = joined(likely).float() if likely else None
    return Demonstrations(joined(seen).float(), joined(actions), soft)


def imitate(
    config: CloningConfig,
    loss_of: Callable[[Demonstrations], torch.Tensor],
    parameters: Iterable[torch.nn.Parameter],
    shown: Demonstrations,
) -> None:
    """Minimise a loss over demonstrations for ``config.updates`` updates."""
    optimiser = torch.optim.Adam(parameters, lr=config.learning_rate)
    for update in _shown(config.updates, f"imitates {config.expert}"):
        optimiser.param_groups[0]["lr"] = config.learning_rate * (1.0 - update / config.updates)
        optimiser.zero_grad()
        loss_of(shown.draw(config.batch_size)).backward()
        optimiser.step()


def check_cloning(config: CloningConfig | None, env_id: str, settings: Mapping[str, Any]) -> None:
    """Raise `InputError` if an expert cannot be imitated."""
    if config is not None:
        _make(config, env_id, settings)


def _make(config: CloningConfig, env_id: str, settings: Mapping[str, Any]) -> Agent:
    spec = agent_spec(config.expert)
    expert = make_agent(config.expert, env_id, env_settings=settings)
    if spec.solves or hasattr(expert, "train"):
        raise InputError(
            f"is {config.expert!r}", key="cloning.expert", remedy="choose a rule without weights"
        )
    if config.temperature and not isinstance(expert, ValuingExpert):
        raise InputError(
            f"{config.expert} tells no values",
            key="cloning.temperature",
            remedy="set it to 0, or choose causal",
        )
    if config.temperature and not isinstance(_action_space(env_id, settings), gymnasium.spaces.Discrete):
        raise InputError("needs discrete actions", key="cloning.temperature", remedy="set it to 0")
    return expert


def _action_space(env_id: str, settings: Mapping[str, Any]) -> gymnasium.Space[Any]:
    env = make_vector(env_id, settings, 1)
    env.close()
    return env.single_action_space


def _softmax(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    found: npt.NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return found


def _shown(count: int, label: str) -> Iterable[int]:
    """Count up with a progress bar, on terminals only."""
    return tqdm(range(count), desc=label, leave=False, disable=None)
