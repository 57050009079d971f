"""Picture codecs by Pillow: JPEG, JPEG 2000, WebP, AVIF; every frame is a file of its own."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from semverse.envs.codecs.bitstream import Codec, Frames
from semverse.envs.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

_FEATURES = {"jpeg": "jpg", "jpeg2000": "jpg_2000", "webp": "webp", "avif": "avif"}


def encode_pictures(frames: Frames, codec: Codec, quality: int) -> tuple[bytes, ...]:
    """Encode every frame as a file.

    Args:
        frames: [F, H, W, 3].
        codec: one of kind ``picture``.
        quality: of the encoder; for JPEG 2000 the PSNR aimed at, dB.

    Raises:
        InputError: this build of Pillow does not have the codec.
    """
    from PIL import Image, features

    if not features.check(_FEATURES[codec.name]):
        remedy = "install the wheel of pillow from PyPI"
        raise InputError(f"this build of Pillow has no {codec.encoder}", key="codec", remedy=remedy)
    options: dict[str, Any] = {"quality": quality}
    if codec.name == "jpeg2000":
        options = {"quality_mode": "dB", "quality_layers": [quality], "irreversible": True}
    if codec.name == "avif":
        options["max_threads"] = 1  # the same bits on every machine
    files = []
    for frame in frames:
        file = io.BytesIO()
        Image.fromarray(frame).save(file, format=codec.encoder, **options)
        files.append(file.getvalue())
    return tuple(files)


def decode_pictures(
    codec: Codec, packets: Sequence[bytes | None], height: int, width: int
) -> dict[int, Frames]:
    """Decode what can be decoded: frame number -> picture [H, W, 3]."""
    pictures = {}
    for index, data in enumerate(packets):
        picture = _decode(codec, data, (width, height)) if data else None
        if picture is not None:
            pictures[index] = picture
    return pictures


def _decode(codec: Codec, data: bytes, size: tuple[int, int]) -> Frames | None:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=[codec.decoder]) as picture:
            # a damaged header may announce any size, so look before memory is taken for it
            return np.asarray(picture.convert("RGB")) if picture.size == size else None
    except (OSError, ValueError, SyntaxError, EOFError, OverflowError, Image.DecompressionBombError):
        return None  # what Pillow raises on damaged files
