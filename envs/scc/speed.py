"""How fast the placement model and its environments are: random legal play, resets included.

Rates are per second of processor time, so that other programs on the machine do not show.
"""

from __future__ import annotations

import time

import gymnasium
import numpy as np

from semverse.envs.scc.config import load_scenario
from semverse.envs.scc.generator import sample_instance
from semverse.envs.scc.model import evaluate
from semverse.envs.scc.types import BoolArray, IntArray

BATCH = 1000  # placements a call of evaluate


def evaluate_rate(region: str, seconds: float) -> float:
    """Return placements a second of `evaluate` on one instance."""
    rng = np.random.default_rng(0)
    instance = sample_instance(load_scenario(region), rng)
    placements = rng.integers(instance.num_mecs, size=(BATCH, instance.num_requests))
    evaluate(instance, placements)  # the tables are built on the first call
    done, started = 0, time.process_time()
    while time.process_time() - started < seconds:
        evaluate(instance, placements)
        done += BATCH
    return done / (time.process_time() - started)


def single_rate(region: str, seconds: float) -> float:
    """Return steps a second of SCC-v0, resets and instance generation included."""
    rng = np.random.default_rng(0)
    env = gymnasium.make("semverse/SCC-v0", region=region, disable_env_checker=True)
    _, info = env.reset(seed=0)
    done, started = 0, time.process_time()
    while time.process_time() - started < seconds:
        _, _, over, _, info = env.step(_choose(rng, info["action_mask"][None])[0])
        done += 1
        if over:
            _, info = env.reset()
    return done / (time.process_time() - started)


def vector_rate(region: str, num_envs: int, seconds: float) -> float:
    """Return placed requests a second of the native batch, resets and instance generation included."""
    rng = np.random.default_rng(0)
    env = gymnasium.make_vec(
        "semverse/SCC-v0", num_envs=num_envs, vectorization_mode="vector_entry_point", region=region
    )
    _, info = env.reset(seed=0)
    done, started = 0, time.process_time()
    while time.process_time() - started < seconds:
        _, _, _, _, info = env.step(_choose(rng, info["action_mask"]))
        # a row that was just reset placed nothing
        done += int(info["_vector_reward"].sum()) if "_vector_reward" in info else 0
    return done / (time.process_time() - started)


def _choose(rng: np.random.Generator, mask: BoolArray) -> IntArray:
    """Draw a legal action a row, uniformly."""
    actions: IntArray = (rng.random(mask.shape) * mask).argmax(axis=1)
    return actions
