"""Mattes by a portrait segmentation network in TensorFlow Lite format, e.g. MediaPipe's selfie segmentation.

The network is no part of this project: its file is given by path, or by ``SEMVERSE_PORTRAIT_MODEL``. It tells
a person from what is behind, without the detail of hair.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from semverse.envs.codecs.bitstream import Frames
from semverse.envs.errors import InputError
from semverse.envs.files import read_bytes

Matte = npt.NDArray[np.float32]  # [F, H, W] share of the person in a pixel, 0 to 1

VARIABLE = "SEMVERSE_PORTRAIT_MODEL"
REMEDY = (
    "npm install @mediapipe/selfie_segmentation@0.1.1675465747, and give the path of its "
    f"selfie_segmentation.tflite by --model or {VARIABLE}"
)
FEWEST = 0.005  # share of a picture below which nobody is in it


class Segmenter:
    """A portrait segmentation network.

    Args:
        path: of its file; None is the one that `VARIABLE` names.

    Raises:
        InputError: no such file, or no network from a picture [1, h, w, 3] to a matte [1, h, w, 1].
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = model_path(path)
        content = read_bytes(self.path)
        from ai_edge_litert.interpreter import Interpreter

        try:
            with _quiet():
                self._network = Interpreter(model_content=content, num_threads=1)
                self._network.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise InputError(
                f"is no TensorFlow Lite network ({error})", source=self.path, remedy=REMEDY
            ) from error
        ends = [self._network.get_input_details(), self._network.get_output_details()]
        shapes = [[tuple(int(n) for n in end["shape"]) for end in some] for some in ends]
        size = shapes[0][0][1:3]
        if shapes != [[(1, *size, 3)], [(1, *size, 1)]] or any(e[0]["dtype"] != np.float32 for e in ends):
            message = f"is no portrait segmentation: {shapes[0]} to {shapes[1]}"
            raise InputError(message, source=self.path, remedy=REMEDY)
        self._height, self._width = size
        self._ends = [int(end[0]["index"]) for end in ends]

    def matte(self, frames: Frames, advance: Callable[[], object] | None = None) -> Matte:
        """Return the matte [F, H, W] of frames [F, H, W, 3], each by itself.

        Args:
            frames: of uint8, RGB.
            advance: called after every frame.
        """
        found = np.empty(frames.shape[:3], dtype=np.float32)
        for row, frame in enumerate(frames):
            found[row] = self._one(frame)
            if advance is not None:
                advance()
        return found

    def _one(self, frame: Frames) -> Matte:
        from PIL import Image

        small = Image.fromarray(frame).resize((self._width, self._height), Image.Resampling.BILINEAR)
        self._network.set_tensor(self._ends[0], np.asarray(small, dtype=np.float32)[None] / 255)
        self._network.invoke()
        share: Any = Image.fromarray(self._network.get_tensor(self._ends[1])[0, :, :, 0])
        large = share.resize((frame.shape[1], frame.shape[0]), Image.Resampling.BILINEAR)
        return np.clip(np.asarray(large, dtype=np.float32), 0.0, 1.0)


def model_path(path: str | Path | None) -> Path:
    """Return the path of the network's file, by default out of `VARIABLE`.

    Raises:
        InputError: neither names a file that is there.
    """
    named = path if path is not None else os.environ.get(VARIABLE)
    if not named:
        raise InputError("no portrait model is named", source="--model", remedy=REMEDY)
    if not Path(named).exists():
        raise InputError("there is no such portrait model", source=named, remedy=REMEDY)
    return Path(named)


def check_person(matte: Matte, source: object) -> None:
    """Make sure that somebody is in view.

    Raises:
        InputError: the person covers less than `FEWEST` of the pictures.
    """
    if (matte > 0.5).mean() < FEWEST:
        remedy = "give a clip of a person before the camera"
        raise InputError("shows no person", source=source, remedy=remedy)


def overlap(matte: Matte, reference: Matte) -> float:
    """Return the intersection over union of two mattes [...], each cut at one half; 1 if both are empty."""
    one, other = matte > 0.5, reference > 0.5
    union = int((one | other).sum())
    return float((one & other).sum() / union) if union else 1.0


def shown_matte(matte: Matte) -> Frames:
    """Return a matte [F, H, W] as grey frames [F, H, W, 3]."""
    return np.repeat((255 * matte).round().astype(np.uint8)[..., None], 3, axis=3)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library from announcing itself on standard error; what goes wrong it raises."""
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)
