"""Scoring of agents on held-out episodes, and how fast they decide."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from semverse.agents.base import Agent
from semverse.agents.training.bounds import bound_of, episode_bounds, share_of_bound
from semverse.agents.training.play import play_episode
from semverse.agents.training.vector import evaluation_vector, make_env

FloatArray = npt.NDArray[np.float64]
_ROWS = 2048  # episodes played at the same time at most
# what the last info of an episode may tell of its costs
_COSTS = ("latency_ms", "energy_j", "migrations", "migration_latency_ms", "migration_energy_j")


@dataclass(frozen=True)
class Evaluation:
    """What an agent reached, episode by episode."""

    returns: FloatArray  # [E] undiscounted
    infos: dict[str, FloatArray]  # [E] by name: numbers in the info of each episode's last step
    bounds: FloatArray | None = None  # [E] what each could have returned at most, where it is known
    slot_s: FloatArray | None = None  # seconds of all decisions in each time slot, where they were taken

    @property
    def scores(self) -> FloatArray:
        """What is compared [E]: share of the bound where it is known (0 where that is 0), else return."""
        if self.bounds is None:
            return self.returns
        return np.nan_to_num(share_of_bound(self.returns, self.bounds))

    def summary(self) -> dict[str, float]:
        """Return means and the 5th percentile of the score as plain numbers."""
        scores = self.scores
        found = {
            "episodes": float(len(self.returns)),
            "score": float(scores.mean()),
            "score_p5": float(np.quantile(scores, 0.05)),
            "return": float(self.returns.mean()),
        }
        for name, short in (("missed_deadline", "raw_miss_rate"), ("feasible", "feasible_rate")):
            if name in self.infos:
                found[short] = float(self.infos[name].mean())
        found |= {name: float(self.infos[name].mean()) for name in _COSTS if name in self.infos}
        if self.slot_s is not None:
            median, worst = np.quantile(self.slot_s, [0.5, 0.99]) * 1e3
            found |= {"ms_slot_p50": float(median), "ms_slot_p99": float(worst)}
        return found


def evaluate_agent(
    agent: Agent, env_id: str, settings: Mapping[str, Any], episodes: int, seed: int
) -> Evaluation:
    """Play episodes with seeds ``seed``, ``seed + 1``, ... and deterministic actions.

    Raises:
        InputError: the environment cannot be made.
    """
    parts = [
        _play(agent, env_id, settings, min(_ROWS, episodes - start), seed + start)
        for start in range(0, episodes, _ROWS)
    ]
    names = set.intersection(*(set(part.infos) for part in parts))
    known = [part.bounds for part in parts if part.bounds is not None]
    return Evaluation(
        np.concatenate([part.returns for part in parts]),
        {name: np.concatenate([part.infos[name] for part in parts]) for name in sorted(names)},
        np.concatenate(known) if known else None,
    )


def _play(agent: Agent, env_id: str, settings: Mapping[str, Any], rows: int, seed: int) -> Evaluation:
    """Play the first episode of each row; a row that is over plays on unseen until all are."""
    env = evaluation_vector(env_id, settings, rows)
    observation, _ = env.reset(seed=seed)
    agent.begin(env)
    over, bound = np.zeros(rows, dtype=np.bool_), bound_of(env_id)
    told = bound.info if bound is not None else None
    returns, best, infos = np.zeros(rows), np.zeros(rows), dict[str, FloatArray]()
    while not over.all():
        observation, reward, terminated, truncated, info = env.step(agent.act(observation))
        returns += np.where(over, 0.0, reward)
        if told is not None:
            best += np.where(over, 0.0, info[told])
        ended = (terminated | truncated) & ~over
        _collect(infos, info, ended)
        over |= ended
    env.close()
    known = best if told is not None else episode_bounds(env_id, settings, range(seed, seed + rows))
    return Evaluation(returns, infos, known)


def evaluate_planner(
    agent: Agent,
    env_id: str,
    settings: Mapping[str, Any],
    seeds: Iterable[int],
    clock: Callable[[], float] = time.perf_counter,
) -> Evaluation:
    """Play episodes one by one with an agent that plans whole instances.

    Args:
        agent: who plays.
        env_id: where.
        settings: keyword arguments of the environment.
        seeds: of the episodes.
        clock: tells the time in seconds.

    Raises:
        InputError: the environment cannot be made.
    """
    env = make_env(env_id, settings)
    played = [play_episode(agent, env, seed, clock) for seed in seeds]
    env.close()
    names = set.intersection(*(set(episode.last) for episode in played))
    return Evaluation(
        np.array([episode.total for episode in played]),
        {name: np.array([episode.last[name] for episode in played]) for name in sorted(names)},
        slot_s=np.concatenate([episode.slot_s for episode in played]),
    )


def _collect(infos: dict[str, FloatArray], info: Mapping[str, Any], ended: npt.NDArray[np.bool_]) -> None:
    for name, values in info.items():
        if name.startswith("_") or not isinstance(values, np.ndarray) or values.shape != ended.shape:
            continue
        if values.dtype.kind in "biuf":
            into = infos.setdefault(name, np.full(ended.shape, np.nan))
            into[ended] = values[ended]


def decision_latency_ms(
    agent: Agent, env_id: str, settings: Mapping[str, Any], batch: int, repeats: int
) -> tuple[float, float]:
    """Return the median and the 99th percentile of the time of one call of ``act`` on a batch [ms]."""
    if batch == 1:
        single = gymnasium.make(env_id, disable_env_checker=True, **settings)
        observation, _ = single.reset(seed=0)
        agent.begin(single)
    else:
        vector = evaluation_vector(env_id, settings, batch)
        observation, _ = vector.reset(seed=0)
        agent.begin(vector)
    agent.act(observation)  # first calls allocate
    taken = np.empty(repeats)
    for i in range(repeats):
        start = time.perf_counter()
        agent.act(observation)
        taken[i] = time.perf_counter() - start
    median, worst = np.quantile(taken, [0.5, 0.99]) * 1e3
    return float(median), float(worst)
