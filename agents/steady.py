"""Planners that know what moving a space costs in environments with time slots."""

from __future__ import annotations

from typing import Any, Literal, Protocol, cast

from semverse.agents.planner import PlannableEnv, PlannerAgent
from semverse.agents.registry import agent_spec, make_agent
from semverse.envs.config import Config
from semverse.envs.errors import InputError
from semverse.envs.scc.reward import raw_weights
from semverse.envs.scc.types import BoolArray, ComplexArray, FloatArray, Instance, IntArray
from semverse.solvers.steady import stay_put, worthwhile


class SlottedEnv(PlannableEnv, Protocol):
    """What an environment with time slots shows besides."""

    hosted_before: BoolArray | None  # [V, M] which MEC hosted which space in the last slot; None in the first
    opening: ComplexArray  # [V, M] migration, latency_ms + 1j * energy_j, of opening a space on a MEC


class SteadyConfig(Config):
    """Configuration of `SteadyAgent`."""

    planner: str  # agent that plans whole instances
    settings: dict[str, Any]  # its own keys
    moves: Literal["never", "if_worth"]


class SteadyAgent(PlannerAgent):
    """Plans the first slot with another planner; then spaces stay, or move where that pays.

    ``never``: spaces stay where they are for good, unless room is short. ``if_worth``: every slot is planned
    anew, and what costs less than staying, migration included, is taken over space by space.

    Raises:
        InputError: the planner is unknown, or no planner.
    """

    Config = SteadyConfig

    def __init__(self, config: SteadyConfig) -> None:
        if config.planner in ("stay", "steady") or not agent_spec(config.planner).solves:
            raise InputError(
                "plans no instances", key="planner", source=config.planner, remedy="choose a solver"
            )
        super().__init__(make_agent(config.planner, **config.settings))
        self.config = config

    def _make_plan(self, instance: Instance, preference: FloatArray) -> IntArray:
        env = cast(SlottedEnv, self._env)
        before = getattr(env, "hosted_before", None)  # None also in an environment without slots
        if before is None:
            return super()._make_plan(instance, preference)
        weights = raw_weights(instance, preference)
        kept = stay_put(instance, before, weights)
        if self.config.moves == "never":
            return kept
        new = super()._make_plan(instance, preference)
        return worthwhile(instance, env.opening, weights, kept, new)
