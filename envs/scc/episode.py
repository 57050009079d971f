"""What an episode is about: the scenario or instance, the preference and the order of the requests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError
from semverse.envs.scc.config import SCCConfig, load_scenario
from semverse.envs.scc.generator import sample_instance
from semverse.envs.scc.order import order_function
from semverse.envs.scc.reward import check_preference
from semverse.envs.scc.types import FloatArray, Instance, IntArray

OPTIONS = ("instance", "preference")


@dataclass(frozen=True, eq=False)
class Episode:
    """One drawn episode."""

    instance: Instance
    preference: FloatArray  # [2], sums to 1
    order: IntArray  # [R] the requests in the order they are placed


class EpisodeSource:
    """Draws the episodes of an environment.

    Args:
        region: shipped scenario ("california", "virginia") or path of a YAML file.
        users, spaces, mecs, cells, traces: replace the scenario's values; None keeps them.
        order: "heaviest", "space", "index" or "random".
        preference: [w_latency, w_energy]; None draws it from Dirichlet(1) a reset.
        instance: an `Instance` or the path of one; None draws it from the scenario a reset.

    Raises:
        InputError: a wrong value.
    """

    def __init__(
        self,
        region: str | Path = "california",
        *,
        users: int | None = None,
        spaces: int | None = None,
        mecs: int | None = None,
        cells: str | Path | None = None,
        traces: str | Path | None = None,
        order: str = "heaviest",
        preference: npt.ArrayLike | None = None,
        instance: Instance | str | Path | None = None,
    ) -> None:
        self.config: SCCConfig = load_scenario(
            region, users=users, spaces=spaces, mecs=mecs, cells=cells, traces=traces
        )
        self._order = order_function(order)
        self._preference = None if preference is None else check_preference(preference)
        self._instance = None if instance is None else read_instance(instance)
        self.num_mecs = self._instance.num_mecs if self._instance else self.config.mecs

    @property
    def max_requests(self) -> int:
        """The most requests an instance of this source has."""
        if self._instance:
            return self._instance.num_requests
        return self.config.users * min(self.config.spaces_per_user[1], self.config.spaces)

    @property
    def num_spaces(self) -> int:
        """The number of spaces an instance of this source has."""
        return self._instance.num_spaces if self._instance else self.config.spaces

    def placeholder(self) -> Instance:
        """Return an instance of the right number of MECs, to size arrays by before the first reset."""
        return self._instance or sample_instance(self.config, np.random.default_rng(0))

    def draw(self, rng: np.random.Generator, options: dict[str, Any] | None = None) -> Episode:
        """Draw an episode.

        Args:
            rng: source of all randomness.
            options: what `reset` was given: "instance" (path or `Instance`) and "preference".

        Raises:
            InputError: an unknown option, a bad preference, an unreadable instance, or one whose number
                of MECs is not the environment's.
        """
        given = check_options(options)
        chosen = given.get("instance")
        instance = self._instance if chosen is None else read_instance(chosen)
        if instance is None:
            instance = sample_instance(self.config, rng)
        if instance.num_mecs != self.num_mecs:
            raise InputError(
                f"the instance has {instance.num_mecs} MECs, the environment {self.num_mecs}",
                source="reset options",
                key="instance",
                remedy=f"make the environment with mecs={instance.num_mecs}",
            )
        preference = given.get("preference")
        weights = self._preference if preference is None else check_preference(preference)
        if weights is None:
            weights = rng.dirichlet(np.ones(2))
        return Episode(instance, weights, self.order(instance, rng))

    def order(self, instance: Instance, rng: np.random.Generator) -> IntArray:
        """Return the requests of an instance in the order they are placed [R]."""
        return self._order(instance, rng)


def check_options(options: dict[str, Any] | None, *more: str) -> dict[str, Any]:
    """Return the options of a reset; ``more`` keys may be among them.

    Raises:
        InputError: no mapping, or an unknown key.
    """
    given = {} if options is None else options
    if not isinstance(given, dict):
        raise InputError(f"are {given!r:.60}", key="reset options", remedy="give a dictionary")
    for key in given:
        if key not in OPTIONS + more:
            known = ", ".join(OPTIONS + more)
            raise InputError("unknown option", source="reset options", key=str(key), remedy=f"known: {known}")
    return given


def read_instance(instance: Instance | str | Path) -> Instance:
    """Return the instance, read from its file if a path is given.

    Raises:
        InputError: the file cannot be read or is wrong, or it is neither a path nor an instance.
    """
    if isinstance(instance, Instance):
        return instance
    if not isinstance(instance, str | Path):
        raise InputError(f"is {instance!r:.60}", key="instance", remedy="give a path or an Instance")
    from semverse.envs.scc.io import load_instance

    return load_instance(instance)
