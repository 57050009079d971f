"""Blocks of pictures by reference: tables name the place of a block, for pictures themselves do not ship."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from semverse.envs.errors import InputError
from semverse.envs.vlscc.types import Surfaces

Strings = npt.NDArray[np.str_]


def reference(path: str, row: int, column: int, side: int) -> str:
    """Return how a square block of a picture is referred to; ``path`` is below ``SEMVERSE_DATA``."""
    return f"{path}:{row}:{column}:{side}"


def read_blocks(references: Strings) -> npt.NDArray[np.float32]:
    """Return the blocks [P, 3, side, side] in [0, 1] that are referred to [P].

    Raises:
        InputError: a picture is not below ``SEMVERSE_DATA``, or a reference leaves it.
    """
    return np.stack([_block(text) for text in references.tolist()])


def blocks_of(surfaces: Surfaces, frame: int) -> npt.NDArray[Any]:
    """Return the blocks of a frame [P, ...] as the codec takes them.

    Raises:
        InputError: the frame is a picture that is not at hand.
    """
    blocks: npt.NDArray[Any] = surfaces.sources[frame]
    return read_blocks(blocks) if blocks.dtype.kind == "U" else blocks


def rows_of(references: Strings) -> int:
    """Return in how many rows of blocks the blocks [P] of a frame lie."""
    return len({_parsed(text)[1] for text in references.tolist()})


def _block(text: str) -> npt.NDArray[np.float32]:
    path, row, column, side = _parsed(text)
    cut = _picture(path)[row : row + side, column : column + side]
    if cut.shape != (side, side, 3):
        raise InputError(f"lies outside of {path}", key="sources", remedy="make the table anew")
    block: npt.NDArray[np.float32] = np.moveaxis(cut, 2, 0).astype(np.float32) / 255
    return block


def _parsed(text: str) -> tuple[str, int, int, int]:
    path, *numbers = text.rsplit(":", 3)
    if len(numbers) != 3 or not all(number.isdecimal() for number in numbers) or ".." in Path(path).parts:
        raise InputError(f"is {text!r:.60}", key="sources", remedy="make the table anew")
    row, column, side = map(int, numbers)
    return path, row, column, side


def _picture(path: str) -> Any:
    from semverse.envs.codecs.media import data_folder

    file = data_folder(path)
    if not file.is_file():
        raise InputError(
            "is not at hand", source=file, remedy="set SEMVERSE_DATA to the folder of the pictures"
        )
    return _read(file)


@lru_cache(maxsize=8)
def _read(file: Path) -> Any:
    from semverse.envs.codecs.media import read_picture

    return read_picture(file)
