"""A ring buffer of transitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch


@dataclass(frozen=True)
class Transitions:
    """Batch of transitions."""

    observation: torch.Tensor  # [B, size]
    action: torch.Tensor  # [B, actions]
    reward: torch.Tensor  # [B]
    next_observation: torch.Tensor  # [B, size]
    goes_on: torch.Tensor  # [B] 1 where the episode did not terminate


class ReplayBuffer:
    """Keeps the last ``capacity`` transitions.

    Args:
        capacity: how many.
        observation_size: entries of an observation.
        action_size: entries of an action.
    """

    def __init__(self, capacity: int, observation_size: int, action_size: int) -> None:
        self._arrays: dict[str, npt.NDArray[np.float32]] = {
            "observation": np.zeros((capacity, observation_size), dtype=np.float32),
            "action": np.zeros((capacity, action_size), dtype=np.float32),
            "reward": np.zeros(capacity, dtype=np.float32),
            "next_observation": np.zeros((capacity, observation_size), dtype=np.float32),
            "goes_on": np.zeros(capacity, dtype=np.float32),
        }
        self.capacity = capacity
        self.added = 0

    def __len__(self) -> int:
        return min(self.added, self.capacity)

    def add(self, **rows: npt.NDArray[Any]) -> None:
        """Add rows [B, ...] of every field; the oldest make room."""
        at = (self.added + np.arange(len(rows["reward"]))) % self.capacity
        for name, values in rows.items():
            self._arrays[name][at] = values
        self.added += len(at)

    def sample(self, count: int) -> Transitions:
        """Draw transitions uniformly, with torch's global generator."""
        rows = torch.randint(len(self), (count,)).numpy()
        return Transitions(**{name: torch.from_numpy(array[rows]) for name, array in self._arrays.items()})

    def state(self) -> dict[str, Any]:
        """Return all that is in the buffer, for `restore`."""
        filled = len(self)
        return {
            "added": self.added,
            "arrays": {name: array[:filled] for name, array in self._arrays.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Put the buffer back into an earlier state."""
        self.added = state["added"]
        for name, values in state["arrays"].items():
            self._arrays[name][: len(values)] = values
