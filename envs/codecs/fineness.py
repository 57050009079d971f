"""Scales of quality over which the curves of rate and PSNR bend little; numpy alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# PSNR in dB at avif's qualities 1 to 100, mean over pictures: libavif 1.4.2 maps them to 64 quantisers in
# uneven steps. Made by: python -m semverse.scripts.avif_scale
AVIF_PSNR_DB = np.array((
    24.29, 24.29, 24.51, 24.51, 24.51, 24.81, 24.81, 25.16, 25.16, 25.43,
    25.43, 25.68, 25.68, 25.90, 25.90, 26.11, 26.11, 26.47, 26.47, 26.69,
    26.69, 26.93, 26.93, 27.19, 27.19, 27.43, 27.43, 27.87, 27.87, 28.12,
    28.12, 28.39, 28.39, 28.63, 28.92, 28.92, 29.20, 29.20, 29.47, 29.77,
    29.77, 30.04, 30.04, 30.33, 31.00, 31.00, 31.29, 31.29, 31.64, 31.95,
    31.95, 32.28, 32.28, 32.60, 32.93, 33.23, 33.23, 33.56, 33.87, 34.20,
    34.20, 34.50, 34.78, 35.04, 35.04, 35.31, 36.13, 36.43, 36.43, 36.63,
    36.85, 37.07, 37.07, 37.31, 37.58, 37.84, 37.84, 38.12, 38.45, 38.79,
    38.79, 39.08, 39.47, 39.76, 39.76, 40.07, 40.64, 40.89, 40.89, 41.14,
    41.39, 41.76, 41.76, 42.13, 42.44, 42.81, 42.81, 43.13, 43.38, 44.14,
))  # fmt: skip


def fineness(codec: str, levels: FloatArray) -> FloatArray:
    """Return where levels of a codec lie on such a scale.

    jpeg and webp: minus the logarithm of the quantiser's step. JPEG's tables are multiplied by 50 / q below
    quality q = 50 and by 2 - q / 50 above (libjpeg, ``jpeg_quality_scaling``). WebP's step is 4 + i for the
    index i = 127 (1 - c^(1/3)), exact up to i = 54 (RFC 6386, section 14.1), and c is a line with a bend at
    quality 75 (libwebp, ``QualityToCompression``). avif: the PSNR of typical pictures. All others: the level.

    Args:
        codec: its name.
        levels: QP or quality, any shape, also between integers.

    Returns:
        Same shape; it never falls as the level rises.
    """
    if codec == "jpeg":
        scale = np.where(levels < 50, 50 / np.maximum(levels, 1), 2 - levels / 50)
        return np.asarray(-np.log(np.maximum(scale, 0.01)))  # finite at 100, where all steps are 1
    if codec == "webp":
        share = levels / 100
        index = 127 * (1 - np.cbrt(np.where(share < 0.75, share * 2 / 3, 2 * share - 1)))
        return np.asarray(-np.log(4 + index))
    if codec == "avif":
        return np.asarray(np.interp(levels, np.arange(1, 101), AVIF_PSNR_DB))
    return levels
