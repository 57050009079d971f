"""The placement environment over time slots: users come, go and move; moving a space costs."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np

from semverse.envs.config import load_yaml, parse, shipped
from semverse.envs.errors import InputError
from semverse.envs.scc.base_env import reward_space
from semverse.envs.scc.core import Placed
from semverse.envs.scc.dynamics import DynamicsConfig, Population, first_slot, next_slot
from semverse.envs.scc.env import SCCEnv
from semverse.envs.scc.migration import count_migrations, hosts, migration_costs, migration_opening
from semverse.envs.scc.observation import Observation
from semverse.envs.scc.types import BoolArray, ComplexArray, FloatArray

_MIGRATION = ("migrations", "migration_latency_ms", "migration_energy_j")  # in a slot's result


class SCCDynamicEnv(SCCEnv):
    """Place the requests of several time slots (``semverse/SCCDynamic-v0``).

    In each slot all current requests are placed one a step, as in `SCCEnv`; then users depart, arrive,
    change spaces and hand over (`semverse.envs.scc.dynamics`). A space that opens on a MEC which did not
    host it in the previous slot is copied there from the nearest previous host
    (`semverse.envs.scc.migration`); that is paid with the request that opens it. The first slot is free.

    Actions and observations are those of `SCCEnv` (``added_latency`` and ``added_energy`` include the
    migration, ``progress`` covers all slots), so that a policy fits both.

    ## Reward
    As in `SCCEnv`, with the migration among the increments; each slot is normalised by its own instance.
    The undiscounted return is minus the sum over slots of the scalarised cost.

    ## Infos
    ``slot`` counts from 0. With a slot's last request ``info["slot_result"]`` holds what `SCCEnv` reports
    of it, ``migration_latency_ms`` and ``migration_energy_j`` (not included in its ``latency_ms``) and
    ``migrations``, the number of copies made. At the end: ``slots``, the results of all; ``placement`` of
    the last; ``latency_ms`` and ``energy_j`` summed over slots, with migration; ``violation`` and the three
    of migration summed; ``feasible`` if all were. The attributes ``hosted_before`` and ``opening`` tell
    planners where spaces are and what moving them costs.

    Args:
        dynamics: path of a YAML file as `configs/scc/dynamics/default.yaml`, or its content; None is
            that file.
        slots: length of an episode; None keeps the file's.
        *args, **kwargs: see `BaseSCCEnv`; they say what the first slot is drawn from.

    Raises:
        InputError: a wrong value.

    ## Version history
    - v0: first version.
    """

    def __init__(
        self,
        *args: Any,
        dynamics: str | Path | dict[str, Any] | None = None,
        slots: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.dynamics = load_dynamics(dynamics, slots)
        self._population: Population
        self.hosted_before: BoolArray | None = None  # [V, M] of the previous slot; None in the first
        self.opening: ComplexArray  # [V, M] what opening a space on a MEC costs in migration
        self._slots: list[dict[str, Any]] = []

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode; ``options`` as for `SCCEnv`: the instance is the one with all users online."""
        super(SCCEnv, self).reset(seed=seed)
        episode = self.source.draw(self.np_random, options)
        self._slots = []
        self._population = first_slot(episode.instance, self.dynamics, self.np_random)
        self._begin_slot(episode.preference, None)
        observation = self._look()
        self._show()
        return observation, {"action_mask": self.core.mask[0].astype(np.int8), "slot": 0}

    def _begin_slot(self, preference: FloatArray, hosted_before: BoolArray | None) -> None:
        instance = self._population.instance()
        self.hosted_before = hosted_before
        self.opening = migration_opening(instance, hosted_before, self.dynamics.migration)
        order = self.source.order(instance, self.np_random)
        self.core.begin(0, instance, preference, order, self.opening)

    def step(self, action: Any) -> tuple[Observation, Any, bool, bool, dict[str, Any]]:
        """Place the request at hand; the last one of a slot leads to the next slot.

        Raises:
            InputError: the action is no MEC at all.
            gymnasium.error.ResetNeeded: the episode is over, or none was started.
        """
        placed = self._place(action)
        extra: dict[str, Any] = {"slot": len(self._slots)}
        over = False
        if placed.done[0]:
            self._slots.append(self._slot_result())
            extra["slot_result"] = deepcopy(self._slots[-1])
            over = len(self._slots) == self.dynamics.slots
            if not over:
                hosted = hosts(self.instance, [self._slots[-1]["placement"]])[0]
                self._population = next_slot(self._population, self.dynamics, self.np_random)
                self._begin_slot(self.preference, hosted)
        observation = self._look()
        info = {**self._info(placed), **extra}
        if over:
            info.update(_summary(self._slots))
        self._show()
        return observation, self._reward(placed), over, False, info

    def _slot_result(self) -> dict[str, Any]:
        result = self.core.result(0)
        placements = [result["placement"]]
        moved = migration_costs(self.opening, self.instance, placements)[0]
        return {
            **result,
            "migrations": int(count_migrations(self.hosted_before, self.instance, placements)[0]),
            "migration_latency_ms": float(moved[0]),
            "migration_energy_j": float(moved[1]),
        }

    def _look(self) -> Observation:
        observation = super()._look()
        # after the last slot the core still shows that slot as done
        before = min(len(self._slots), self.dynamics.slots - 1)
        share = (before + self.core.cursor[0] / self.core.length[0]) / self.dynamics.slots
        observation["progress"] = np.array([share], dtype=np.float32)
        return observation


class MOSCCDynamicEnv(SCCDynamicEnv):
    """`SCCDynamicEnv` that returns its reward as a vector (``semverse/MO-SCCDynamic-v0``); see `MOSCCEnv`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reward_space = reward_space()

    def _reward(self, placed: Placed) -> Any:
        return placed.vector[0].astype(np.float32)


def load_dynamics(dynamics: str | Path | dict[str, Any] | None, slots: int | None) -> DynamicsConfig:
    """Return the dynamics out of a file, a mapping or the shipped default.

    Raises:
        InputError: unreadable, an unknown key or a bad value.
    """
    if isinstance(dynamics, dict):
        values, source = dynamics, "dynamics"
    else:
        if not isinstance(dynamics, str | Path | None):
            raise InputError(f"is {dynamics!r:.60}", key="dynamics", remedy="give a path or a mapping")
        path = shipped("scc", "dynamics", "default.yaml") if dynamics is None else Path(dynamics)
        values, source = load_yaml(path), str(path)
    config = parse(DynamicsConfig, values, source=source)
    return config if slots is None else parse(DynamicsConfig, {**values, "slots": slots})


def _summary(slots: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the info says at the end of all slots."""
    return {
        "slots": deepcopy(slots),
        "placement": list(slots[-1]["placement"]),
        "latency_ms": sum(slot["latency_ms"] + slot["migration_latency_ms"] for slot in slots),
        "energy_j": sum(slot["energy_j"] + slot["migration_energy_j"] for slot in slots),
        "feasible": all(slot["feasible"] for slot in slots),
        "violation": sum(slot["violation"] for slot in slots),
        **{key: sum(slot[key] for slot in slots) for key in _MIGRATION},
    }
