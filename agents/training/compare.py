"""Checkpoints and rule-based agents on the same held-out episodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from semverse.agents.base import Agent
from semverse.agents.common.checkpoint import find_checkpoints, load_checkpoint
from semverse.agents.common.learned import LearnedAgent
from semverse.agents.planner import PlannerAgent
from semverse.agents.registry import agent_spec, make_agent
from semverse.agents.training.evaluation import decision_latency_ms, evaluate_agent, evaluate_planner
from semverse.agents.training.statistics import bootstrap_iqm
from semverse.envs.errors import InputError

_REPEATS = {1: 300, 1024: 50}  # timed calls by batch size


def compare(
    checkpoints: Sequence[str],
    agents: Sequence[str],
    *,
    env: str,
    episodes: int,
    seed: int,
    timed: bool = False,
) -> list[dict[str, Any]]:
    """Return one row of results an agent.

    Args:
        checkpoints: folders or shipped names; a folder of several seeds gives one row over all of them.
        agents: registered agents that act without weights.
        env: environment id of ``agents``; a checkpoint knows its own.
        episodes: how many held-out episodes.
        seed: of the first episode.
        timed: measure decision latency as well.

    Raises:
        InputError: no such checkpoint or agent, or one that cannot act in the environment.
    """
    rows, known = [], dict[str, Mapping[str, Any]]()
    for name in checkpoints:
        found = [load_checkpoint(folder) for folder in find_checkpoints(name)]
        first = found[0]
        known.setdefault(first.env_id, first.env_settings)
        rows.append(_row(name, found, first.env_id, first.env_settings, episodes, seed, timed))
    for name in agents:
        settings = known.get(env, {})  # the very environment of the checkpoints, for they are compared
        if not agent_spec(name).acts and timed:
            raise InputError("plans whole instances", source="agent", key=name, remedy="leave out --latency")
        agent = make_agent(name, env, env_settings=settings)
        if isinstance(agent, LearnedAgent):
            raise InputError("has weights to learn", source="agent", key=name, remedy="give a --checkpoint")
        rows.append(_row(name, [agent], env, settings, episodes, seed, timed))
    return rows


def _row(
    name: str,
    agents: Sequence[Agent],
    env: str,
    settings: Mapping[str, Any],
    episodes: int,
    seed: int,
    timed: bool,
) -> dict[str, Any]:
    play = evaluate_planner if isinstance(agents[0], PlannerAgent) else evaluate_agent
    results = [play(agent, env, settings, episodes, seed) for agent in agents]
    summaries = [result.summary() for result in results]
    interval = bootstrap_iqm([result.scores for result in results])
    row: dict[str, Any] = {"agent": name, "env": env, "seeds": len(agents)}
    row |= {key: float(np.mean([s[key] for s in summaries])) for key in summaries[0]}
    row |= {"score_by_seed": [s["score"] for s in summaries]}
    row |= {"score_iqm": interval.iqm, "score_interval": [interval.low, interval.high]}
    if timed:
        for batch, repeats in _REPEATS.items():
            median, worst = decision_latency_ms(agents[0], env, settings, batch, repeats)
            row |= {f"ms_p50_batch{batch}": median, f"ms_p99_batch{batch}": worst}
    return row
