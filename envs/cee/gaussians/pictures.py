"""Pictures of a reconstruction beside what was filmed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from semverse.envs.cee.gaussians.fitting import picture, view_of
from semverse.envs.cee.gaussians.model import DynamicGaussians
from semverse.envs.cee.gaussians.synthetic import Clip, Truth
from semverse.envs.files import write_atomic

_ENLARGED = 4  # times


def side_by_side(scene: DynamicGaussians, clip: Clip, truth: Truth) -> list[npt.NDArray[np.uint8]]:
    """Return a picture for each frame: filmed, rendered; novel view as it is, rendered."""
    found = []
    height, width = clip.depth.shape[1:]
    for t in range(len(clip.rgb)):
        rows = [
            np.concatenate([true, picture(scene, t, view_of(camera, t), height, width)], axis=1)
            for true, camera in ((clip.rgb[t], clip.camera), (truth.rgb[t], truth.camera))
        ]
        whole = np.concatenate(rows).clip(0.0, 1.0)
        found.append((255.0 * whole).round().astype(np.uint8).repeat(_ENLARGED, 0).repeat(_ENLARGED, 1))
    return found


def write_pictures(folder: Path, pictures: list[npt.NDArray[np.uint8]]) -> None:
    """Write pictures as frame_000.png and so on."""
    from io import BytesIO

    from PIL import Image

    for number, pixels in enumerate(pictures):
        buffer = BytesIO()
        Image.fromarray(pixels).save(buffer, format="png")
        write_atomic(folder / f"frame_{number:03d}.png", buffer.getvalue())
