"""A label set on disk: shards of labelled instances and a manifest with their checksums.

Described in docs/file-formats.md. Reading needs no solver.
"""

from __future__ import annotations

import hashlib
import json
import platform
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic

from semverse.envs.config import Config, parse
from semverse.envs.errors import InputError
from semverse.envs.files import read_bytes, read_text, write_atomic
from semverse.solvers.label_codec import unpack
from semverse.solvers.label_types import LabelledInstance

__all__ = ["Manifest", "Shard", "load_labels", "read_manifest", "read_shard", "write_manifest"]

FORMAT: Literal["semverse.labels/1"] = "semverse.labels/1"
MANIFEST = "manifest.json"
ITEMS = ".items"  # folder of finished items whose shard is not full yet
_REMEDY = "delete the file and run semverse generate --labels again"
_LIBRARIES = ("semverse", "numpy", "scipy", "ortools")

Count = Annotated[int, pydantic.Field(ge=0, strict=True)]


class Shard(Config):
    """One file of a label set: items ``first`` to ``stop - 1``."""

    file: Annotated[str, pydantic.Field(pattern=r"^[0-9]{5,}\.npz$")]
    first: Count
    stop: Count
    bytes: Count
    sha256: str

    def __contains__(self, index: int) -> bool:
        return self.first <= index < self.stop


class Manifest(Config):
    """What a label set is made of and which files it consists of."""

    format: Literal["semverse.labels/1"]
    recipe: dict[str, Any]
    scenarios: dict[str, Any]  # every region of the recipe, in full
    count: Count  # items when finished
    shard_size: Annotated[int, pydantic.Field(ge=1, strict=True)]
    shards: tuple[Shard, ...]
    versions: dict[str, str]
    seconds: float  # on the clock, of all runs together

    @property
    def done(self) -> int:
        """Number of items in finished shards."""
        return sum(shard.stop - shard.first for shard in self.shards)


def versions() -> dict[str, str]:
    """Return the versions of Python and of what labels are computed with."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in _LIBRARIES}}


def read_manifest(folder: str | Path) -> Manifest:
    """Read the manifest of a label set.

    Raises:
        InputError: it is missing or damaged.
    """
    path = Path(folder) / MANIFEST
    try:
        data = json.loads(read_text(path))
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError("is no JSON", source=path, remedy="make the label set again") from error
    if not isinstance(data, dict):
        raise InputError("is no manifest", source=path, remedy="make the label set again")
    return parse(Manifest, data, source=path)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, whole or not at all."""
    write_atomic(folder / MANIFEST, (manifest.model_dump_json(indent=1) + "\n").encode())


def checksum(data: bytes) -> str:
    """Return the SHA-256 of a file's content in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def check_shard(folder: Path, shard: Shard) -> bytes:
    """Return the content of a shard.

    Raises:
        InputError: the file is missing, or is not the one that was written.
    """
    data = read_bytes(folder / shard.file)
    if len(data) != shard.bytes or checksum(data) != shard.sha256:
        raise InputError(
            "is damaged (not the checksum of the manifest)",
            source=folder / shard.file,
            remedy=_REMEDY,
        )
    return data


def read_shard(folder: str | Path, shard: Shard, verify: bool = True) -> list[LabelledInstance]:
    """Return the items of one shard.

    Raises:
        InputError: the file is missing or damaged, or holds other items.
    """
    path = Path(folder) / shard.file
    data = check_shard(Path(folder), shard) if verify else read_bytes(path)
    items = read_items(path, data)
    if [item.index for item in items] != list(range(shard.first, shard.stop)):
        raise InputError("holds other items than the manifest says", source=path, remedy=_REMEDY)
    return items


def read_items(path: Path, data: bytes) -> list[LabelledInstance]:
    """Return the items of an archive; errors name the file."""
    try:
        return unpack(data)
    except InputError as error:
        raise error.at(path) from error


def item_path(folder: Path, index: int) -> Path:
    """Return where a finished item waits for its shard."""
    return folder / ITEMS / f"{index:05d}.npz"


def load_labels(folder: str | Path, verify: bool = True, partial: bool = False) -> list[LabelledInstance]:
    """Read a label set.

    Args:
        folder: what ``semverse generate --labels --out`` has written.
        verify: compare every file with its checksum.
        partial: take what is finished of an unfinished set.

    Returns:
        The items in the order of their indices; costs are computed anew from the placements.

    Raises:
        InputError: a missing or damaged file, or an unfinished set.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    if manifest.done < manifest.count and not partial:
        raise InputError(
            f"holds shards of {manifest.done} of {manifest.count} items",
            source=folder,
            remedy="finish it with the same semverse generate --labels command",
        )
    items = [item for shard in manifest.shards for item in read_shard(folder, shard, verify)]
    if partial:
        sharded = {item.index for item in items}
        for path in sorted((folder / ITEMS).glob("[0-9]*.npz")):
            items += [item for item in read_items(path, read_bytes(path)) if item.index not in sharded]
    return sorted(items, key=lambda item: item.index)
