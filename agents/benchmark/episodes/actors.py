"""The agents of a benchmark of episodes: rules, planners, and learned agents with their checkpoints."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import gymnasium

from semverse.agents.base import Agent
from semverse.agents.benchmark.config import Variant
from semverse.agents.benchmark.variants import below
from semverse.agents.registry import agent_schema, list_agents, make_agent
from semverse.envs.errors import InputError
from semverse.solvers.base import Budget

CHECKPOINT = "checkpoint"


def split(variant: Variant) -> tuple[str | None, dict[str, Any]]:
    """Return where an agent's weights are, and its own keys.

    ``checkpoint`` is an agent's own key where its configuration has one.
    """
    own = dict(variant.settings)
    if CHECKPOINT in own and CHECKPOINT not in agent_schema(variant.agent).model_fields:
        return own.pop(CHECKPOINT), own
    return None, own


def find_trainings(variant: Variant) -> dict[int, Path]:
    """Return the checkpoints of an agent by the seed of their training; none if it needs none.

    Raises:
        InputError: there are none where the variant says.
    """
    try:
        source, _ = split(variant)
        if source is None:
            return {}
        return _by_seed(source)
    except InputError as error:
        raise below(f"agents.{variant.label}", error) from error


def _by_seed(source: str) -> dict[int, Path]:
    from semverse.agents.common.checkpoint import find_checkpoints

    found = {}
    for folder in find_checkpoints(source):
        seed = re.fullmatch(r"seed_(\d+)", folder.name)
        found[int(seed[1]) if seed else 0] = folder
    return found


def entry(name: str) -> dict[str, Any]:
    """Return the configuration of what was named like an agent: one, or a checkpoint that ships."""
    from semverse.agents.common.checkpoint import find_checkpoints, read_checkpoint, shipped_checkpoints

    if name in {spec.name for spec in list_agents()} or name not in shipped_checkpoints():
        return {}
    return {"agent": read_checkpoint(find_checkpoints(name)[0]).agent, CHECKPOINT: name}


def make_actor(
    variant: Variant, env: gymnasium.Env[Any, Any], settings: dict[str, Any], weights: Path | None
) -> Agent:
    """Make an agent for an environment.

    Args:
        variant: which one.
        env: where it will act.
        settings: keyword arguments of that environment.
        weights: its checkpoint, if it has one.

    Raises:
        InputError: unknown agent, bad key, no weights, or weights of another agent or environment.
    """
    assert env.spec is not None  # it was made by its id
    try:
        if weights is not None:
            return _load(variant, env, weights)
        agent = make_agent(variant.agent, env.spec.id, env_settings=settings, **split(variant)[1])
        _check_weights(variant, agent)
    except InputError as error:
        raise below(f"agents.{variant.label}", error) from error
    return agent


def limit(agent: Agent, budget: Budget) -> None:
    """Set what a planner may spend on one plan; others decide at once."""
    if hasattr(agent, "budget"):
        agent.budget = budget


def _load(variant: Variant, env: gymnasium.Env[Any, Any], weights: Path) -> Agent:
    from semverse.agents.common.checkpoint import load_checkpoint, read_checkpoint

    trained = read_checkpoint(weights)
    if trained.agent != variant.agent:
        raise InputError(
            f"holds {trained.agent}, not {variant.agent}",
            source=weights,
            remedy=f"give 'agent: {trained.agent}'",
        )
    agent = load_checkpoint(weights, **split(variant)[1])
    spaces = (agent.observation_space, agent.action_space)
    if spaces != (env.observation_space, env.action_space):
        raise InputError(
            f"was trained for other observations or actions, in {trained.env}",
            source=weights,
            remedy="give another checkpoint, or settings as it was trained with",
        )
    return agent


def _check_weights(variant: Variant, agent: Agent) -> None:
    """Refuse an agent that would act with weights drawn at random, unless its own keys name weights."""
    # learned agents can load; importing their base class to ask would import torch for every rule
    if hasattr(agent, "load") and CHECKPOINT not in agent_schema(variant.agent).model_fields:
        from semverse.agents.common.checkpoint import shipped_checkpoints

        raise InputError(
            "has weights to learn",
            key=variant.agent,
            remedy=f"give 'checkpoint:', a folder or one that ships: {', '.join(shipped_checkpoints())}",
        )
