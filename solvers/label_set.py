"""Making a label set: what is finished is kept, what is missing is computed by a backend.

One process writes. An item is on disk as soon as it is finished, so an interrupt or a crash loses
only the items that were being worked on.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from semverse.envs.errors import InputError
from semverse.envs.files import make_folder, read_bytes, write_atomic
from semverse.envs.scc.config import load_scenario
from semverse.solvers.label_codec import pack
from semverse.solvers.label_recipe import LabelRecipe, check_recipe
from semverse.solvers.label_store import (
    FORMAT,
    ITEMS,
    MANIFEST,
    Manifest,
    Shard,
    check_shard,
    checksum,
    item_path,
    read_items,
    read_manifest,
    read_shard,
    versions,
    write_manifest,
)
from semverse.solvers.label_types import LabelledInstance

__all__ = ["Backend", "LabelSet", "open_set"]

# computes items of a recipe and yields each once, as it is finished
Backend = Callable[[LabelRecipe, Sequence[int]], Iterator[LabelledInstance]]


@dataclass
class LabelSet:
    """A label set under way; made by `open_set`."""

    folder: Path
    recipe: LabelRecipe
    manifest: Manifest
    started: float = field(default_factory=time.perf_counter)

    @property
    def missing(self) -> list[int]:
        """Indices of the items that are neither in a shard nor waiting for one."""
        done = {i for shard in self.manifest.shards for i in range(shard.first, shard.stop)}
        done |= {int(path.stem) for path in (self.folder / ITEMS).glob("[0-9]*.npz")}
        return [index for index in range(self.manifest.count) if index not in done]

    def fill(self, backend: Backend) -> Iterator[LabelledInstance]:
        """Compute and write what is missing; yields every new item after it was written.

        Raises:
            InputError: the folder cannot be written to.
        """
        for first in range(0, self.manifest.count, self.manifest.shard_size):
            self._close(first)
        awaited = set(self.missing)
        for item in backend(self.recipe, sorted(awaited)) if awaited else ():
            awaited.remove(item.index)  # KeyError: the backend gave an item twice
            write_atomic(item_path(self.folder, item.index), pack([item]))
            self._close(item.index)
            yield item
        if awaited:
            raise RuntimeError(f"the backend lost items {sorted(awaited)}")
        shutil.rmtree(self.folder / ITEMS)

    def _close(self, index: int) -> None:
        """Write the shard of an item if all its items are there."""
        size = self.manifest.shard_size
        first = index // size * size
        stop = min(first + size, self.manifest.count)
        paths = [item_path(self.folder, i) for i in range(first, stop)]
        if not all(path.exists() for path in paths):
            return
        items = [item for path in paths for item in read_items(path, read_bytes(path))]
        data = pack(items)
        name = f"{first // size:05d}.npz"
        write_atomic(self.folder / name, data)
        shard = Shard(file=name, first=first, stop=stop, bytes=len(data), sha256=checksum(data))
        now = time.perf_counter()
        self.manifest = self.manifest.model_copy(
            update={
                "shards": tuple(sorted((*self.manifest.shards, shard), key=lambda s: s.first)),
                "seconds": round(self.manifest.seconds + now - self.started, 3),
            }
        )
        self.started = now
        write_manifest(self.folder, self.manifest)
        for path in paths:
            path.unlink()


def open_set(
    folder: str | Path, recipe: LabelRecipe, count: int | None = None, shard_size: int = 16
) -> LabelSet:
    """Start a label set, or carry on with one.

    Args:
        folder: new, empty, or a label set of the same recipe and shard size.
        recipe: what the items are made of.
        count: only the first so many items of the recipe; a set that holds more keeps them.
        shard_size: items a file.

    Raises:
        InputError: a wrong recipe or count, a folder of other content, a damaged shard.
    """
    if count is not None and not 1 <= count <= recipe.count:
        raise InputError(f"is {count}", source="--count", remedy=f"the recipe has 1 to {recipe.count} items")
    check_recipe(recipe)
    new = Manifest(
        format=FORMAT,
        recipe=recipe.model_dump(mode="json"),
        scenarios={g.region: load_scenario(g.region).model_dump(mode="json") for g in recipe.groups},
        count=count or recipe.count,
        shard_size=shard_size,
        shards=(),
        versions=versions(),
        seconds=0.0,
    )
    folder = Path(folder)
    manifest = _carry_on(folder, new) if (folder / MANIFEST).exists() else _start(folder, new)
    make_folder(folder / ITEMS)
    write_manifest(folder, manifest)
    return LabelSet(folder, recipe, manifest)


def _start(folder: Path, new: Manifest) -> Manifest:
    if any(not found.name.startswith(".") for found in make_folder(folder).iterdir()):
        raise InputError("holds other files", source=folder, remedy="choose an empty or new folder")
    return new


def _carry_on(folder: Path, new: Manifest) -> Manifest:
    """Return the manifest to go on with: that of the folder, without shards that are gone or too short."""
    old = read_manifest(folder)
    for key in ("recipe", "scenarios", "shard_size"):
        if getattr(old, key) != getattr(new, key):
            raise InputError(
                "is of other settings", source=folder / MANIFEST, key=key, remedy="choose another --out"
            )
    count = max(old.count, new.count)
    kept = []
    for shard in old.shards:
        if not (folder / shard.file).exists():
            continue
        check_shard(folder, shard)
        if shard.stop == min(shard.first + old.shard_size, count):
            kept.append(shard)
        else:  # the last one of a set that is to grow: its items wait for the others
            make_folder(folder / ITEMS)
            for item in read_shard(folder, shard):
                write_atomic(item_path(folder, item.index), pack([item]))
    for path in (folder / ITEMS).glob("[0-9]*.npz"):
        if any(int(path.stem) in shard for shard in kept):
            path.unlink()  # a crash came between the manifest and this
    return old.model_copy(update={"count": count, "shards": tuple(kept)})
