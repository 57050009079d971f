"""Ties an algorithm of Stable-Baselines3 to a session: states, logs, progress."""

from __future__ import annotations

from typing import Any

import numpy as np
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import KVWriter, Logger

from semverse.agents.sb3.state import algorithm_state
from semverse.agents.training.session import Session
from semverse.envs.random_state import restore_random_states


class SessionCallback(BaseCallback):
    """Saves a state where a rollout begins and one is due; there the environments start afresh, too.

    A rollout's begin is the only moment at which no half-filled rollout buffer has to be kept.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._due = -1

    def _on_rollout_start(self) -> None:
        step = self.model.num_timesteps
        if step < self._due:
            return
        resumed = self._session.state is not None and self._due < 0
        self._due = step + self._session.checkpoint_every
        if resumed:
            restore_random_states(self._session.state["random"])
        elif step:
            self._session.save_state(step, algorithm_state(self.model))
        restart(self.model, self._session.env_seed(step))

    def _on_step(self) -> bool:
        self._session.progress(self.model.num_timesteps)
        return True

    def _on_training_end(self) -> None:
        self._session.save_state(self.model.num_timesteps, algorithm_state(self.model))


def restart(algorithm: BaseAlgorithm, seed: int) -> None:
    """Start new episodes in all environments, and the action space's generator, from a seed."""
    env = algorithm.get_env()
    env.seed(seed)
    algorithm.action_space.seed(seed)
    algorithm._last_obs = env.reset()
    algorithm._last_episode_starts = np.ones(env.num_envs, dtype=np.bool_)


class SessionWriter(KVWriter):
    """Passes what an algorithm logs on to a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def write(self, key_values: dict[str, Any], key_excluded: Any, step: int = 0) -> None:
        """Log all numbers but those meant for the terminal only."""
        shown = {
            key: float(value)
            for key, value in key_values.items()
            if isinstance(value, int | float | np.number) and "tensorboard" not in key_excluded[key]
        }
        self._session.log(step, shown)

    def close(self) -> None:
        """Own nothing."""


def session_logger(session: Session) -> Logger:
    """Return a logger for `BaseAlgorithm.set_logger`."""
    return Logger(folder=None, output_formats=[SessionWriter(session)])
