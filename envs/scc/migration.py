"""What it costs to move spaces from one time slot to the next: pure and batched.

A space that opens on a MEC which did not host it in the previous slot is copied there, all cache_gb of
it, from the nearest MEC that did. In the first slot, and for spaces nobody hosted, that is free.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from semverse.envs.config import Config
from semverse.envs.scc.config import NonNegative
from semverse.envs.scc.geo import great_circle_km
from semverse.envs.scc.model import check_placements
from semverse.envs.scc.types import BoolArray, ComplexArray, FloatArray, Instance, IntArray


class MigrationConfig(Config):
    """Cost of moving one GB of a space's cache over one km."""

    latency_ms_per_gb_km: NonNegative
    energy_j_per_gb_km: NonNegative


def migration_opening(
    instance: Instance, hosted_before: BoolArray | None, config: MigrationConfig
) -> ComplexArray:
    """Return what opening space v on MEC m costs in migration [V, M], latency_ms + 1j * energy_j.

    Args:
        instance: the problem of this slot; only its sites and spaces count.
        hosted_before: which MEC hosted which space in the previous slot [V, M]; None in the first.
        config: cost per GB and km.
    """
    if hosted_before is None:
        return np.zeros((instance.num_spaces, instance.num_mecs), dtype=np.complex128)
    km = great_circle_km(instance.mecs.lon, instance.mecs.lat)
    nearest = np.where(hosted_before[:, :, None], km, np.inf).min(axis=1)
    gb_km = instance.spaces.cache_gb[:, None] * np.where(np.isfinite(nearest), nearest, 0.0)
    cost: ComplexArray = gb_km * np.complex128(
        complex(config.latency_ms_per_gb_km, config.energy_j_per_gb_km)
    )
    return cost


def migration_costs(opening: ComplexArray, instance: Instance, placements: npt.ArrayLike) -> FloatArray:
    """Return latency_ms and energy_j of the migration that placements cause [B, 2].

    Args:
        opening: what `migration_opening` returned [V, M].
        instance: the problem, R requests.
        placements: MEC of each request [B, R].

    Raises:
        InputError: the placements have the wrong shape, type or an index out of range.
    """
    cost = (hosts(instance, placements) * opening).sum(axis=(1, 2))
    return np.stack([cost.real, cost.imag], axis=1)


def count_migrations(
    hosted_before: BoolArray | None, instance: Instance, placements: npt.ArrayLike
) -> IntArray:
    """Return how many copies of a space placements make on MECs that did not host it before [B].

    Args:
        hosted_before: which MEC hosted which space in the previous slot [V, M]; None in the first.
        instance: the problem, R requests.
        placements: MEC of each request [B, R].

    Raises:
        InputError: the placements have the wrong shape, type or an index out of range.
    """
    now = hosts(instance, placements)
    if hosted_before is None:
        return np.zeros(len(now), dtype=np.int64)
    moved: IntArray = (now & ~hosted_before & hosted_before.any(axis=1, keepdims=True)).sum(axis=(1, 2))
    return moved


def hosts(instance: Instance, placements: npt.ArrayLike) -> BoolArray:
    """Return which MEC hosts which space [B, V, M] (the paper's Lemma 1: hosts follow from requests)."""
    array = check_placements(instance, placements)
    hosted = np.zeros((len(array), instance.num_spaces, instance.num_mecs), dtype=np.bool_)
    hosted[np.arange(len(array))[:, None], instance.requests.space, array] = True
    return hosted
