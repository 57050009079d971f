"""The registry of agents: learned policies, heuristics and solvers under one name each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from semverse.agents.base import Agent
from semverse.agents.planner import PlannerAgent
from semverse.envs.config import load_yaml, parse, shipped
from semverse.envs.errors import InputError

SCC_ENVS = (
    "semverse/SCC-v0",
    "semverse/SCCJoint-v0",
    "semverse/SCCDynamic-v0",
    "semverse/MO-SCC-v0",
    "semverse/MO-SCCDynamic-v0",
)


ISGC_ENVS = ("semverse/ISGC-v0", "semverse/ISGCDynamic-v0")
ISGC_LEARNED = (*ISGC_ENVS, "semverse/ISGCQoE-v0")
VLSCC_ENVS = ("semverse/VLSCC-v0", "semverse/VLSCCMap-v0")
CEE_ENVS = ("semverse/CEE-v0",)
FEDSEM_ENVS = ("semverse/FedSem-v0", "semverse/FedSemFast-v0")

# name, target, environments, summary
_ACTORS: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    (
        "ppo",
        "sb3.ppo:PPOAgent",
        (*ISGC_LEARNED, *VLSCC_ENVS, *CEE_ENVS, *FEDSEM_ENVS),
        "proximal policy optimisation (Stable-Baselines3)",
    ),
    (
        "maskable_ppo",
        "sb3.ppo:MaskablePPOAgent",
        ("semverse/SCC-v0", *VLSCC_ENVS, *CEE_ENVS),
        "PPO with action masks (sb3-contrib)",
    ),
    ("sac", "sb3.sac:SACAgent", ISGC_LEARNED, "soft actor-critic (Stable-Baselines3)"),
    (
        "diffusion",
        "diffusion.agent:DiffusionAgent",
        (*ISGC_LEARNED, *VLSCC_ENVS, *FEDSEM_ENVS),
        "denoising policy guided by double critics",
    ),
    ("separate", "isgc_baselines:SeparateAgent", ("semverse/ISGC-v0",), "random split of the band"),
    ("equal", "isgc_baselines:EqualAgent", ISGC_ENVS, "equal split of the band"),
    (
        "greedy_link",
        "isgc_baselines:GreedyLinkAgent",
        ("semverse/ISGC-v0",),
        "all to the link that earns most",
    ),
    ("best_vertex", "isgc_baselines:BestVertexAgent", ("semverse/ISGC-v0",), "best link after the shield"),
    ("isgc_exact", "isgc_baselines:ExactSplitAgent", ("semverse/ISGC-v0",), "exact optimum of each state"),
    ("myopic", "isgc_baselines:MyopicAgent", ISGC_ENVS[1:], "most utility of the slot"),
    ("max_weight", "isgc_baselines:MaxWeightAgent", ISGC_ENVS[1:], "most backlog-weighted service"),
    ("drift_plus_penalty", "isgc_baselines:DriftPlusPenaltyAgent", ISGC_ENVS[1:], "utility against queues"),
    ("vlscc_random", "vlscc_baselines:RandomRateAgent", VLSCC_ENVS, "any level of each block"),
    ("fixed", "vlscc_baselines:FixedAgent", VLSCC_ENVS, "constant level at the budget (SCC)"),
    ("entropy", "vlscc_baselines:EntropyAgent", VLSCC_ENVS, "levels in proportion to the content's entropy"),
    ("ran", "vlscc_baselines:AllocationAgent", VLSCC_ENVS, "the codec's own rate allocation network"),
    (
        "lagrange",
        "vlscc_baselines:LagrangeAgent",
        VLSCC_ENVS,
        "one price of a symbol, fitted to what is left",
    ),
    ("causal", "vlscc_baselines:CausalAgent", VLSCC_ENVS, "dynamic programme over known statistics"),
    (
        "vlscc_exact",
        "vlscc_baselines:ExactRateAgent",
        VLSCC_ENVS,
        "exact optimum of episodes known in advance",
    ),
    ("cee_random", "cee_baselines:RandomServiceAgent", CEE_ENVS, "any decision"),
    ("paper", "cee_baselines:PaperAgent", CEE_ENVS, "the fixed system of paper 000"),
    ("best_fixed", "cee_baselines:BestFixedAgent", CEE_ENVS, "the best decision that never changes"),
    (
        "snr_switch",
        "cee_baselines:SwitchAgent",
        CEE_ENVS,
        "another link option below a ratio",
    ),
    ("cee_myopic", "cee_baselines:ServiceMyopicAgent", CEE_ENVS, "best decision of the epoch alone"),
    ("receding", "cee_baselines:RecedingAgent", CEE_ENVS, "plans some epochs ahead on the mean forecast"),
    ("dp", "cee_baselines:ClairvoyantAgent", CEE_ENVS, "exact optimum of episodes known in advance"),
    ("fedsem_random", "fedsem_baselines:RandomRoundAgent", FEDSEM_ENVS, "any decision"),
    ("channel", "fedsem_baselines:FixedRoundAgent", FEDSEM_ENVS, "clients with the best channels"),
    ("coverage", "fedsem_baselines:FixedRoundAgent", FEDSEM_ENVS, "classes that took part least"),
    (
        "coverage_channel",
        "fedsem_baselines:FixedRoundAgent",
        FEDSEM_ENVS,
        "classes that took part least, by the best channels",
    ),
    (
        "flat_schedule",
        "fedsem_baselines:FlatScheduleAgent",
        FEDSEM_ENVS,
        "the best decision that never changes",
    ),
    (
        "varied_schedule",
        "fedsem_baselines:VariedScheduleAgent",
        FEDSEM_ENVS,
        "a decision a round, by beam search",
    ),
    (
        "lookahead",
        "fedsem_baselines:LookaheadAgent",
        FEDSEM_ENVS,
        "plans the rest in the stand-in every round",
    ),
    ("fitted_value", "cee_value:FittedValueAgent", CEE_ENVS, "enumeration with a learned worth of states"),
)
# planners that plan with another one
_STEADY: tuple[tuple[str, str, str], ...] = (
    ("stay", "steady:SteadyAgent", "plans once; spaces then stay where they are"),
    ("steady", "steady:SteadyAgent", "plans every slot; spaces move where that pays for the migration"),
)
# policies that solve whole instances as well
_PLANNING_POLICIES: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("mo_cmpo", "cmpo.agent:CMPOAgent", SCC_ENVS, "consistency model of placements (MO-CMPO)"),
    ("difusco", "cmpo.agent:DifuscoAgent", SCC_ENVS, "discrete diffusion model of placements (MO-DIFUSCO)"),
)


@dataclass(frozen=True)
class AgentSpec:
    """One entry: where the class is, which environments it supports, what it is in a line."""

    name: str
    target: str  # "module:Class"
    supports: tuple[str, ...]
    summary: str
    acts: bool = False  # a policy or rule, made as Class(config, env_id, env_settings); else a solver
    solves: bool = True  # whole instances


_AGENTS: dict[str, AgentSpec] = {}


def register_agent(
    name: str,
    target: str,
    *,
    supports: Sequence[str],
    summary: str = "",
    acts: bool = False,
    solves: bool | None = None,
) -> None:
    """Add an agent.

    Args:
        name: its name on the command line.
        target: ``"module:Class"``; imported when the agent is made, not before. The class has a
            pydantic schema ``Config`` and is constructed as ``Class(config)``.
        supports: environment ids it works with.
        summary: one line for ``semverse list agents``.
        acts: a policy or rule that acts on observations; constructed as
            ``Class(config, env_id, env_settings)``.
        solves: able to solve whole instances; None: unless it acts.

    Raises:
        InputError: the name is taken, or the target has no colon.
    """
    if name in _AGENTS:
        raise InputError("is taken", source="register_agent", key=name, remedy="choose another name")
    if target.count(":") != 1:
        raise InputError(
            f"target {target!r}", source="register_agent", key=name, remedy="give 'module:Class'"
        )
    _AGENTS[name] = AgentSpec(
        name, target, tuple(supports), summary, acts, not acts if solves is None else solves
    )


def list_agents(env_id: str | None = None) -> list[AgentSpec]:
    """Return all agents, or those that support an environment, in order of registration."""
    _load_plugins()
    return [spec for spec in _AGENTS.values() if env_id is None or env_id in spec.supports]


def agent_spec(name: str) -> AgentSpec:
    """Return an entry.

    Raises:
        InputError: no agent has that name; the text lists the known ones.
    """
    _load_plugins()
    if name not in _AGENTS:
        raise InputError(f"unknown agent {name!r}", key="agent", remedy="choose from " + ", ".join(_AGENTS))
    return _AGENTS[name]


def make_agent(
    name: str,
    env_id: str = "semverse/SCC-v0",
    *,
    env_settings: Mapping[str, Any] | None = None,
    **config: Any,
) -> Agent:
    """Make an agent; its configuration is the shipped YAML file with ``config`` on top.

    Args:
        name: which one.
        env_id: the environment it is made for.
        env_settings: keyword arguments of that environment, for policies, whose networks depend on it.
        **config: keys that replace those of the shipped file.


    Raises:
        InputError: unknown name, unsupported environment, a missing extra, an unknown or bad key.
    """
    spec = agent_spec(name)
    if env_id not in spec.supports:
        known = ", ".join(s.name for s in list_agents(env_id))
        remedy = f"agents that do: {known}" if known else f"it supports {', '.join(spec.supports)}"
        raise InputError(f"does not support {env_id}", source="agent", key=name, remedy=remedy)
    agent_class = _load(spec)
    path = shipped("agents", f"{name}.yaml")
    defaults = load_yaml(path) if path.is_file() else {}
    settings = parse(agent_class.Config, {**defaults, **config}, source=f"agent {name}")
    if spec.acts:
        actor: Agent = agent_class(settings, env_id, env_settings or {})
        return actor
    made = agent_class(settings)
    return made if hasattr(made, "act") else PlannerAgent(made)


def agent_schema(name: str) -> Any:
    """Return the pydantic schema of an agent's configuration.

    Raises:
        InputError: unknown name, or a missing extra.
    """
    return _load(agent_spec(name)).Config


def _load(spec: AgentSpec) -> Any:
    """Import the class of an agent."""
    module, _, attribute = spec.target.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        raise InputError(
            f"needs the package {error.name!r}",
            source="agent",
            key=spec.name,
            remedy="pip install 'semverse[all]'",
        ) from error


@cache
def _load_plugins() -> None:
    """Let installed third-party packages register theirs: entry-point group ``semverse.agents``."""
    for entry in entry_points(group="semverse.agents"):
        entry.load()()


def _register_builtin() -> None:
    for name, target, summary in (
        ("random", "heuristics:RandomSolver", "feasible placements drawn uniformly"),
        ("local", "heuristics:LocalSolver", "every request on its user's MEC, then repaired"),
        ("greedy", "heuristics:GreedySolver", "cheapest MEC with room, request by request, per preference"),
        ("descent", "descent:DescentSolver", "greedy starts, then space-wise descent"),
        ("nsga2", "nsga2:Nsga2Solver", "NSGA-II (pymoo) with repair, greedy-seeded"),
        ("moead", "moead:MoeadSolver", "constrained batched MOEA/D with repair, greedy-seeded"),
        ("cpsat", "cpsat:CpSatSolver", "plain monolithic CP-SAT model, weighted sums"),
        ("exact", "exact.solver:ExactSolver", "column generation with certified lower bounds"),
    ):
        register_agent(name, f"semverse.solvers.{target}", supports=SCC_ENVS, summary=summary)
    for name, target, supports, summary in _ACTORS:
        register_agent(name, f"semverse.agents.{target}", supports=supports, summary=summary, acts=True)
    for name, target, summary in _STEADY:
        register_agent(name, f"semverse.agents.{target}", supports=SCC_ENVS, summary=summary)
    for name, target, supports, summary in _PLANNING_POLICIES:
        target = f"semverse.agents.{target}"
        register_agent(name, target, supports=supports, summary=summary, acts=True, solves=True)


_register_builtin()
