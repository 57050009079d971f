"""Rate control agents in the same episodes: what they gain over a fixed level, and what could be gained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from semverse.agents.base import Agent
from semverse.agents.registry import make_agent
from semverse.agents.training.evaluation import Evaluation, evaluate_agent
from semverse.agents.training.statistics import crossed_interval
from semverse.agents.training.vector import evaluation_vector
from semverse.envs.vlscc.causal import CausalPlan
from semverse.envs.vlscc.types import FloatArray


@dataclass(frozen=True)
class Row:
    """What one agent reached, on average over episodes and, of learned agents, over trainings."""

    agent: str
    reward: float  # a frame
    symbols: float  # a frame
    gain: float  # reward above the fixed level, as a share of what the optimum gains
    gains: tuple[float, ...]  # the same for each training
    interval: tuple[float, float]  # of the gain, 95 % over episodes and trainings


def study(
    env_id: str, settings: Mapping[str, Any], agents: Mapping[str, Sequence[Agent]], episodes: int, seed: int
) -> list[Row]:
    """Play all agents, a fixed level among them, in the same episodes, and bound what can be reached.

    Args:
        env_id: of a rate control environment.
        settings: its keyword arguments.
        agents: label to the same agent from one or several trainings.
        episodes: how many.
        seed: of the first one.

    Returns:
        One row an agent, then "causal bound" (no policy that does not know the future does better on average)
        and "optimum" (with the whole episode known in advance); neither of the two is played.
    """
    env = evaluation_vector(env_id, settings, episodes)
    env.reset(seed=seed)
    batch: Any = env.unwrapped
    problem, episode = batch.problem, batch.episode
    plan = CausalPlan.of(problem)
    bound = np.array([plan.bound(episode.row(row)) for row in range(episodes)])
    fixed = evaluate_agent(
        make_agent("fixed", env_id, env_settings=settings), env_id, settings, episodes, seed
    )
    assert fixed.bounds is not None
    best = fixed.bounds
    frames, whole = problem.config.frames, problem.budget * problem.step_symbols

    def gains(returns: FloatArray) -> tuple[float, tuple[float, ...], tuple[float, float]]:
        each = tuple(_gain(one[None], fixed.returns[None], best[None]) for one in returns)
        samples = [returns, fixed.returns[None], best[None]]
        return float(np.mean(each)), each, crossed_interval(samples, _gain)

    def row(name: str, played: Sequence[Evaluation]) -> Row:
        returns = np.stack([one.returns for one in played])
        left = float(np.mean([one.infos["symbols_left"].mean() for one in played]))
        return Row(name, float(returns.mean()) / frames, (whole - left) / frames, *gains(returns))

    rows = [row("fixed", [fixed])]
    for name, several in agents.items():
        rows.append(row(name, [evaluate_agent(one, env_id, settings, episodes, seed) for one in several]))
    for name, values in (("causal bound", bound), ("optimum", best)):
        rows.append(Row(name, float(values.mean()) / frames, float("nan"), *gains(values[None])))
    return rows


def _gain(returns: FloatArray, fixed: FloatArray, best: FloatArray) -> float:
    """Return the share of the optimum's gain over a fixed level, all [runs, episodes]."""
    return float((returns.mean() - fixed.mean()) / (best.mean() - fixed.mean()))
