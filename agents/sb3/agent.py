"""What all agents of Stable-Baselines3 have in common: a thin layer over its algorithms."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal

import gymnasium
import numpy as np
import pydantic
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.vec_env import VecEnv

from semverse.agents.common.features import FeatureName, Standardise, sample_observations
from semverse.agents.common.learned import LearnedAgent
from semverse.agents.sb3.callback import SessionCallback, session_logger
from semverse.agents.sb3.networks import policy_arguments
from semverse.agents.sb3.state import restore_algorithm
from semverse.agents.sb3.vec_env import VecEnvAdapter
from semverse.agents.training.rewards import with_reward
from semverse.agents.training.session import Session
from semverse.agents.training.vector import make_vector
from semverse.envs.config import Config
from semverse.envs.random_state import seed_everything
from semverse.envs.tree import fitting

Positive = Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, pydantic.Field(ge=0, le=1)]
Count = Annotated[int, pydantic.Field(ge=1)]
Hidden = Annotated[tuple[Count, ...], pydantic.Field(min_length=1)]


class NetworkConfig(Config):
    """Keys of every agent with networks of Stable-Baselines3."""

    hidden: Hidden  # units of the hidden layers
    activation: Literal["tanh", "relu", "mish"]
    features: FeatureName  # what is seen of flat observations; see `Standardise`
    learning_rate: Positive
    final_learning_rate: Positive  # reached linearly at the last step
    gamma: Share  # discount factor


class SB3Agent(LearnedAgent):
    """An algorithm of Stable-Baselines3 as an agent; see `LearnedAgent` for the arguments."""

    algorithm: ClassVar[type[BaseAlgorithm]]

    def __init__(self, config: Any, env_id: str, env_settings: Mapping[str, Any]) -> None:
        super().__init__(config, env_id, env_settings)
        self.policy: BasePolicy = self._make_policy()

    @abstractmethod
    def arguments(self, num_envs: int) -> dict[str, Any]:
        """Return the algorithm's own arguments."""

    @property
    def _policy_name(self) -> str:
        dictionary = isinstance(self.observation_space, gymnasium.spaces.Dict)
        return "MultiInputPolicy" if dictionary else "MlpPolicy"

    def _policy_arguments(self) -> dict[str, Any]:
        c = self.config
        return policy_arguments(self.observation_space, c.hidden, c.activation, c.features)

    def _make_policy(self) -> BasePolicy:
        """Make the network alone; `load` or `train` gives it its weights."""
        policy_class = self.algorithm.policy_aliases[self._policy_name]
        policy = policy_class(
            self.observation_space, self.action_space, lambda _: 0.0, **self._policy_arguments()
        )
        policy.set_training_mode(False)
        return policy

    def _schedule(self) -> Callable[[float], float]:
        first, last = self.config.learning_rate, self.config.final_learning_rate
        return lambda remaining: last + (first - last) * remaining

    def make_algorithm(self, env: VecEnv, seed: int) -> BaseAlgorithm:
        """Make the untrained algorithm."""
        made = self.algorithm(
            self._policy_name,
            env,
            learning_rate=self._schedule(),
            gamma=self.config.gamma,
            policy_kwargs=self._policy_arguments(),
            device="cpu",
            seed=seed,
            **self.arguments(env.num_envs),
        )
        self._fit_features(made, seed)
        return made

    def _fit_features(self, algorithm: BaseAlgorithm, seed: int) -> None:
        if any(isinstance(part, Standardise) for part in algorithm.policy.modules()):
            Standardise.fit_all(algorithm.policy, sample_observations(self.env_id, self.env_settings, seed))

    def train(self, session: Session) -> None:
        """Train for one session."""
        seed_everything(session.seed)
        vector = make_vector(self.env_id, self.env_settings, session.num_envs)
        env = VecEnvAdapter(with_reward(vector, self.env_id, self.env_settings, session.reward))
        algorithm = self.make_algorithm(env, session.seed)
        if session.state is not None:
            with fitting():
                restore_algorithm(algorithm, session.state)
        else:
            self.prepare(algorithm, session.seed)
        self.policy = algorithm.policy  # states saved on the way hold the weights so far
        algorithm.set_logger(session_logger(session))
        left = session.total_steps - algorithm.num_timesteps
        if left > 0:
            algorithm.learn(
                left,
                callback=SessionCallback(session),
                reset_num_timesteps=False,
                log_interval=self.log_interval(session.num_envs),
            )
        self.policy.set_training_mode(False)
        env.close()

    def prepare(self, algorithm: BaseAlgorithm, seed: int) -> None:  # most agents learn from rewards alone
        """Train the untrained policy of an algorithm in another way, before it learns from rewards."""

    def log_interval(self, num_envs: int) -> int:
        """Return after how many updates (off-policy: episodes) the algorithm logs."""
        del num_envs
        return 1

    def modules(self) -> Any:
        """Return the policy network."""
        return self.policy

    def act(self, observation: Any, *, deterministic: bool = True) -> Any:
        """Return the action of one observation, or the actions of a batch of them."""
        batch = self.is_batch(observation)
        action, _ = self.policy.predict(observation, deterministic=deterministic, **self.act_arguments(batch))
        return action if batch or np.ndim(action) else action.item()

    def act_arguments(self, batch: bool) -> dict[str, Any]:
        """Return further arguments of the policy's ``predict``."""
        del batch
        return {}
