"""Checkpoints, planners and rule-based agents on the same held-out episodes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from semverse.agents.base import Agent
from semverse.agents.common.checkpoint import find_checkpoints, load_checkpoint
from semverse.agents.common.learned import LearnedAgent
from semverse.agents.planner import PLAN_BUDGET
from semverse.agents.registry import agent_schema, agent_spec, make_agent
from semverse.agents.training.evaluation import (
    Evaluation,
    decision_latency_ms,
    evaluate_agent,
    evaluate_planner,
)
from semverse.agents.training.statistics import FloatArray, bootstrap_iqm, crossed_interval
from semverse.envs.errors import InputError
from semverse.solvers.base import Budget

_REPEATS = {1: 300, 1024: 50}  # timed calls by batch size

# shows the episodes of an agent as they are played
Watch = Callable[[Iterable[int], str], Iterable[int]]


@dataclass(frozen=True)
class Conditions:
    """Under which conditions agents are compared."""

    env: str  # environment id of agents without checkpoint
    episodes: int  # held-out ones
    seed: int  # of the first
    timed: bool = False  # measure decision latency of policies and rules
    budget: Budget = PLAN_BUDGET  # of a planner for one plan; times are of its clock
    reference: str | None = None  # the agent whose returns are taken off the others', episode by episode


def compare(
    checkpoints: Sequence[str],
    agents: Sequence[str],
    conditions: Conditions,
    watch: Watch = lambda episodes, _: episodes,
) -> list[dict[str, Any]]:
    """Return one row of results an agent.

    Args:
        checkpoints: folders or shipped names; a folder of several seeds gives one row over all of them.
        agents: registered agents that act without weights, or plan.
        conditions: where and how.
        watch: shows the episodes of planners.

    Raises:
        InputError: no such checkpoint or agent, or one that cannot act in the environment; a reference
            that is none of them.
    """
    reference = conditions.reference
    if reference not in (None, *checkpoints, *agents):
        known = ", ".join((*checkpoints, *agents))
        raise InputError("is none of them", source="--reference", key=reference, remedy=f"choose {known}")
    known_settings = dict[str, Mapping[str, Any]]()
    players: list[tuple[str, list[Any], str, Mapping[str, Any]]] = []
    for name in checkpoints:
        found = [load_checkpoint(folder) for folder in find_checkpoints(name)]
        first = found[0]
        known_settings.setdefault(first.env_id, first.env_settings)
        players.append((name, found, first.env_id, first.env_settings))
    env = conditions.env
    settings = known_settings.get(env, {})  # the very environment of the checkpoints, for they are compared
    players += [(name, [_make(name, env, settings, conditions.timed)], env, settings) for name in agents]
    results = {
        name: [_play(agent, name, env_id, given, conditions, watch) for agent in found]
        for name, found, env_id, given in players
    }
    rows = [_row(*player, results[player[0]], conditions) for player in players]
    if reference is not None:
        base = _returns(results[reference])
        for row in rows:
            row |= _difference(_returns(results[row["agent"]]), base)
    return rows


def _make(name: str, env: str, settings: Mapping[str, Any], timed: bool) -> Agent:
    if timed and agent_spec(name).solves:
        raise InputError("plans whole instances", source="agent", key=name, remedy="leave out --latency")
    agent = make_agent(name, env, env_settings=settings)
    if isinstance(agent, LearnedAgent) and "checkpoint" not in agent_schema(name).model_fields:
        raise InputError("has weights to learn", source="agent", key=name, remedy="give a --checkpoint")
    return agent


def _play(
    agent: Any, name: str, env: str, settings: Mapping[str, Any], conditions: Conditions, watch: Watch
) -> Evaluation:
    first, budget = conditions.seed, conditions.budget
    if not hasattr(agent, "budget"):
        return evaluate_agent(agent, env, settings, conditions.episodes, first)
    agent.budget = budget
    clock = time.process_time if budget.processor else time.perf_counter
    return evaluate_planner(
        agent, env, settings, watch(range(first, first + conditions.episodes), name), clock
    )


def _row(
    name: str,
    agents: Sequence[Agent],
    env: str,
    settings: Mapping[str, Any],
    results: Sequence[Evaluation],
    conditions: Conditions,
) -> dict[str, Any]:
    summaries = [result.summary() for result in results]
    interval = bootstrap_iqm([result.scores for result in results])
    row: dict[str, Any] = {"agent": name, "env": env, "seeds": len(agents)}
    row |= {key: float(np.mean([s[key] for s in summaries])) for key in summaries[0]}
    row |= {"score_by_seed": [s["score"] for s in summaries]}
    row |= {"score_iqm": interval.iqm, "score_interval": [interval.low, interval.high]}
    if conditions.timed:
        for batch, repeats in _REPEATS.items():
            median, worst = decision_latency_ms(agents[0], env, settings, batch, repeats)
            row |= {f"ms_p50_batch{batch}": median, f"ms_p99_batch{batch}": worst}
    return row


def _returns(results: Sequence[Evaluation]) -> FloatArray:
    """Return the returns of all seeds [S, E]."""
    return np.stack([result.returns for result in results])


def _difference(mine: FloatArray, base: FloatArray) -> dict[str, Any]:
    """Return by how much the mean return exceeds that of the reference, with its paired interval of 95 %."""

    def gain(ours: FloatArray, theirs: FloatArray) -> float:
        return float(ours.mean() - theirs.mean())

    return {"gain": gain(mine, base), "gain_interval": list(crossed_interval([mine, base], gain))}
