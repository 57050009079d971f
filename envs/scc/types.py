"""Data types of the SCC placement problem: one frozen dataclass a table of the file format."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError
from semverse.envs.scc.checks import check_array, check_name, check_scalar

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
ComplexArray = npt.NDArray[np.complex128]


def column(
    *dims: str, low: float = 0.0, high: float = np.inf, positive: bool = False, integer: bool = False
) -> Any:
    """Declare an array field: its named dimensions and the closed range of its values."""
    return field(metadata={"dims": dims, "low": low, "high": high, "positive": positive, "integer": integer})


@dataclass(frozen=True, eq=False)
class Mecs:
    """Base stations with their edge servers, M of them."""

    lon: FloatArray = column("mecs", low=-180.0, high=180.0)  # [M] degrees
    lat: FloatArray = column("mecs", low=-90.0, high=90.0)  # [M] degrees
    cache_gb: FloatArray = column("mecs")  # [M]
    compute_tflops: FloatArray = column("mecs", positive=True)  # [M] TFLOP/s
    max_tasks: IntArray = column("mecs", integer=True)  # [M] requests
    energy_coefficient: float = 0.0  # J / (GFLOP (TFLOP/s)^2)


@dataclass(frozen=True, eq=False)
class Spaces:
    """Virtual spaces, V of them."""

    cache_gb: FloatArray = column("spaces")  # [V] per hosting MEC
    maintenance_j: FloatArray = column("spaces")  # [V] per hosting MEC
    workload_gflop: FloatArray = column("spaces")  # [V] per viewport frame
    frame_mbit: FloatArray = column("spaces")  # [V] per viewport frame


@dataclass(frozen=True, eq=False)
class Users:
    """Users, U of them, each attached to one base station."""

    mec: IntArray = column("users", integer=True)  # [U] local MEC
    access_latency_ms_per_mbit: FloatArray = column("users")  # [U]
    access_energy_j_per_mbit: FloatArray = column("users")  # [U]


@dataclass(frozen=True, eq=False)
class Requests:
    """Requests, R of them: the (user, space) pairs of positive probability."""

    user: IntArray = column("requests", integer=True)  # [R]
    space: IntArray = column("requests", integer=True)  # [R]
    probability: FloatArray = column("requests", high=1.0, positive=True)  # [R]


@dataclass(frozen=True, eq=False)
class Links:
    """Costs between MECs; row = from, column = to."""

    sync_latency_ms: FloatArray = column("mecs", "mecs")  # [M, M]
    sync_energy_j: FloatArray = column("mecs", "mecs")  # [M, M]
    sensor_latency_ms: FloatArray = column("mecs", "mecs")  # [M, M]
    sensor_energy_j: FloatArray = column("mecs", "mecs")  # [M, M]
    frame_latency_ms_per_mbit: FloatArray = column("mecs", "mecs")  # [M, M]
    frame_energy_j_per_mbit: FloatArray = column("mecs", "mecs")  # [M, M]


@dataclass(frozen=True, eq=False)
class Instance:
    """One placement problem. Arrays are checked and made read-only on construction.

    Raises:
        InputError: a wrong length, NaN, a value out of range, an index out of range, a request given
            twice, or a user whose probabilities sum to more than 1; the error names the key.
    """

    name: str
    mecs: Mecs
    spaces: Spaces
    users: Users
    requests: Requests
    links: Links

    def __post_init__(self) -> None:
        sizes = {
            "mecs": np.size(self.mecs.lon),
            "spaces": np.size(self.spaces.cache_gb),
            "users": np.size(self.users.mec),
            "requests": np.size(self.requests.user),
        }
        for size_name, size in sizes.items():
            if size == 0:
                raise InputError("is empty", key=size_name, remedy="give at least one entry")
        for table in ("mecs", "spaces", "users", "requests", "links"):
            _freeze_table(table, getattr(self, table), sizes)
        check_name(self.name)
        coefficient = check_scalar("mecs.energy_coefficient", self.mecs.energy_coefficient)
        object.__setattr__(self.mecs, "energy_coefficient", coefficient)
        _check_relations(self)

    @property
    def num_mecs(self) -> int:
        """Number of MECs, M."""
        return len(self.mecs.lon)

    @property
    def num_spaces(self) -> int:
        """Number of virtual spaces, V."""
        return len(self.spaces.cache_gb)

    @property
    def num_users(self) -> int:
        """Number of users, U."""
        return len(self.users.mec)

    @property
    def num_requests(self) -> int:
        """Number of requests, R."""
        return len(self.requests.user)


def _freeze_table(table: str, value: Any, sizes: dict[str, int]) -> None:
    for spec in dataclasses.fields(value):
        if "dims" not in spec.metadata:
            continue
        shape = tuple(sizes[dim] for dim in spec.metadata["dims"])
        array = check_array(f"{table}.{spec.name}", getattr(value, spec.name), shape, spec.metadata)
        object.__setattr__(value, spec.name, array)


def _check_relations(instance: Instance) -> None:
    """Check indices against sizes, duplicates and each user's total probability."""
    requests = instance.requests
    for key, index, size in (
        ("users.mec", instance.users.mec, instance.num_mecs),
        ("requests.user", requests.user, instance.num_users),
        ("requests.space", requests.space, instance.num_spaces),
    ):
        if int(index.max()) >= size:
            raise InputError(
                f"index {int(index.max())} is out of range", key=key, remedy=f"give 0 to {size - 1}"
            )
    pairs = requests.user * instance.num_spaces + requests.space
    if len(np.unique(pairs)) != len(pairs):
        raise InputError("a (user, space) pair is given twice", key="requests", remedy="merge the two")
    total = np.bincount(requests.user, weights=requests.probability)
    if float(total.max()) > 1.0 + 1e-9:
        raise InputError(
            f"user {int(total.argmax())} sums to {total.max():.6g}",
            key="requests.probability",
            remedy="give each user at most 1",
        )


@dataclass(frozen=True, eq=False)
class Costs:
    """Costs of B placements: the nine terms of paper 003 (eqs. 6-15) and the two constraints.

    Latency terms in ms, energy terms in J; every array has shape [B].
    """

    sync_latency_ms: FloatArray  # eq. 7
    compute_latency_ms: FloatArray  # eq. 9
    cross_latency_ms: FloatArray  # eq. 12
    access_latency_ms: FloatArray  # eq. 14
    maintenance_energy_j: FloatArray  # eq. 6
    sync_energy_j: FloatArray  # eq. 8
    compute_energy_j: FloatArray  # eq. 10
    cross_energy_j: FloatArray  # eq. 13
    access_energy_j: FloatArray  # eq. 15
    cache_excess_gb: FloatArray  # eq. 5: sum over MECs of GB above cache_gb
    task_excess: FloatArray  # eq. 11: sum over MECs of requests above max_tasks

    @property
    def latency_ms(self) -> FloatArray:
        """Total latency [B]."""
        return self.sync_latency_ms + self.compute_latency_ms + self.cross_latency_ms + self.access_latency_ms

    @property
    def energy_j(self) -> FloatArray:
        """Total energy [B]."""
        return (
            self.maintenance_energy_j
            + self.sync_energy_j
            + self.compute_energy_j
            + self.cross_energy_j
            + self.access_energy_j
        )

    @property
    def objectives(self) -> FloatArray:
        """Latency and energy side by side [B, 2]."""
        return np.stack([self.latency_ms, self.energy_j], axis=-1)

    @property
    def violation(self) -> FloatArray:
        """Constraint violation [B]: GB over cache plus requests over max_tasks; 0 iff feasible."""
        return self.cache_excess_gb + self.task_excess

    @property
    def feasible(self) -> BoolArray:
        """Whether both constraints hold [B]."""
        return self.violation <= 0.0

    def __len__(self) -> int:
        return len(self.sync_latency_ms)

    def __getitem__(self, index: Any) -> Costs:
        """Select placements along the batch axis (an index array, mask or slice)."""
        return Costs(*(getattr(self, f.name)[index] for f in dataclasses.fields(self)))
