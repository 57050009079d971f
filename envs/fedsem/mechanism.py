"""What happens to uploads on the way to the server's sum: quantisation, clipping, noise.

One function, `release`, makes every sum that a server ever sees; the accountant charges for it, the audit
attacks it.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from semverse.envs.fedsem.types import Float32, IntArray, Release

Whole = TypeVar("Whole", int, IntArray)

SCALE_BITS = 32  # of the step size that a quantised upload is sent with


def upload_bits(numbers: Whole, bits: Whole) -> Whole:
    """Return the bits of an upload of so many numbers."""
    return numbers * bits + SCALE_BITS * (bits < SCALE_BITS)


def quantise(uploads: Float32, bits: int) -> Float32:
    """Return uploads [C, D] rounded to 2^bits levels that span each client's own range symmetrically."""
    if bits >= SCALE_BITS:
        return uploads
    top = np.abs(uploads).max(axis=1, keepdims=True)
    step = 2.0 * np.where(top > 0, top, 1.0) / (2**bits - 1)
    levels = np.clip(np.floor(uploads / step) + 0.5, -(2 ** (bits - 1)) + 0.5, 2 ** (bits - 1) - 0.5)
    return np.asarray(np.where(top > 0, levels * step, 0.0), dtype=np.float32)


def clip(uploads: Float32, bound: float) -> Float32:
    """Return uploads [C, D], each shrunk to an L2 norm of at most the bound.

    The whole upload of a client is clipped at once: one release, whatever the number of its labels.
    """
    norms = np.sqrt(np.einsum("cd,cd->c", uploads, uploads, dtype=np.float64))
    return np.asarray(uploads * (bound / np.maximum(norms, bound))[:, None], dtype=np.float32)


def release(uploads: Float32, rule: Release, rng: np.random.Generator) -> Float32:
    """Return the noisy sum [D] of uploads [C, D] of C >= 0 clients: 1 / noise_multiplier Gaussian DP.

    Neighbours differ by the presence of one client. Clipping comes after quantisation, which may lengthen an
    upload. Without noise nothing is clipped.
    """
    uploads = quantise(uploads, rule.bits)
    if rule.noise_multiplier == 0:
        return np.asarray(uploads.sum(axis=0), dtype=np.float32)
    total = clip(uploads, rule.clip).sum(axis=0, dtype=np.float64)
    noise = rng.standard_normal(uploads.shape[1]) * (rule.noise_multiplier * rule.clip)
    return np.asarray(total + noise, dtype=np.float32)
