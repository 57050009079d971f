"""Instances as NPZ: the keys of the JSON document as ``table.field``, never pickled."""

from __future__ import annotations

import io
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from semverse.envs.errors import InputError
from semverse.envs.files import read_bytes
from semverse.envs.scc.layout import DIMS, FORMAT, check_format, check_keys
from semverse.envs.scc.types import Instance

# what numpy and zipfile raise for damaged, encrypted, oversized or hostile archives
NPZ_ERRORS = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    MemoryError,
    NotImplementedError,
    RuntimeError,
    SyntaxError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


def instance_arrays(instance: Instance) -> dict[str, Any]:
    """Return the numbers of an instance as ``{"table.field": array}``."""
    split = {key: key.partition(".") for key in DIMS}
    return {
        key: np.asarray(getattr(getattr(instance, table), field)) for key, (table, _, field) in split.items()
    }


def npz_bytes(instance: Instance) -> bytes:
    """Return the content of an NPZ file."""
    arrays = {
        "format": np.array(FORMAT),
        "name": np.array(instance.name),
        **instance_arrays(instance),
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def read_npz(path: str | Path) -> dict[str, Any]:
    """Return the flat content of an NPZ file."""
    data = read_bytes(path)
    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise InputError("is no NPZ archive", remedy="regenerate the file")
    try:
        # allow_pickle=False: an object array could run code when read
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            names = list(archive.files)
            if len(set(names)) < len(names):
                raise InputError("holds an entry twice", remedy="keep one of the two")
            text = {key: _npz_text(archive, key) for key in ("format", "name") if key in names}
            check_format(text.get("format"))
            check_keys(names, ["format", "name", *DIMS], None)
            numbers = {key: _npz_numbers(archive, key) for key in DIMS}
    except NPZ_ERRORS as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"is a damaged or unsafe NPZ archive ({error})", remedy="regenerate the file"
        ) from error
    return {**text, **numbers}


def _npz_text(archive: Any, key: str) -> str:
    entry = archive[key]
    if not isinstance(entry, np.ndarray) or entry.dtype.kind != "U" or entry.ndim:
        raise InputError("is no text", key=key, remedy="store one string")
    return str(entry)


def _npz_numbers(archive: Any, key: str) -> Any:
    entry = archive[key]
    if not isinstance(entry, np.ndarray) or entry.dtype.kind not in "iuf":
        raise InputError("is no array of numbers", key=key, remedy="store numbers only")
    if DIMS[key]:
        return entry
    if entry.ndim:
        raise InputError(f"has shape {list(entry.shape)}", key=key, remedy="store one number")
    return entry.item()
