"""Photographs as tensors, and patches of them for training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Generator, Tensor

from semverse.envs.errors import InputError

Picture = npt.NDArray[np.uint8]  # [H, W, 3]
_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp"}


def picture_files(folder: str | Path) -> list[Path]:
    """Return the picture files of a folder, in alphabetical order.

    Raises:
        InputError: there are none.
    """
    path = Path(folder)
    found = sorted(p for p in path.glob("*") if p.suffix.lower() in _SUFFIXES) if path.is_dir() else []
    if not found:
        raise InputError("holds no pictures", source=path, remedy="set SEMVERSE_DATA, or give another folder")
    return found


def to_tensor(pictures: Picture) -> Tensor:
    """Return pictures [B, H, W, 3] of bytes as [B, 3, H, W] in [0, 1]."""
    return torch.tensor(pictures).permute(0, 3, 1, 2).float() / 255


def to_picture(pictures: Tensor) -> Picture:
    """Return pictures [B, 3, H, W] in [0, 1] as bytes [B, H, W, 3]."""
    rounded: Picture = (pictures * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    return rounded


def random_patches(pictures: list[Picture], count: int, side: int, generator: Generator) -> Tensor:
    """Return patches [count, 3, side, side] in [0, 1] from random places, half of them mirrored.

    Raises:
        InputError: a picture is smaller than a patch.
    """
    patches = np.empty((count, side, side, 3), dtype=np.uint8)
    for patch in patches:
        picture = pictures[below(len(pictures), generator)]
        if min(picture.shape[:2]) < side:
            raise InputError(f"is larger than {picture.shape[:2]}", key="patch", remedy="use smaller patches")
        y, x = (below(length - side + 1, generator) for length in picture.shape[:2])
        cut = picture[y : y + side, x : x + side]
        patch[:] = cut[:, ::-1] if below(2, generator) else cut
    return to_tensor(patches)


def below(bound: int, generator: Generator) -> int:
    """Return a random whole number from 0 to bound - 1."""
    return int(torch.randint(bound, (), generator=generator))
