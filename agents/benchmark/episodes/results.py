"""From the files of a benchmark of episodes to what each agent earned in which episode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semverse.agents.benchmark.episodes.config import EpisodeConfig
from semverse.agents.benchmark.episodes.plan import grid_cells
from semverse.agents.benchmark.episodes.record import BoundsRecord, Cell, EpisodesRecord
from semverse.agents.benchmark.store import Store
from semverse.agents.training.bounds import share_of_bound

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Runs:
    """What one agent did: R runs (one a training, or one without weights) of the same E episodes."""

    trainings: tuple[int | None, ...]  # seed of the training of each run
    seeds: IntArray  # [E] of the episodes
    returns: FloatArray  # [R, E] undiscounted
    bounds: FloatArray  # [R, E] on the returns; NaN where none is known (yet)
    steps: IntArray  # [R, E]
    infos: dict[str, FloatArray]  # name -> [R, E] mean over the steps; NaN where it was not told
    decision_ms: FloatArray  # [N] time of each decision
    seconds: float  # time of all episodes, environment included

    @property
    def share(self) -> FloatArray:
        """Share of the bound that was reached [R, E]; NaN where none is known."""
        return share_of_bound(self.returns, self.bounds)


@dataclass(frozen=True, eq=False)
class Results:
    """Everything a benchmark folder holds."""

    config: EpisodeConfig
    records: dict[Cell, EpisodesRecord]  # finished cells
    runs: dict[str, Runs]  # by label; sets that lack one of the label's runs are left out
    missing: tuple[Cell, ...]

    @property
    def agents(self) -> list[str]:
        """Labels of the agents in the order of the configuration."""
        return list(self.config.agents)

    @property
    def bounded(self) -> bool:
        """Whether a bound is known for some episode."""
        return any(np.isfinite(runs.bounds).any() for runs in self.runs.values())

    @property
    def infos(self) -> list[str]:
        """The infos to show that some agent's environment told."""
        return [name for name in self.config.infos if any(name in runs.infos for runs in self.runs.values())]


def collect(store: Store) -> Results:
    """Read all that a benchmark folder holds.

    Raises:
        InputError: the folder is no benchmark of episodes, or a file in it is damaged.
    """
    config = store.config()
    assert isinstance(config, EpisodeConfig)
    cells = grid_cells(config, store)
    read = {cell: store.read(cell) for cell in cells}
    bounds = {cell.seed: record.bounds for cell, record in read.items() if isinstance(record, BoundsRecord)}
    records = {cell: record for cell, record in read.items() if isinstance(record, EpisodesRecord)}
    runs = {}
    for label in config.agents:
        trainings = list(dict.fromkeys(cell.training for cell in cells if cell.agent == label))
        rows = [[records.get(Cell(seed, label, training)) for seed in config.sets] for training in trainings]
        whole = [i for i, column in enumerate(zip(*rows, strict=True)) if None not in column]
        if whole:
            kept = [[record for i in whole if (record := row[i]) is not None] for row in rows]
            runs[label] = _join(config, trainings, kept, bounds)
    missing = tuple(cell for cell, record in read.items() if record is None)
    return Results(config, records, runs, missing)


def _join(
    config: EpisodeConfig,
    trainings: Sequence[int | None],
    rows: Sequence[Sequence[EpisodesRecord]],
    bounds: Mapping[int, tuple[float, ...]],
) -> Runs:
    """Join the records of an agent, one row a training, one column a set."""
    unknown = (np.nan,) * config.episodes
    names = sorted(set().union(*(record.infos for row in rows for record in row)))
    return Runs(
        trainings=tuple(trainings),
        seeds=np.concatenate([config.episode_seeds(record.seed) for record in rows[0]]),
        returns=_matrix([[record.returns for record in row] for row in rows]),
        bounds=_matrix([[r.bounds or bounds.get(r.seed, unknown) for r in row] for row in rows]),
        steps=_matrix([[record.steps for record in row] for row in rows]).astype(np.int64),
        infos={name: _matrix([[r.infos.get(name, unknown) for r in row] for row in rows]) for name in names},
        decision_ms=np.concatenate([record.decision_ms for row in rows for record in row]),
        seconds=sum(record.seconds for row in rows for record in row),
    )


def _matrix(rows: Sequence[Sequence[Sequence[float | None]]]) -> FloatArray:
    """Return the sets of each run, one after the other [R, E]; None becomes NaN."""
    return np.array([np.concatenate([np.array(part, dtype=np.float64) for part in row]) for row in rows])
