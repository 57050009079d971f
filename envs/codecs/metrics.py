"""Quality of received pictures: PSNR, MS-SSIM and a learned perceptual distance, one value a picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from semverse.envs.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

MAX_PSNR_DB = 100.0
SSIM_MIN_SIDE = 11  # the window
MS_SSIM_LEVELS = 5
MS_SSIM_MIN_SIDE = 97  # the smaller window must fit into the picture halved four times


def psnr_db(
    reference: NDArray[np.generic], received: NDArray[np.generic], peak: float = 255.0
) -> NDArray[np.float64]:
    """Return the peak signal-to-noise ratio of every picture, in dB.

    Args:
        reference: pictures [F, ...], e.g. [F, H, W, 3] or luma alone [F, H, W].
        received: pictures of the same shape.
        peak: the largest value a sample can have.

    Returns:
        [F]; identical pictures count as 100 dB, so that means stay finite.

    Raises:
        InputError: the shapes differ.
    """
    _check_shapes(reference, received)
    error = np.subtract(reference, received, dtype=np.float64).reshape(len(reference), -1)
    mse = np.maximum((error * error).mean(axis=1), peak**2 * 10 ** (-MAX_PSNR_DB / 10))
    return np.asarray(10 * np.log10(peak**2 / mse))


def luma(frames: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the luma [F, H, W], 16 to 235 (ITU-R BT.601), of RGB frames [F, H, W, 3]."""
    return 16 + frames @ (np.array([65.481, 128.553, 24.966]) / 255)


def ms_ssim(reference: NDArray[np.uint8], received: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the multi-scale structural similarity [F] of pictures [F, H, W, 3] of uint8 (Wang et al., 2003).

    Raises:
        InputError: the shapes differ, or a side is below 97 pixels.
    """
    return _per_picture(ms_ssim_tensor, reference, received)


def ssim(reference: NDArray[np.uint8], received: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the structural similarity [F] of pictures [F, H, W, 3] of uint8 (Wang et al., 2004).

    Raises:
        InputError: the shapes differ, or a side is below 11 pixels.
    """
    from pytorch_msssim import ssim as package_ssim

    if min(reference.shape[-3:-1]) < SSIM_MIN_SIDE:
        message = f"pictures of {reference.shape[-2]} x {reference.shape[-3]} are too small"
        raise InputError(message, source="SSIM", remedy=f"use sides >= {SSIM_MIN_SIDE} pixels")
    return _per_picture(lambda a, b: package_ssim(a, b, data_range=1.0), reference, received)


def ms_ssim_tensor(reference: Tensor, received: Tensor) -> Tensor:
    """Return the MS-SSIM [N] of pictures [N, 3, H, W] in [0, 1]; differentiable.

    The Gaussian window is 11 wide as published, 7 for pictures that are too small for that (QCIF).

    Raises:
        InputError: a side is below 97 pixels.
    """
    from pytorch_msssim import ms_ssim as package_ms_ssim

    window = ms_ssim_window(*reference.shape[-2:])
    return package_ms_ssim(reference, received, data_range=1.0, size_average=False, win_size=window)


def ms_ssim_window(height: int, width: int) -> int:
    """Return the width of the MS-SSIM window, 11 or 7, for pictures of a size.

    Raises:
        InputError: a side is below 97 pixels.
    """
    if min(height, width) < MS_SSIM_MIN_SIDE:
        message = f"pictures of {width} x {height} are too small"
        raise InputError(message, source="MS-SSIM", remedy=f"use sides >= {MS_SSIM_MIN_SIDE} pixels")
    return 11 if min(height, width) > 10 * 2 ** (MS_SSIM_LEVELS - 1) else 7


def lpips(reference: NDArray[np.uint8], received: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the learned perceptual distance [F] of pictures [F, H, W, 3] of uint8; 0 is identical.

    It is ST-LPIPS on AlexNet features (see `semverse.envs.codecs.st_lpips`), not LPIPS v0.1.

    Raises:
        InputError: the shapes differ, a side is below 32 pixels, or the package with the weights is missing.
    """
    from semverse.envs.codecs.st_lpips import MIN_SIDE, st_lpips

    height, width = reference.shape[-3:-1]
    if min(height, width) < MIN_SIDE:
        message = f"pictures of {width} x {height} are too small"
        raise InputError(message, source="LPIPS", remedy=f"use sides >= {MIN_SIDE} pixels")
    return _per_picture(st_lpips(), reference, received)


def _per_picture(
    metric: Callable[[Tensor, Tensor], Tensor], reference: NDArray[np.uint8], received: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """Apply a torch metric to one picture after the other: a whole clip would need gigabytes."""
    import torch

    _check_shapes(reference, received)

    def tensor(picture: NDArray[np.uint8]) -> Tensor:
        return torch.tensor(picture).permute(2, 0, 1)[None].float() / 255

    with torch.inference_mode():
        pairs = zip(reference, received, strict=True)
        return np.array([float(metric(tensor(a), tensor(b))) for a, b in pairs])


def _check_shapes(reference: NDArray[np.generic], received: NDArray[np.generic]) -> None:
    if reference.shape != received.shape:
        message = f"pictures of shape {received.shape} against {reference.shape}"
        raise InputError(message, source="metrics", remedy="compare pictures of equal number and size")
