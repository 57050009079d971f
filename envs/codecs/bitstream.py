"""Classical codecs by name, with their ranges; the packets they make, and what a receiver shows of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semverse.envs.errors import InputError

Frames = NDArray[np.uint8]  # [F, H, W, 3] RGB

# RGB of the grey shown before the first decoded frame; its luma is 128
GREY = 130


@dataclass(frozen=True)
class Codec:
    """A codec and its one knob.

    Attributes:
        name: how semverse calls it.
        kind: ``video`` (PyAV) or ``picture`` (Pillow).
        encoder: PyAV's or Pillow's name for it.
        decoder: PyAV's name of the decoder; the format again for pictures.
        knob: ``qp`` (larger is worse) or ``quality`` (larger is better; JPEG 2000: PSNR aimed at, dB).
        lowest: smallest value of the knob.
        highest: largest value of the knob.
        default: value of the knob when none is given.
        min_side: smallest height and width, pixels.
    """

    name: str
    kind: str
    encoder: str
    decoder: str
    knob: str
    lowest: int
    highest: int
    default: int
    min_side: int


CODECS = {
    codec.name: codec
    for codec in (
        Codec("x264", "video", "libx264", "h264", "qp", 1, 51, 28, 16),
        Codec("x265", "video", "libx265", "hevc", "qp", 1, 51, 28, 32),
        Codec("hevc-intra", "video", "libx265", "hevc", "qp", 1, 51, 28, 32),
        Codec("svt-av1", "video", "libsvtav1", "libdav1d", "qp", 1, 63, 35, 64),
        Codec("jpeg", "picture", "JPEG", "JPEG", "quality", 1, 100, 50, 8),
        Codec("jpeg2000", "picture", "JPEG2000", "JPEG2000", "quality", 15, 60, 35, 8),
        Codec("webp", "picture", "WEBP", "WEBP", "quality", 1, 100, 50, 8),
        Codec("avif", "picture", "AVIF", "AVIF", "quality", 1, 100, 50, 8),
    )
}


@dataclass(frozen=True, eq=False)
class Bitstream:
    """A coded clip or picture.

    Attributes:
        codec: which one.
        level: its QP or quality.
        height, width: of the frames, pixels.
        header: parameter sets or sequence header; the receiver is assumed to have it (video only).
        packets: one a frame, in the order they are shown.
        frame_types: ``I`` or ``P`` for each packet.
        clean: [F, H, W, 3] what is shown when every packet arrives.
    """

    codec: Codec
    level: int
    height: int
    width: int
    header: bytes
    packets: tuple[bytes, ...]
    frame_types: str
    clean: Frames

    @property
    def bits(self) -> NDArray[np.int64]:
        """Bits of every frame [F], without the header."""
        return np.array([8 * len(packet) for packet in self.packets], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Received:
    """What a receiver shows."""

    frames: Frames  # [F, H, W, 3]
    decoded: NDArray[np.bool_]  # [F] the frame is its own, not an earlier one held


def codec_named(name: str) -> Codec:
    """Return a codec by its name.

    Raises:
        InputError: there is none of that name.
    """
    if name not in CODECS:
        raise InputError(f"unknown {name!r:.60}", key="codec", remedy=f"choose from {', '.join(CODECS)}")
    return CODECS[name]


def check_level(codec: Codec, level: float) -> int:
    """Return the value of a codec's knob as an integer.

    Raises:
        InputError: it is no integer or out of range.
    """
    if not (codec.lowest <= level <= codec.highest and level == int(level)):
        remedy = f"give an integer from {codec.lowest} to {codec.highest}"
        raise InputError(f"is {level:g} for {codec.name}", key=codec.knob, remedy=remedy)
    return int(level)


def chosen_level(name: str, *, qp: float | None, quality: float | None) -> float | None:
    """Return which of the two knobs was given for a codec; None if neither.

    Raises:
        InputError: an unknown codec, or a knob that it does not have.
    """
    codec = codec_named(name)
    given, other = (qp, quality) if codec.knob == "qp" else (quality, qp)
    if other is not None:
        wrong = "quality" if codec.knob == "qp" else "qp"
        raise InputError(f"{codec.name} has none", source=f"--{wrong}", remedy=f"give --{codec.knob}")
    return given


def check_frames(frames: Frames, codec: Codec) -> None:
    """Make sure that frames can be encoded.

    Raises:
        InputError: none, wrong shape or type, or too small for the codec.
    """
    check_shape(frames)
    height, width = frames.shape[1:3]
    if min(height, width) < codec.min_side:
        remedy = f"{codec.name} takes sides from {codec.min_side} pixels"
        raise InputError(f"are {width} x {height} pixels", key="frames", remedy=remedy)


def check_shape(frames: Frames) -> None:
    """Make sure that there are frames.

    Raises:
        InputError: none, or wrong shape or type.
    """
    if frames.ndim != 4 or frames.shape[-1] != 3 or frames.dtype != np.uint8:
        message = f"have shape {list(frames.shape)} of {frames.dtype}"
        raise InputError(message, key="frames", remedy="give [F, H, W, 3] of uint8")
    if 0 in frames.shape:
        raise InputError("there are none", key="frames", remedy="give at least one frame")


def shown(pictures: dict[int, Frames], count: int, height: int, width: int) -> Received:
    """Fill the gaps: every frame that is missing shows the last one before it, grey before the first.

    Args:
        pictures: frame number -> [H, W, 3].
        count: frames in all.
        height: of a frame.
        width: of a frame.
    """
    frames = np.full((count, height, width, 3), GREY, dtype=np.uint8)
    decoded = np.isin(np.arange(count), list(pictures))
    for index in range(count):
        frames[index] = pictures[index] if decoded[index] else frames[max(index - 1, 0)]
    return Received(frames, decoded)
