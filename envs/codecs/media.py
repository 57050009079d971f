"""Reading clips and pictures as RGB frames, and writing what was received."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from semverse.envs.codecs.bitstream import Frames
from semverse.envs.errors import InputError
from semverse.envs.files import read_bytes, write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av import VideoFrame
    from PIL.Image import Image

MAX_BYTES = 2**31  # of all frames together
DEFAULT_FRAMES = 120
SHOWN_SHARE = 0.9  # of the duration that must have pictures, or the clip counts as truncated
WRITTEN_QUALITY = 12  # constant rate factor of a written clip: visually lossless


@dataclass(frozen=True, eq=False)
class Source:
    """A clip, or a picture as a clip of one frame.

    Attributes:
        frames: [F, H, W, 3] of uint8, RGB.
        fps: frames a second; 0 for a picture.
    """

    frames: Frames
    fps: Fraction

    @property
    def is_clip(self) -> bool:
        """Whether there is a frame rate."""
        return self.fps > 0


def read_picture(path: str | Path) -> Frames:
    """Return an RGB picture [H, W, 3].

    Raises:
        InputError: the file cannot be read, is no picture, or is cut off.
    """
    source = read_source(path, 1)
    if source.is_clip:
        raise InputError("is a clip", source=path, remedy="give a picture")
    picture: Frames = source.frames[0]
    return picture


def data_folder(*parts: str) -> Path:
    """Return a folder of the real data: below ``SEMVERSE_DATA``, by default ``data``."""
    return Path(os.environ.get("SEMVERSE_DATA", "data")).joinpath(*parts)


def read_source(path: str | Path, max_frames: int = DEFAULT_FRAMES) -> Source:
    """Read a picture, or the first frames of a clip.

    Args:
        path: file of any format that Pillow or FFmpeg reads.
        max_frames: stop after so many frames.

    Raises:
        InputError: unreadable, truncated, no frames, or more than 2 GiB of them.
    """
    if max_frames < 1:
        raise InputError(f"is {max_frames}", key="frames", remedy="give 1 or more")
    data = read_bytes(path)
    picture = _open_picture(data, path)
    if picture is not None:
        return Source(np.asarray(picture)[None], Fraction(0))
    return _read_clip(data, path, max_frames)


def write_received(folder: Path, source: Source, frames: Frames) -> Path:
    """Write frames as ``received.png``, or ``received.mp4`` if the source is a clip; return the path."""
    from PIL import Image

    path = folder / ("received.mp4" if source.is_clip else "received.png")
    if source.is_clip:
        write_clip(path, frames, source.fps)
    else:
        file = io.BytesIO()
        Image.fromarray(frames[0]).save(file, format="PNG")
        write_atomic(path, file.getvalue())
    return path


def write_clip(path: Path, frames: Frames, fps: Fraction) -> None:
    """Write frames [F, H, W, 3] as an MP4 file, visually lossless."""
    file = io.BytesIO()
    _write_clip(file, frames, fps)
    write_atomic(path, file.getvalue())


def _open_picture(data: bytes, path: object) -> Image | None:
    """Return a still picture upright in RGB; None if it is something else."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as picture:
            if getattr(picture, "n_frames", 1) > 1:
                return None  # an animation
            if picture.width * picture.height * 3 > MAX_BYTES:
                raise _too_large(path)
            return ImageOps.exif_transpose(picture).convert("RGB")
    except UnidentifiedImageError:
        return None
    except Image.DecompressionBombError:
        raise _too_large(path) from None
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise InputError(
            f"is a damaged picture ({error})", source=path, remedy="give a whole file"
        ) from error


def _read_clip(data: bytes, path: object, max_frames: int) -> Source:
    import av

    try:
        with av.open(io.BytesIO(data)) as container:
            if not container.streams.video:
                raise InputError("has no pictures", source=path, remedy="give a clip or a picture")
            stream = container.streams.video[0]
            fps = Fraction(stream.average_rate or stream.guessed_rate or 30)
            # some formats announce the number of frames, others only the duration, perhaps of longer sound
            duration_s = (container.duration or 0) / av.time_base
            announced = stream.frames or int(SHOWN_SHARE * duration_s * fps)
            frames = _frames(container.decode(stream), path, max_frames)
    except av.FFmpegError as error:
        message = f"is no clip or picture that can be read, or is truncated ({error.strerror})"
        raise InputError(message, source=path, remedy="give a whole file") from error
    if len(frames) < min(announced, max_frames):
        message = f"is truncated after {len(frames)} frames"
        raise InputError(message, source=path, remedy=f"give a whole file, or --frames {len(frames)}")
    if not frames:
        raise InputError("has no frames", source=path, remedy="give a whole file")
    return Source(np.stack(frames), fps)


def _frames(decoded: Iterator[VideoFrame], path: object, max_frames: int) -> list[Frames]:
    frames: list[Frames] = []
    for frame in islice(decoded, max_frames):
        if frame.is_corrupt:
            raise InputError(f"is damaged at frame {len(frames)}", source=path, remedy="give a whole file")
        frames.append(frame.to_ndarray(format="rgb24"))
        if frames[-1].shape != frames[0].shape:
            raise InputError("changes its size", source=path, remedy="give frames of one size")
        if frames[0].size * len(frames) > MAX_BYTES:
            raise _too_large(path)
    return frames


def _write_clip(file: io.BytesIO, frames: Frames, fps: Fraction) -> None:
    import av

    height, width = frames.shape[1:3]
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": str(WRITTEN_QUALITY)})
        stream.height, stream.width, stream.pix_fmt = height + height % 2, width + width % 2, "yuv420p"
        for frame in _padded(frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))


def _padded(frames: Frames) -> Iterator[Frames]:
    """Extend odd sides by one pixel: 4:2:0 has even sides."""
    for frame in frames:
        yield np.pad(frame, ((0, frame.shape[0] % 2), (0, frame.shape[1] % 2), (0, 0)), mode="edge")


def _too_large(path: object) -> InputError:
    return InputError(
        "has more than 2 GiB of pixels", source=path, remedy="give fewer --frames or smaller ones"
    )
