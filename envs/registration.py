"""The one table of environments; Gymnasium, MO-Gymnasium and PettingZoo read it.

MO-Gymnasium's ``make`` looks ids up in Gymnasium's registry, so registering there serves both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, Literal

import gymnasium

Kind = Literal["gymnasium", "mo-gymnasium", "pettingzoo"]


@dataclass(frozen=True)
class Bound:
    """How to learn what an episode can return at most."""

    # "module:function" of the unwrapped environment that was just reset; or the name of a step's info, the
    # sum of which over an episode is the bound
    source: str
    kwargs: dict[str, Any] = field(default_factory=dict)  # of the environment, so that it tells the info

    @property
    def info(self) -> str | None:
        """Name of the info, if it is one."""
        return None if ":" in self.source else self.source


@dataclass(frozen=True)
class EnvRow:
    """One environment. Entry points are strings, so that listing imports nothing."""

    id: str
    kind: Kind
    entry_point: str  # "module:attribute"; of a pettingzoo row: its module
    summary: str
    vector_entry_point: str | None = None
    kwargs: dict[str, Any] = field(default_factory=dict)
    max_steps: int | None = None  # None: the environment ends its episodes itself
    # what agents are compared by: Pareto fronts of whole instances, or returns of episodes
    benchmark: Literal["front", "episode"] = "episode"
    bound: Bound | None = None  # on the return of an episode; None: nobody knows one
    rollout_steps: int = 300  # of the conformance kits; fewer where a step takes long


_SCC = "semverse.envs.scc"
_ISGC = "semverse.envs.isgc"
_VLSCC = "semverse.envs.vlscc"
_CEE = "semverse.envs.cee"
_FEDSEM = "semverse.envs.fedsem"

_TABLE: tuple[EnvRow, ...] = (
    EnvRow(
        "semverse/SCC-v0",
        "gymnasium",
        f"{_SCC}.env:SCCEnv",
        "place virtual spaces on edge servers, one request a step",
        vector_entry_point=f"{_SCC}.vector_env:SCCVectorEnv",
        benchmark="front",
    ),
    EnvRow(
        "semverse/SCCJoint-v0",
        "gymnasium",
        f"{_SCC}.joint_env:SCCJointEnv",
        "the whole placement in one action",
        benchmark="front",
    ),
    EnvRow(
        "semverse/SCCDynamic-v0",
        "gymnasium",
        f"{_SCC}.dynamic_env:SCCDynamicEnv",
        "time slots with moving users; re-placement pays migration",
    ),
    EnvRow(
        "semverse/MO-SCC-v0",
        "mo-gymnasium",
        f"{_SCC}.env:MOSCCEnv",
        "SCC-v0 with the vector reward",
        kwargs={"preference": (0.5, 0.5)},
        benchmark="front",
    ),
    EnvRow(
        "semverse/MO-SCCDynamic-v0",
        "mo-gymnasium",
        f"{_SCC}.dynamic_env:MOSCCDynamicEnv",
        "SCCDynamic-v0 with the vector reward",
        kwargs={"preference": (0.5, 0.5)},
    ),
    EnvRow(
        "semverse/scc_v0",
        "pettingzoo",
        f"{_SCC}.parallel_env",
        "base stations place their own users' requests in parallel",
    ),
    EnvRow(
        "semverse/ISGC-v0",
        "gymnasium",
        f"{_ISGC}.env:ISGCEnv",
        "split a band among semantic, content and feedback link",
        vector_entry_point=f"{_ISGC}.vector_env:ISGCVectorEnv",
        bound=Bound("optimal_utility", {"optimum": True}),
    ),
    EnvRow(
        "semverse/ISGCDynamic-v0",
        "gymnasium",
        f"{_ISGC}.dynamic_env:ISGCDynamicEnv",
        "share the band among three queues, slot by slot, under fading",
        bound=Bound(f"{_ISGC}.dynamic_env:episode_bound"),
    ),
    EnvRow(
        "semverse/MO-ISGC-v0",
        "mo-gymnasium",
        f"{_ISGC}.env:MOISGCEnv",
        "ISGC-v0 with utility, latency and energy as vector reward",
    ),
    EnvRow(
        "semverse/ISGCQoE-v0",
        "gymnasium",
        f"{_ISGC}.qoe_env:ISGCQoEEnv",
        "subchannels for links with sigmoid quality: several optima a state",
        bound=Bound("optimal_utility"),
    ),
    EnvRow(
        "semverse/isgc_parallel_v0",
        "pettingzoo",
        f"{_ISGC}.parallel_env",
        "devices bid for one band, as a team or selfishly",
    ),
    EnvRow(
        "semverse/VLSCC-v0",
        "gymnasium",
        f"{_VLSCC}.env:VLSCCEnv",
        "choose the code length of each frame of a stream under a budget of symbols",
        vector_entry_point=f"{_VLSCC}.vector_env:VLSCCVectorEnv",
        bound=Bound(f"{_VLSCC}.env:episode_bound"),
    ),
    EnvRow(
        "semverse/VLSCCMap-v0",
        "gymnasium",
        f"{_VLSCC}.env:VLSCCMapEnv",
        "choose the code length of each block of each frame",
        vector_entry_point=f"{_VLSCC}.vector_env:VLSCCMapVectorEnv",
        bound=Bound(f"{_VLSCC}.env:episode_bound"),
    ),
    EnvRow(
        "semverse/MO-VLSCC-v0",
        "mo-gymnasium",
        f"{_VLSCC}.env:MOVLSCCEnv",
        "VLSCC-v0 with distortion, symbols and delay as vector reward",
    ),
    EnvRow(
        "semverse/vlscc_parallel_v0",
        "pettingzoo",
        f"{_VLSCC}.parallel_env",
        "users share the symbols of a frame, as a team or selfishly",
    ),
    EnvRow(
        "semverse/CEE-v0",
        "gymnasium",
        f"{_CEE}.env:CEEEnv",
        "codecs, rates and places of a cloud-edge-end VR service, epoch by epoch",
        vector_entry_point=f"{_CEE}.vector_env:CEEVectorEnv",
        bound=Bound(f"{_CEE}.env:episode_bound"),
    ),
    EnvRow(
        "semverse/MO-CEE-v0",
        "mo-gymnasium",
        f"{_CEE}.env:MOCEEEnv",
        "CEE-v0 with two latencies, quality, energy and cost as vector reward",
    ),
    EnvRow(
        "semverse/cee_parallel_v0",
        "pettingzoo",
        f"{_CEE}.parallel_env",
        "users share band, edge and cloud, as a team or selfishly",
    ),
    EnvRow(
        "semverse/FedSem-v0",
        "gymnasium",
        f"{_FEDSEM}.env:FedSemEnv",
        "clients, labels, bits and noise of each round of a federated training that is really run",
        rollout_steps=14,
    ),
    EnvRow(
        "semverse/FedSemFast-v0",
        "gymnasium",
        f"{_FEDSEM}.fast_env:FedSemFastEnv",
        "FedSem-v0 with a fitted network in place of training",
        vector_entry_point=f"{_FEDSEM}.vector_env:FedSemFastVectorEnv",
    ),
    EnvRow(
        "semverse/MO-FedSem-v0",
        "mo-gymnasium",
        f"{_FEDSEM}.env:MOFedSemEnv",
        "FedSem-v0 with accuracy, bits, epsilon and time as vector reward",
        rollout_steps=14,
    ),
    EnvRow(
        "semverse/fedsem_parallel_v0",
        "pettingzoo",
        f"{_FEDSEM}.parallel_env",
        "clients of a federated training decide to take part, as a team or selfishly",
    ),
)


def list_envs() -> tuple[EnvRow, ...]:
    """Return every row of the table, in order."""
    return _TABLE


def find_env(env_id: str) -> EnvRow | None:
    """Return the row of an environment, or None if it is not one of ours."""
    return next((row for row in _TABLE if row.id == env_id), None)


def register_all() -> None:
    """Register every row; calling it again changes nothing."""
    for row in _TABLE:
        if row.kind == "pettingzoo":
            _register_pettingzoo(row)
        elif row.id not in gymnasium.registry:
            gymnasium.register(
                id=row.id,
                entry_point=row.entry_point,
                vector_entry_point=row.vector_entry_point,
                max_episode_steps=row.max_steps,
                # Gymnasium's step checker knows scalar rewards only
                disable_env_checker=row.kind == "mo-gymnasium",
                kwargs=dict(row.kwargs),
            )


def _register_pettingzoo(row: EnvRow) -> None:
    if find_spec("pettingzoo.env_registry") is None:
        return  # older than PettingZoo's registry; the module works all the same
    from pettingzoo.env_registry import registration

    if registration.EnvSpec(row.id).id in registration.parallel_registry:
        return
    registration.register(
        "parallel", row.id, f"{row.entry_point}:parallel_env", max_cycles=row.max_steps, kwargs=row.kwargs
    )
    registration.register(
        "aec", row.id, f"{row.entry_point}:env", max_cycles=row.max_steps, kwargs=row.kwargs
    )
