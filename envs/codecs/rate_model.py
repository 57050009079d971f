"""Rate and distortion of a clip at any level of a codec, out of a few probe encodes; then numpy alone.

The logarithm of the bits and the PSNR are smooth curves through the probes, over the level or over what the
encoder makes of it (`fineness`). What a receiver sees when frames are missing is in
`semverse.envs.codecs.loss_model`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from semverse.envs.codecs.bitstream import GREY, Bitstream, Codec, Frames, check_level, codec_named
from semverse.envs.codecs.fineness import FloatArray, fineness
from semverse.envs.codecs.metrics import luma, psnr_db
from semverse.envs.errors import InputError

QP_PROBES = (23, 32, 41)
PROBES_OF = {  # of other scales
    "svt-av1": (24, 39, 54),
    "jpeg": (14, 50, 86),
    "jpeg2000": (28, 34, 40),
    "webp": (20, 56, 86),
    "avif": (38, 62, 86),
}
PROBED_FRAMES = 60


@dataclass(frozen=True, eq=False)
class Curve:
    """Monotone cubic interpolation (Fritsch and Butland, 1984): it rises and falls only as its points do.

    Attributes:
        knots: [K] places, rising.
        coefficients: [4, K - 1] of the cubic from every knot to the next, highest power first.
    """

    knots: FloatArray
    coefficients: FloatArray

    def __call__(self, places: FloatArray) -> FloatArray:
        """Return the values at places of any shape, within the knots."""
        piece = np.clip(np.searchsorted(self.knots, places, side="right") - 1, 0, len(self.knots) - 2)
        a, b, c, d = self.coefficients[:, piece]
        x = places - self.knots[piece]
        return np.asarray(((a * x + b) * x + c) * x + d)

    @classmethod
    def through(cls, knots: FloatArray, values: Sequence[float] | FloatArray) -> Curve:
        """Return the curve through points (knots [K], values [K]); of equal knots the first one counts."""
        from scipy.interpolate import PchipInterpolator

        different, first = np.unique(knots, return_index=True)
        fitted = PchipInterpolator(different, np.asarray(values)[first])
        return cls(different, np.asarray(fitted.c))


@dataclass(frozen=True, eq=False)
class RateDistortion:
    """A clip under a codec.

    Attributes:
        codec: which one.
        probes: levels that were encoded; the model holds from the lowest to the highest of them.
        log_bits: frame type (``I``, and ``P`` if there are any) -> log of the mean bits of such a frame.
        clean_psnr_db: mean PSNR of what arrives whole: of luma for clips, of RGB for pictures. This curve and
            those of the bits are over `fineness`.
        pixels: of a frame.
        lags: 1, 2, 4, ... frames, up to the length of the clip.
        lag_psnr_db: mean luma PSNR between source frames that far apart.
        grey_psnr_db: mean luma PSNR of a grey frame.
    """

    codec: Codec
    probes: tuple[int, ...]
    log_bits: dict[str, Curve]
    clean_psnr_db: Curve
    pixels: int
    lags: tuple[int, ...]
    lag_psnr_db: tuple[float, ...]
    grey_psnr_db: float

    def bits(self, level: ArrayLike, frame_type: str) -> FloatArray:
        """Return the mean bits of a frame.

        Args:
            level: QP or quality, any shape, also between integers.
            frame_type: ``I`` or ``P``.

        Raises:
            InputError: a level out of range, or a frame type that the clip has none of.
        """
        if frame_type not in self.log_bits:
            known = " or ".join(self.log_bits)
            raise InputError(f"is {frame_type!r:.20}", key="frame_type", remedy=f"give {known}")
        return np.exp(self.log_bits[frame_type](self._place(level)))

    def psnr_db(self, level: ArrayLike) -> FloatArray:
        """Return the mean PSNR of frames that arrive, at levels of any shape.

        Raises:
            InputError: a level out of range.
        """
        return self.clean_psnr_db(self._place(level))

    def _place(self, level: ArrayLike) -> FloatArray:
        levels = np.asarray(level, dtype=np.float64)
        low, high = min(self.probes), max(self.probes)
        if not bool(((levels >= low) & (levels <= high)).all()):  # nan as well
            remedy = f"give {low} to {high}, or probe a wider range"
            raise InputError("is outside the probes", key=self.codec.knob, remedy=remedy)
        return fineness(self.codec.name, levels)


def rate_distortion(
    path: str | Path,
    codec: str = "x264",
    probes: Sequence[int] | None = None,
    *,
    frames: int = PROBED_FRAMES,
    gop: int = 30,
) -> RateDistortion:
    """Encode a clip or picture at a few levels and return the model of all levels between.

    Args:
        path: file of a clip or picture.
        codec: name of the codec.
        probes: two or more levels; the codec's own three if None, which for x264, x265 and hevc-intra are QP
            23, 32 and 41.
        frames: of the clip, from its start.
        gop: frames from one intra frame to the next.

    Raises:
        InputError: an unreadable file, an unknown codec, or probes out of range.
    """
    from semverse.envs.codecs.classical import encode
    from semverse.envs.codecs.media import read_source

    chosen = codec_named(codec)
    levels = check_probes(chosen, probes)
    source = read_source(path, frames)
    streams = [encode(source.frames, codec, level, gop) for level in levels]
    return fit(source.frames, streams, is_clip=source.is_clip)


def check_probes(codec: Codec, probes: Sequence[int] | None) -> tuple[int, ...]:
    """Return the levels to probe, in rising order.

    Raises:
        InputError: fewer than two, or one out of range.
    """
    given = PROBES_OF.get(codec.name, QP_PROBES) if probes is None else probes
    levels = tuple(sorted({check_level(codec, level) for level in given}))
    different = set(fineness(codec.name, np.array(levels, dtype=np.float64)).tolist())
    if len(different) < 2:  # of avif's qualities, several may be one and the same
        raise InputError(f"are {list(levels)}", key="probes", remedy="give two or more different levels")
    return levels


def fit(frames: Frames, streams: Sequence[Bitstream], *, is_clip: bool = True) -> RateDistortion:
    """Return the model through encodes of the same frames at different levels.

    Args:
        frames: [F, H, W, 3].
        streams: two or more of them.
        is_clip: PSNR is that of luma.
    """
    seen = luma if is_clip else np.asarray
    picture = seen(frames)
    codec = streams[0].codec
    places = fineness(codec.name, np.array([stream.level for stream in streams], dtype=np.float64))
    clean = [psnr_db(picture, seen(stream.clean)).mean() for stream in streams]
    types = sorted(set(streams[0].frame_types))
    sizes = {kind: [np.log(mean_bits(stream, kind)) for stream in streams] for kind in types}
    lags, lag_psnr = copy_lag_table(picture)
    return RateDistortion(
        codec=codec,
        probes=tuple(stream.level for stream in streams),
        log_bits={kind: Curve.through(places, values) for kind, values in sizes.items()},
        clean_psnr_db=Curve.through(places, clean),
        pixels=streams[0].height * streams[0].width,
        lags=lags,
        lag_psnr_db=lag_psnr,
        grey_psnr_db=float(psnr_db(picture, seen(np.full_like(frames, GREY))).mean()),
    )


def mean_bits(stream: Bitstream, frame_type: str) -> float:
    """Return the mean bits of the frames of a type."""
    return float(stream.bits[np.array(list(stream.frame_types)) == frame_type].mean())


def copy_lag_table(frames: NDArray[np.generic]) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Return lags 1, 2, 4, ... and the mean PSNR between frames [F, ...] that far apart."""
    lags = tuple(2**power for power in range(len(frames).bit_length()) if 2**power < len(frames))
    return lags, tuple(float(psnr_db(frames[lag:], frames[:-lag]).mean()) for lag in lags)
