"""A person before another background: I = alpha X + (1 - alpha) B (paper 000, section 2.2)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from semverse.envs.cee.matting.segmenter import Matte
from semverse.envs.codecs.bitstream import Frames
from semverse.envs.codecs.media import Source, read_source
from semverse.envs.errors import InputError


def fuse(user: Frames, background: Frames, matte: Matte) -> Frames:
    """Return the person of one clip over another clip.

    Args:
        user: [F, H, W, 3] of uint8.
        background: as many frames of the same size.
        matte: [F, H, W], share of the person.

    Raises:
        InputError: the sizes differ.
    """
    if user.shape != background.shape or matte.shape != user.shape[:3]:
        message = f"user {user.shape}, background {background.shape}, matte {matte.shape}"
        raise InputError(message, source="fusion", remedy="give as many frames of one size of all three")
    fused = np.empty_like(user)
    for row, alpha in enumerate(matte[..., None]):
        fused[row] = np.round(alpha * user[row] + (1.0 - alpha) * background[row])
    return fused


def matched(user: Source, background: Source, named: object, fit: bool) -> Frames:
    """Return the background's frames [F, H, W, 3] for a user's clip.

    Args:
        user: the clip that decides number and size of the frames.
        background: the clip behind.
        named: the background's file, for the error.
        fit: crop and scale the background to the user's size, and play it to and fro if it is shorter.

    Raises:
        InputError: sizes or numbers of frames differ, and it is not to be fitted.
    """
    (frames, height, width), there = user.frames.shape[:3], background.frames
    if not fit:
        if there.shape[1:3] != (height, width):
            message = f"is {there.shape[2]} x {there.shape[1]}, the user {width} x {height}"
            raise InputError(message, source=named, remedy="give clips of one size, or --fit")
        if len(there) < frames:
            message = f"has {len(there)} frames, the user {frames}"
            raise InputError(message, source=named, remedy=f"give --frames {len(there)}, or --fit")
    last = len(there) - 1
    order = last - np.abs(np.arange(frames) % max(2 * last, 1) - last)  # to and fro
    return np.stack([_cropped(there[row], height, width) for row in order.tolist()])


def read_pair(
    user: str | Path, background: str | Path, frames: int, fit: bool, fewest: int = 2
) -> tuple[Source, Frames]:
    """Read the clip of a person, and as many frames of the same size of a background.

    Args:
        user: path of the clip.
        background: path of the clip behind.
        frames: read so many at most.
        fit: see `matched`.
        fewest: frames that both clips must have.

    Raises:
        InputError: a file that cannot be read, is too short or no clip, or sizes that differ.
    """
    found = []
    for path in (user, background):
        source = read_source(path, frames)
        if not source.is_clip or len(source.frames) < fewest:
            count = len(source.frames)
            raise InputError(f"has {count} of {fewest} frames", source=path, remedy="give a longer clip")
        found.append(source)
    return found[0], matched(found[0], found[1], background, fit)


def _cropped(frame: Frames, height: int, width: int) -> Frames:
    """Return the middle of a picture [H, W, 3] at another size, its proportions kept."""
    from PIL import Image

    if frame.shape[:2] == (height, width):
        return frame
    rows, columns = frame.shape[:2]
    scale = min(rows / height, columns / width)  # so much of the picture goes into one pixel
    left, top = (columns - scale * width) / 2, (rows - scale * height) / 2
    box = (left, top, left + scale * width, top + scale * height)
    return np.asarray(Image.fromarray(frame).resize((width, height), Image.Resampling.BICUBIC, box=box))
