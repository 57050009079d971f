"""The folder of a benchmark: one atomic file a finished cell, so that a killed run loses none of them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, TypeVar

import pydantic
import yaml

from semverse.agents.benchmark.config import BenchmarkConfig
from semverse.agents.benchmark.kind import Cell, Inputs
from semverse.agents.benchmark.kinds import kind_of
from semverse.envs.config import load_yaml, parse
from semverse.envs.errors import InputError
from semverse.envs.files import make_folder, read_text, write_atomic

CONFIG_FILE = "config.yaml"
_FREE_KEYS = {"workers", "reference_agent"}  # decide no cell: may change between a run and its resumption
RecordT = TypeVar("RecordT", bound=pydantic.BaseModel)


class Store:
    """Reads and writes the files of one benchmark.

    Args:
        folder: the benchmark's folder.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    @property
    def exists(self) -> bool:
        """Whether the folder holds a benchmark."""
        return (self.folder / CONFIG_FILE).is_file()

    def config(self) -> BenchmarkConfig:
        """Return the configuration the benchmark was started with.

        Raises:
            InputError: the folder is not that of a benchmark.
        """
        if not self.exists:
            raise InputError(
                "is not a benchmark folder", source=self.folder, remedy="give the --out of a benchmark"
            )
        path = self.folder / CONFIG_FILE
        data = load_yaml(path)
        config: BenchmarkConfig = parse(kind_of(str(data.get("env"))).schema, data, source=path)
        return config

    def check_unused(self, config: BenchmarkConfig) -> None:
        """Make sure that the folder is new or empty.

        Raises:
            InputError: it holds something, is a file or cannot be read.
        """
        if not os.path.lexists(self.folder):
            return
        if not self.folder.is_dir():
            raise InputError("is no folder", source=self.folder, remedy="give another --out")
        # folders alone, without a configuration, are what a run leaves that was killed while it started
        folders = _folders(config)
        if any(path.name not in folders or not path.is_dir() for path in self.folder.iterdir()):
            raise InputError(
                "is not empty",
                source=self.folder,
                remedy="give --resume to carry on with it, or another --out",
            )

    def create(self, config: BenchmarkConfig, inputs: Inputs) -> None:
        """Start a benchmark in a new or empty folder.

        Raises:
            InputError: the folder holds something, or cannot be written to.
        """
        self.check_unused(config)
        for name in _folders(config):
            make_folder(self.folder / name)
        self._write_inputs(inputs)
        # last: a folder with a configuration is complete but for its cells
        self._write_config(config)

    def remove_leftovers(self) -> None:
        """Delete the temporary files of a run that was killed while it wrote."""
        for name in _folders(self.config()):
            for path in (self.folder / name).rglob(".*"):
                path.unlink(missing_ok=True)

    def check_extends(self, config: BenchmarkConfig) -> None:
        """Make sure that a resumed run continues the same benchmark; it may have more agents and seeds.

        Raises:
            InputError: a key that decides the results of what is there differs; names it.
        """
        before, now = (c.model_dump(mode="json") for c in (self.config(), config))
        self._check_same("env", before["env"], now["env"])  # another one may have other keys
        if set(before["agents"]) <= set(now["agents"]):
            for label, entry in before["agents"].items():
                self._check_same(f"agents.{label}", entry, now["agents"][label])
            before["agents"] = now["agents"]
        if before["seeds"] <= now["seeds"]:
            before["seeds"] = now["seeds"]
        for key, value in before.items():
            if key not in _FREE_KEYS | kind_of(config.env).free_keys:
                self._check_same(key, value, now[key])

    def _check_same(self, key: str, before: Any, now: Any) -> None:
        if before != now:
            raise InputError(
                f"was {_short(before)}, is now {_short(now)}",
                source=self.folder,
                key=key,
                remedy="resume with the same value, or give another --out",
            )

    def extend(self, config: BenchmarkConfig, inputs: Inputs) -> None:
        """Add inputs to a benchmark, and then what it was extended by to its configuration.

        Raises:
            InputError: the folder cannot be written to.
        """
        self._write_inputs(inputs)
        if config != self.config():
            self._write_config(config)

    def _write_inputs(self, inputs: Inputs) -> None:
        for name, write in inputs.items():
            make_folder((self.folder / name).parent)
            write(self.folder / name)

    def _write_config(self, config: BenchmarkConfig) -> None:
        text = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)
        write_atomic(self.folder / CONFIG_FILE, text.encode())

    def path(self, cell: Cell) -> Path:
        """Return where a cell's result lies."""
        return self.folder / cell.folder / f"{cell.name}.json"

    def write(self, cell: Cell, result: str) -> None:
        """Write the result of a finished cell: whole or not at all."""
        write_atomic(self.path(cell), result.encode())

    def finished(self, cell: Cell) -> bool:
        """Return whether a cell has its (readable) result.

        Raises:
            InputError: the file is damaged.
        """
        return self.read(cell) is not None

    def read(self, cell: Cell) -> Any:
        """Return the result of a cell, a record of its schema, or None if it is not finished.

        Raises:
            InputError: the file is damaged or belongs to another cell.
        """
        path = self.path(cell)
        if not path.exists():
            return None
        record = _read_record(cell.schema, path)
        if not cell.owns(record):
            raise InputError("belongs to another cell", source=path, remedy="delete it, then --resume")
        return record


def _folders(config: BenchmarkConfig) -> tuple[str, ...]:
    return kind_of(config.env).folders


def _read_record(model: type[RecordT], path: Path) -> RecordT:
    """Read one JSON file.

    Raises:
        InputError: it is not JSON or not of the schema.
    """
    remedy = "delete it, then --resume"
    try:
        data = json.loads(read_text(path))
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError("is damaged (no JSON)", source=path, remedy=remedy) from error
    if not isinstance(data, dict):
        raise InputError("is damaged (no JSON object)", source=path, remedy=remedy)
    try:
        return parse(model, data, source=path)
    except InputError as error:
        raise InputError(
            f"is damaged ({error.message})", source=path, key=error.key, remedy=remedy
        ) from error


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."
