"""What a benchmark of episodes runs: its agents with their weights, and its cells."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from semverse.agents.benchmark.episodes.actors import find_trainings, make_actor
from semverse.agents.benchmark.episodes.config import EpisodeConfig
from semverse.agents.benchmark.episodes.record import Cell
from semverse.agents.benchmark.kind import Inputs
from semverse.agents.benchmark.store import Store
from semverse.agents.benchmark.variants import check_labels, check_reference
from semverse.agents.training.bounds import bound_of
from semverse.agents.training.vector import make_env, telling_settings
from semverse.envs.files import read_bytes, write_atomic

CHECKPOINTS = "checkpoints"  # folder: the weights that play are kept with what they earned


def check(config: EpisodeConfig, store: Store) -> None:
    """Make the environment and every agent once.

    Raises:
        InputError: what cannot be made.
    """
    check_labels(config)
    env = make_env(config.env, telling_settings(config.env, config.settings))
    for label, variant in config.variants.items():
        for weights in trainings(config, store, label).values() or [None]:
            make_actor(variant, env, config.settings, weights)
    env.close()
    check_reference(config)


def trainings(config: EpisodeConfig, store: Store, label: str) -> dict[int, Path]:
    """Return an agent's checkpoints by the seed of their training: the benchmark's own copies if it has them.

    Raises:
        InputError: there are none where the configuration says.
    """
    if store.exists and label in store.config().agents:
        folder = store.folder / CHECKPOINTS / label
        copies = {int(path.name.removeprefix("seed_")): path for path in folder.glob("seed_*")}
        return dict(sorted(copies.items()))
    return find_trainings(config.variants[label])


def copies(config: EpisodeConfig, store: Store) -> Inputs:
    """Return the files of the checkpoints that the benchmark has no copy of."""
    from semverse.envs.weights import CARD, CONFIG, WEIGHTS

    return {
        f"{CHECKPOINTS}/{label}/seed_{seed}/{path.name}": partial(_copy, path)
        for label in config.agents
        for seed, folder in trainings(config, store, label).items()
        if store.folder not in folder.parents
        for path in sorted(folder.iterdir())
        if path.name in (CONFIG, WEIGHTS, CARD)
    }


def _copy(source: Path, target: Path) -> None:
    write_atomic(target, read_bytes(source))


def grid_cells(config: EpisodeConfig, store: Store) -> list[Cell]:
    """Return all cells: bounds first, then set by set the agents in the order of the configuration."""
    bound = bound_of(config.env)
    separate = bound is not None and bound.info is None
    bounds = [Cell(seed, None) for seed in config.sets if separate]
    runs = [
        (label, training) for label in config.agents for training in trainings(config, store, label) or [None]
    ]
    return bounds + [Cell(seed, label, training) for seed in config.sets for label, training in runs]
