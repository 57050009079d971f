"""Labelled instances as one compressed NPZ archive, never pickled; the same items give the same bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError
from semverse.envs.scc.layout import DIMS, check_keys, from_flat
from semverse.envs.scc.model import evaluate
from semverse.envs.scc.npz_format import NPZ_ERRORS, instance_arrays
from semverse.envs.scc.types import Instance
from semverse.solvers.label_types import LabelledInstance, Labels

__all__ = ["pack", "unpack"]

Arrays = dict[str, npt.NDArray[Any]]
_LABELS = ("preferences", "placements", "objectives", "lower_bounds")
_INSTANCE = ("name", *DIMS)
_REMEDY = "delete the file and run semverse generate --labels again"
_ROUNDING = 1e-9  # relative; between the machine that wrote the objectives and the one that reads them


def pack(items: Sequence[LabelledInstance]) -> bytes:
    """Return items as the content of an NPZ file with the entries ``<index>.<key>``."""
    buffer = io.BytesIO()
    # every entry of the archive is dated 1980 by numpy: the bytes depend on the items alone
    arrays = {f"{item.index}.{key}": value for item in items for key, value in _arrays(item).items()}
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]  # numpy takes any array by keyword
    return buffer.getvalue()


def unpack(data: bytes) -> list[LabelledInstance]:
    """Return the items of an NPZ file in the order of their indices.

    Raises:
        InputError: a damaged archive, a wrong key, shape or value; the file is not named.
    """
    found: dict[int, Arrays] = {}
    for name, array in _read(data).items():
        index, _, key = name.partition(".")
        if not index.isdecimal():
            raise InputError(f"has the unknown entry {name!r:.60}", remedy=_REMEDY)
        found.setdefault(int(index), {})[key] = array
    return [_item(index, found[index]) for index in sorted(found)]


def _arrays(item: LabelledInstance) -> Arrays:
    arrays = {"name": np.array(item.instance.name), **instance_arrays(item.instance)}
    if item.labels is not None:
        small = np.min_scalar_type(item.instance.num_mecs - 1)  # one byte a request instead of eight
        arrays["preferences"] = item.labels.preferences
        arrays["placements"] = item.labels.placements.astype(small)
        arrays["objectives"] = item.labels.costs.objectives
        arrays["lower_bounds"] = item.labels.lower_bounds
    return arrays


def _read(data: bytes) -> Arrays:
    try:
        # allow_pickle=False: an object array could run code when read
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (*NPZ_ERRORS, TypeError) as error:  # TypeError: one bare array is no archive
        raise InputError(f"is a damaged or unsafe archive ({error})", remedy=_REMEDY) from error


def _item(index: int, arrays: Arrays) -> LabelledInstance:
    labelled = any(key in arrays for key in _LABELS)
    try:
        check_keys(arrays, [*_INSTANCE, *(_LABELS if labelled else ())], None)
        flat = {key: arrays[key] if DIMS[key] else arrays[key].item() for key in DIMS}
        instance = from_flat({"name": str(arrays["name"]), **flat})
        return LabelledInstance(index, instance, _labels(instance, arrays) if labelled else None)
    except (InputError, ValueError) as error:  # ValueError: an array where one number belongs
        key = error.key if isinstance(error, InputError) else None
        message = error.message if isinstance(error, InputError) else str(error)
        where = f"item {index}{f': {key}' if key else ''}"
        raise InputError(message, key=where, remedy=_REMEDY) from error


def _labels(instance: Instance, arrays: Arrays) -> Labels:
    """Return the labels; costs are computed from the placements and compared with those stored."""
    count = len(arrays["preferences"])
    for key, shape in (
        ("preferences", (count, 2)),
        ("placements", (count, instance.num_requests)),
        ("objectives", (count, 2)),
        ("lower_bounds", (count,)),
    ):
        kinds = "u" if key == "placements" else "f"
        if arrays[key].shape != shape or arrays[key].dtype.kind not in kinds:
            raise InputError(f"has shape {arrays[key].shape} of {arrays[key].dtype}", key=key)
    placements = arrays["placements"].astype(np.int64)
    if placements.max(initial=0) >= instance.num_mecs:
        raise InputError(f"names MEC {placements.max()} of {instance.num_mecs}", key="placements")
    costs = evaluate(instance, placements)
    if not np.allclose(costs.objectives, arrays["objectives"], rtol=_ROUNDING, atol=0.0):
        raise InputError("are not those of the placements", key="objectives")
    return Labels(arrays["preferences"], placements, costs, arrays["lower_bounds"])
