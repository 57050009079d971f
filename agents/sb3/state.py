"""The whole state of an algorithm of Stable-Baselines3 at the begin of a rollout, without its pickles."""

from __future__ import annotations

from typing import Any

import numpy as np
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.save_util import recursive_getattr

from semverse.envs.random_state import random_states

_COUNTERS = ("num_timesteps", "_n_updates", "_episode_num")
_REPLAY = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")


def algorithm_state(algorithm: BaseAlgorithm) -> dict[str, Any]:
    """Return weights, optimisers, counters, replay buffer and random states as one tree."""
    _, tensors = algorithm._get_torch_save_params()
    return {
        "parameters": algorithm.get_parameters(),
        "tensors": {name: recursive_getattr(algorithm, name) for name in tensors},
        "counters": {name: getattr(algorithm, name) for name in _COUNTERS},
        "replay": _replay_state(getattr(algorithm, "replay_buffer", None)),
        "random": random_states(),
    }


def restore_algorithm(algorithm: BaseAlgorithm, state: dict[str, Any]) -> None:
    """Put a freshly made algorithm into an earlier state, all but the random generators."""
    algorithm.set_parameters(state["parameters"], exact_match=True)
    for name, value in state["tensors"].items():
        # in place: the optimiser holds this very tensor
        recursive_getattr(algorithm, name).data.copy_(value)
    for name in _COUNTERS:
        setattr(algorithm, name, state["counters"][name])
    if state["replay"] is not None:
        _restore_replay(algorithm.replay_buffer, state["replay"])


def _replay_state(buffer: ReplayBuffer | None) -> dict[str, Any] | None:
    if buffer is None:
        return None
    filled = buffer.buffer_size if buffer.full else buffer.pos
    arrays = {name: getattr(buffer, name)[:filled] for name in _REPLAY}
    return {"pos": buffer.pos, "full": buffer.full, "arrays": arrays}


def _restore_replay(buffer: ReplayBuffer, state: dict[str, Any]) -> None:
    for name, values in state["arrays"].items():
        np.copyto(getattr(buffer, name)[: len(values)], values)
    buffer.pos, buffer.full = state["pos"], state["full"]
