"""Checkpoints and rule-based agents on the same held-out episodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from semverse.agents.base import Agent
from semverse.agents.common.checkpoint import find_checkpoints, load_checkpoint
from semverse.agents.common.learned import LearnedAgent
from semverse.agents.registry import agent_spec, make_agent
from semverse.agents.training.evaluation import decision_latency_ms, evaluate_agent
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
    rows = []
    for name in checkpoints:
        found = [load_checkpoint(folder) for folder in find_checkpoints(name)]
        first = found[0]
        rows.append(_row(name, found, first.env_id, first.env_settings, episodes, seed, timed))
    for name in agents:
        if not agent_spec(name).acts:
            raise InputError("plans whole instances", source="agent", key=name, remedy="use semverse solve")
        agent = make_agent(name, env)
        if isinstance(agent, LearnedAgent):
            raise InputError("has weights to learn", source="agent", key=name, remedy="give a --checkpoint")
        rows.append(_row(name, [agent], env, {}, episodes, seed, timed))
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
    results = [evaluate_agent(agent, env, settings, episodes, seed) for agent in agents]
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
