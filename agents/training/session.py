"""What a training run hands to an agent: how long, with which seed, and where states and logs go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from semverse.agents.training.rewards import RewardName


def _ignore(*_: Any) -> None:
    """Keep nothing: the default of every hook."""


@dataclass(frozen=True)
class Session:
    """One training of one agent with one seed.

    Every ``checkpoint_every`` steps, and at the start, the environments are reset with a seed made of
    `seed` and the step alone, and the state is handed to `save_state`. What an environment holds inside
    therefore never needs to be stored: a training that resumes from a state goes on, to the bit, as one that
    was never interrupted.
    """

    total_steps: int  # environment steps, all copies together
    num_envs: int  # copies of the environment
    seed: int
    checkpoint_every: int  # environment steps between two states
    reward: RewardName = "plain"  # what the environments pay while training
    state: Any = None  # what an earlier session's `save_state` got: carry on from there
    save_state: Callable[[int, Any], None] = field(default=_ignore)  # step, state
    log: Callable[[int, Mapping[str, float]], None] = field(default=_ignore)  # step, scalars by tag
    progress: Callable[[int], None] = field(default=_ignore)  # step reached

    def env_seed(self, step: int) -> int:
        """Return the seed of the environments from this step on."""
        return int(np.random.SeedSequence([self.seed, step]).generate_state(1)[0] >> 1)
