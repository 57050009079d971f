"""The placement problem as one decision: the whole placement in one action."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError
from semverse.envs.scc.base_env import BaseSCCEnv
from semverse.envs.scc.model import evaluate, tables
from semverse.envs.scc.observation import MAX_ADDED, REQUEST_FEATURES, Observation, share
from semverse.envs.scc.reward import scale
from semverse.envs.scc.types import BoolArray, FloatArray, IntArray


class SCCJointEnv(BaseSCCEnv):
    """Place all requests at once (``semverse/SCCJoint-v0``); an episode is one step.

    ## Action space
    ``MultiDiscrete([M] * L)``: entry i is the MEC of request i. L is the most requests the scenario can
    draw (or the ``instance``'s number of requests); entries beyond the instance's requests are ignored.
    ``info["action_mask"]`` (int8 [L, M]; `action_masks` is the same as one row, bool [L * M]) says which
    MECs have room for each request on its own. Whether they have room for all that are sent there is no
    matter of single entries, so that a placement of allowed ones may still need repair. Entries beyond
    the instance's requests are all allowed. ``action_space.sample(tuple(mask))`` keeps to the mask.

    An infeasible placement is repaired as in `SCCEnv`: the requests are placed in the environment's
    order, and each whose MEC is full by then goes to the legal MEC of the smallest weighted increment;
    where none has room it stays where it was and the violation is penalised. The reward is the return
    that `SCCEnv` would have paid for the same choices; ``info["repaired"]`` says whether any was
    changed, ``info["repaired_requests"]`` how many, ``info["placement"]`` what came out.

    ## Observation space
    One flat float32 row a key, row-major; zeros beyond the instance's requests and spaces.

    - ``added_latency``, ``added_energy`` [L * M]: what request i alone would add on MEC m, scaled as in
      `SCCEnv`.
    - ``sync_latency``, ``sync_energy`` [M * M]: cost of hosting one space on both MECs, scaled alike.
    - ``requests`` [L * 5]: features as ``request`` in `SCCEnv`.
    - ``request_space`` [L]: (index of its space + 1) / V.
    - ``space_cache`` [V], ``cache_room`` [M]: GB, over the largest cache of a MEC.
    - ``task_room`` [M]: task limit over the largest.
    - ``preference`` [2].

    ## Reward
    Minus the scalarised, normalised cost of the placement (and of its violation); see `SCCEnv`.

    Args:
        *args, **kwargs: see `BaseSCCEnv`.

    ## Version history
    - v0: first version.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.max_requests = self.source.max_requests
        self.max_spaces = self.source.num_spaces
        length, mecs = self.max_requests, self.source.num_mecs
        sizes = {
            "added_latency": length * mecs,
            "added_energy": length * mecs,
            "sync_latency": mecs * mecs,
            "sync_energy": mecs * mecs,
            "requests": length * len(REQUEST_FEATURES),
            "request_space": length,
            "space_cache": self.max_spaces,
            "cache_room": mecs,
            "task_room": mecs,
            "preference": 2,
        }
        box = gymnasium.spaces.Box
        self.observation_space = gymnasium.spaces.Dict(
            {
                name: box(0.0, MAX_ADDED if name.endswith(("latency", "energy", "cache")) else 1.0, (n,))
                for name, n in sizes.items()
            }
        )
        self.action_space = gymnasium.spaces.MultiDiscrete([mecs] * length)
        self._mask: BoolArray = np.ones((length, mecs), dtype=np.bool_)
        self._picture: Observation = {}
        self._over = True

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Draw a problem; ``options`` as for `SCCEnv`.

        Raises:
            InputError: the instance given has more requests or spaces than the spaces are made for.
        """
        super().reset(seed=seed)
        episode = self.source.draw(self.np_random, options)
        instance = episode.instance
        if instance.num_requests > self.max_requests or instance.num_spaces > self.max_spaces:
            raise InputError(
                f"the instance has {instance.num_requests} requests of {instance.num_spaces} spaces, the "
                f"environment room for {self.max_requests} of {self.max_spaces}",
                source="reset options",
                key="instance",
                remedy="make the environment with instance=, or with larger users= and spaces=",
            )
        self.core.begin(0, instance, episode.preference, episode.order)
        self.core.refresh()
        self._picture = self._observe(episode.order)
        self._over = False
        self._show()
        return _copied(self._picture), {"action_mask": self._mask.astype(np.int8)}

    def _observe(self, order: IntArray) -> Observation:
        instance, requests = self.instance, self.instance.num_requests
        mask, seen = self.core.look_ahead(0, np.argsort(order))  # by request, not by turn
        self._mask = np.ones((self.max_requests, self.source.num_mecs), dtype=np.bool_)
        self._mask[:requests] = mask
        pairs = 2 * tables(instance).sync[..., None].view(np.float64) * (requests / scale(instance))
        biggest = float(instance.mecs.cache_gb.max())
        length = self.max_requests
        picture = {
            "added_latency": _padded(seen["added_latency"], length),
            "added_energy": _padded(seen["added_energy"], length),
            "sync_latency": np.minimum(pairs[..., 0], MAX_ADDED),
            "sync_energy": np.minimum(pairs[..., 1], MAX_ADDED),
            "requests": _padded(seen["request"], length),
            "request_space": _padded((instance.requests.space + 1) / instance.num_spaces, length),
            "space_cache": _padded(
                np.minimum(share(instance.spaces.cache_gb, biggest), MAX_ADDED), self.max_spaces
            ),
            "cache_room": share(instance.mecs.cache_gb, biggest),
            "task_room": share(instance.mecs.max_tasks, instance.mecs.max_tasks.max()),
            "preference": self.preference,
        }
        return {key: value.ravel().astype(np.float32) for key, value in picture.items()}

    def step(self, action: npt.ArrayLike) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Place all requests.

        Raises:
            InputError: the action has the wrong length or an entry that is no MEC.
            gymnasium.error.ResetNeeded: the episode is over, or none was started.
        """
        if self._over:
            raise gymnasium.error.ResetNeeded("the episode is over; call reset()")
        plan = self._check(action)[: self.instance.num_requests]
        costs = evaluate(self.instance, plan[None])
        if costs.feasible[0] and self.render_mode is None:
            vector, repaired, dead_end = -costs.objectives[0] / scale(self.instance), 0, False
            result = self.core.report(0, plan)
        else:
            vector, repaired, dead_end = self._play(plan)
            result = self.core.result(0)
        self._over = True
        info = {
            "action_mask": self._mask.astype(np.int8),
            "vector_reward": vector.astype(np.float32),
            "repaired": repaired > 0,
            "repaired_requests": repaired,
            "dead_end": dead_end,
            **result,
        }
        self._show()
        return _copied(self._picture), float(self.preference @ vector), True, False, info

    def _play(self, plan: IntArray) -> tuple[FloatArray, int, bool]:
        """Place request by request, with repairs; return the vector reward, repairs, any dead end."""
        vector, repaired, dead_end = np.zeros(2), 0, False
        while self.core.cursor[0] < self.core.length[0]:
            placed = self.core.place(plan[self.core.request])
            self.core.refresh()
            vector += placed.vector[0]
            repaired += int(placed.repaired[0])
            dead_end |= bool(placed.dead_end[0])
        return vector, repaired, dead_end

    def _check(self, action: npt.ArrayLike) -> IntArray:
        plan = np.asarray(action)
        if plan.shape != (self.max_requests,) or plan.dtype.kind not in "iu":
            raise InputError(
                f"has shape {list(plan.shape)} and type {plan.dtype}",
                key="action",
                remedy=f"give {self.max_requests} whole numbers",
            )
        if plan.min() < 0 or plan.max() >= self.source.num_mecs:
            raise InputError(
                "holds an index that is no MEC", key="action", remedy=f"give 0 to {self.source.num_mecs - 1}"
            )
        return plan.astype(np.int64)

    def action_masks(self) -> BoolArray:
        """Return which MEC has room for which request on its own [L * M], as sb3-contrib wants it."""
        return self._mask.ravel().copy()

    def plan_action(self, placement: IntArray) -> IntArray:
        """Return the action that is a whole placement [R]."""
        action: IntArray = _padded(np.asarray(placement, dtype=np.int64), self.max_requests)
        return action


def _padded(rows: npt.NDArray[Any], length: int) -> npt.NDArray[Any]:
    """Return the array with zero rows appended up to a length."""
    return np.pad(rows, [(0, length - len(rows))] + [(0, 0)] * (rows.ndim - 1))


def _copied(picture: Observation) -> Observation:
    return {key: value.copy() for key, value in picture.items()}
