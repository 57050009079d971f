"""Reader and writer of instance files, format ``semverse.scc/1``, as JSON or NPZ (by suffix).

The format is described in docs/file-formats.md.
"""

from __future__ import annotations

from pathlib import Path

from semverse.envs.errors import InputError
from semverse.envs.files import write_atomic
from semverse.envs.scc.json_format import canonical_json, read_json
from semverse.envs.scc.layout import from_flat
from semverse.envs.scc.npz_format import npz_bytes, read_npz
from semverse.envs.scc.servable import find_placement
from semverse.envs.scc.types import Instance

__all__ = ["canonical_json", "load_instance", "save_instance"]


def load_instance(path: str | Path) -> Instance:
    """Read an instance and make sure that some placement serves it.

    Args:
        path: file ending in .json or .npz.

    Raises:
        InputError: anything wrong with the file or its content; names file, key and remedy.
    """
    try:
        flat = read_npz(path) if _suffix(path) == ".npz" else read_json(path)
        instance = from_flat(flat)
        find_placement(instance)
    except InputError as error:
        if error.source is not None:
            raise
        raise error.at(path) from error
    return instance


def save_instance(instance: Instance, path: str | Path) -> None:
    """Write an instance; the file is there whole or not at all.

    Args:
        instance: what to write; reading it back gives exactly the same values.
        path: file ending in .json or .npz, in a folder that exists.

    Raises:
        InputError: another suffix, or the file cannot be written.
    """
    suffix = _suffix(path)
    write_atomic(path, npz_bytes(instance) if suffix == ".npz" else canonical_json(instance).encode())


def _suffix(path: str | Path) -> str:
    suffix = Path(path).suffix.lower()
    if suffix not in (".json", ".npz"):
        raise InputError(
            f"unknown instance format {suffix!r}", source=path, remedy="use a name ending in .json or .npz"
        )
    return suffix
