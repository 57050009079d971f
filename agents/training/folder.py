"""The folder of a training: configuration, one subfolder a seed, summary."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from semverse.agents.training.config import TrainConfig
from semverse.envs.config import load_config
from semverse.envs.errors import InputError
from semverse.envs.files import make_folder, write_atomic
from semverse.envs.tree import read_tree, write_tree
from semverse.envs.weights import CARD, read_card

CONFIG, STATE, SUMMARY, LOGS = "training.yaml", "state.safetensors", "summary.json", "tensorboard"
_FREE_KEYS = {"seeds"}  # a resumed run may add seeds


class RunFolder:
    """Reads and writes the files of one training.

    Args:
        path: the folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def open(self, config: TrainConfig, resume: bool) -> None:
        """Start in a new or empty folder, or carry on with the same training.

        Raises:
            InputError: the folder holds something else, or a key that decides the results differs.
        """
        file = self.path / CONFIG
        if resume and file.is_file():
            self._check_unchanged(config, load_config(TrainConfig, file))
        elif self.path.is_dir() and any(self.path.iterdir()):
            raise InputError(
                "is not empty", source=self.path, remedy="give another --out, or --resume to carry on with it"
            )
        make_folder(self.path)
        text = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)
        write_atomic(file, text.encode())

    def _check_unchanged(self, given: TrainConfig, stored: TrainConfig) -> None:
        new, old = given.model_dump(mode="json"), stored.model_dump(mode="json")
        for key, value in old.items():
            if key not in _FREE_KEYS and value != new[key]:
                raise InputError(
                    f"was {value!r:.60}, is now {new[key]!r:.60}",
                    source=self.path,
                    key=key,
                    remedy="resume with the same value, or give another --out",
                )

    def seed(self, seed: int) -> Path:
        """Return the folder of one seed; it exists."""
        return make_folder(self.path / f"seed_{seed}")

    def finished(self, seed: int) -> dict[str, Any] | None:
        """Return the card of a seed that was trained to its end, or None."""
        path = self.path / f"seed_{seed}"
        return read_card(path) if (path / CARD).is_file() else None

    def state(self, seed: int) -> dict[str, Any] | None:
        """Return the last state of an unfinished seed, or None.

        Raises:
            InputError: the file is damaged.
        """
        path = self.path / f"seed_{seed}" / STATE
        if not path.is_file():
            return None
        tree: dict[str, Any] = read_tree(path)
        return tree

    def write_state(self, seed: int, tree: dict[str, Any]) -> None:
        """Write the state of an unfinished seed: whole or not at all."""
        write_tree(self.seed(seed) / STATE, tree)

    def drop_state(self, seed: int) -> None:
        """Delete the state of a seed that is finished."""
        (self.seed(seed) / STATE).unlink(missing_ok=True)

    def write_summary(self, summary: dict[str, Any]) -> None:
        """Write the results of all seeds."""
        write_atomic(self.path / SUMMARY, (json.dumps(summary, indent=1) + "\n").encode())
