"""Everything that quality surfaces can be measured of (needs torch)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from semverse.envs.config import load_yaml, parse
from semverse.envs.errors import InputError
from semverse.envs.vlscc.measure import MeshConfig, TableConfig, mesh_surfaces
from semverse.envs.vlscc.measure_classical import ClassicalConfig, classical_surfaces
from semverse.envs.vlscc.measure_pictures import PicturesConfig, picture_surfaces
from semverse.envs.vlscc.types import Surfaces

_KINDS: dict[str, tuple[type[TableConfig], Callable[..., Surfaces]]] = {
    "mesh": (MeshConfig, mesh_surfaces),
    "pictures": (PicturesConfig, picture_surfaces),
    "classical": (ClassicalConfig, classical_surfaces),
}


def load_measurement(path: str | Path) -> TableConfig:
    """Read what is to be measured.

    Raises:
        InputError: the file cannot be read, or a key or value is wrong.
    """
    data = load_yaml(path)
    return parse(_row(data.get("kind"), path)[0], data, source=path)


def measure(config: Any, file: Path, progress: Callable[[int, int], None]) -> Surfaces:
    """Measure; see `semverse.envs.vlscc.measure.mesh_surfaces`."""
    return _row(config.kind, None)[1](config, file, progress)


def _row(kind: Any, source: str | Path | None) -> tuple[type[TableConfig], Callable[..., Surfaces]]:
    if not isinstance(kind, str) or kind not in _KINDS:
        raise InputError(f"is {kind!r:.60}", source=source, key="kind", remedy=f"choose {', '.join(_KINDS)}")
    return _KINDS[kind]
