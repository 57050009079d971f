"""Request probabilities out of positional VR traces; see docs/file-formats.md.

The floor is divided into the Voronoi regions of the spaces' seed points; a user asks for a space with
the share of time that the user's track spends in its region, in one time slot.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from semverse.envs.columns import read_columns
from semverse.envs.errors import InputError
from semverse.envs.scc.types import FloatArray, IntArray

_FLOOR = ("HMDPX", "HMDPZ")  # metres; HMDPY is the height
_TRACK = "Participant"
_FARTHEST_M = 1e6


@dataclass(frozen=True, eq=False)
class Traces:
    """Tracks of all files, one after the other: each participant of each file is one track."""

    position: FloatArray  # [T, 2] metres on the floor, in order of time within a track
    start: IntArray  # [K + 1] where track k starts; the last entry is T
    visited: FloatArray  # [D, 2] the distinct positions, to 1 mm
    bad_rows: int  # rows left out: unreadable, not finite or beyond 1000 km

    @property
    def num_tracks(self) -> int:
        """Number of tracks, K."""
        return len(self.start) - 1


def load_traces(path: str | Path) -> Traces:
    """Read a CSV file, or every ``*.csv`` of a folder; read again only when one has changed on disk.

    Args:
        path: file or folder. A file needs a header with HMDPX, HMDPZ and Participant; rows of a
            participant are in order of time.

    Raises:
        InputError: nothing there, a file that cannot be read, a missing column, no good row.
    """
    try:
        files = sorted(Path(path).glob("*.csv")) if os.path.isdir(path) else [Path(path)]
        states = tuple((file, _state(file)) for file in files)
    except (OSError, ValueError) as error:
        raise InputError("no such file or folder", source=path, key="traces", remedy="check it") from error
    if not states:
        raise InputError("holds no *.csv file", source=path, key="traces", remedy="check the folder")
    return _read(states)


def _state(file: Path) -> tuple[int, ...]:
    stat = os.stat(file)
    return stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=4)
def _read(states: tuple[tuple[Path, tuple[int, ...]], ...]) -> Traces:
    tracks: list[FloatArray] = []
    bad_rows = 0
    for file, _ in states:  # the second part only makes a changed file another key
        columns = read_columns(file, _FLOOR, text=_TRACK)
        near = (np.abs(columns.values) <= _FARTHEST_M).all(axis=1)
        bad_rows += columns.bad_rows + int((~near).sum())
        position, label = columns.values[near], np.array(columns.labels, dtype=np.str_)[near]
        if not len(position):
            raise InputError("holds no good row", source=file, key="HMDPX, HMDPZ", remedy="give metres")
        tracks += [position[label == name] for name in np.unique(label)]
    start = np.cumsum([0] + [len(track) for track in tracks])
    position = np.concatenate(tracks)
    visited = np.unique(np.round(position, 3) + 0.0, axis=0)  # without negative zeros
    for array in (position, start, visited):
        array.setflags(write=False)
    return Traces(position=position, start=start, visited=visited, bad_rows=bad_rows)


def trace_shares(traces: Traces, spaces: int, slot: int, slots: int, rng: np.random.Generator) -> FloatArray:
    """Return the share of a time slot that each track spends in each space's region [K, spaces].

    Args:
        traces: tracks.
        spaces: number of spaces; their seed points are distinct visited positions, drawn at random.
        slot: which slot, from 0.
        slots: how many slots of equal length each track is cut into.
        rng: source of the seed points.

    Raises:
        InputError: the tracks visit fewer distinct positions than there are spaces.
    """
    visited = traces.visited
    if len(visited) < spaces:
        raise InputError(
            f"visit {len(visited)} distinct positions, {spaces} spaces need as many",
            key="traces",
            remedy="give longer traces or fewer spaces",
        )
    seeds = visited[rng.choice(len(visited), spaces, replace=False)]
    shares = np.zeros((traces.num_tracks, spaces))
    for track, (start, end) in enumerate(zip(traces.start[:-1], traces.start[1:], strict=True)):
        first = start + slot * (end - start) // slots
        last = max(first + 1, start + (slot + 1) * (end - start) // slots)
        offset = traces.position[first:last, None] - seeds  # [frames, spaces, 2]
        region = (offset**2).sum(axis=2).argmin(axis=1)
        shares[track] = np.bincount(region, minlength=spaces) / (last - first)
    return shares


def trace_probabilities(
    path: str | Path, users: int, spaces: int, slots: int, most: int, rng: np.random.Generator
) -> FloatArray:
    """Return the share of time each user spends in each space [users, spaces], in one random slot.

    Users get tracks at random; of each, the ``most`` largest shares are kept.

    Raises:
        InputError: see `load_traces` and `trace_shares`.
    """
    traces = load_traces(path)
    try:
        shares = trace_shares(traces, spaces, int(rng.integers(slots)), slots, rng)
    except InputError as error:
        raise error.at(path) from error
    rank = np.argsort(np.argsort(-shares, axis=1, kind="stable"), axis=1)
    kept = np.where(rank < most, shares, 0.0)
    chosen: FloatArray = kept[rng.integers(traces.num_tracks, size=users)]
    return chosen
