"""What losses do to a clip, without coding anything: a chance a code block, then freeze to an intra frame.

A frame is shown when every block from the start of its group of pictures to its own last bit arrives.
Otherwise the last one shown stays, some frames old, or grey if there was none. The mean square errors of
coding and of showing an old frame add up. Numpy alone, and fast enough for a step of an environment.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from semverse.envs.codecs.blocks import packet_blocks
from semverse.envs.codecs.fineness import FloatArray
from semverse.envs.codecs.rate_model import RateDistortion


def frame_bits(model: RateDistortion, level: float, frames: int, gop: int) -> NDArray[np.int64]:
    """Return the bits [F] of every frame, whole bytes: an I frame every ``gop``, P frames between."""
    intra = np.arange(frames) % gop == 0
    bits = np.full(frames, model.bits(level, "I"))
    if not intra.all():
        bits[~intra] = model.bits(level, "P")
    return np.asarray(8 * np.maximum(np.rint(bits / 8), 1), dtype=np.int64)


def lag_probabilities(bits: NDArray[np.int64], gop: int, k: int, bler: ArrayLike) -> FloatArray:
    """Return how likely every frame shows which earlier one.

    Groups of pictures are taken as independent: the one block that two of them share is counted in both.

    Args:
        bits: [F] of every frame, sent one after the other.
        gop: frames from one intra frame to the next.
        k: bits a code block.
        bler: block error rate, any shape [...].

    Returns:
        [..., F, F + 1]: chance that frame i is replaced by frame i - lag, for lags 0 to F - 1, and that it is
        grey. Rows sum to 1.
    """
    count = len(bits)
    first, last = packet_blocks(bits, k)
    group = np.arange(count) // gop * gop
    needed = last - first[group] + 1
    arrives = (1 - np.asarray(bler, dtype=np.float64)[..., None]) ** needed
    chances = np.zeros((*arrives.shape, count + 1))
    shown = np.zeros((*arrives.shape[:-1], count + 1))
    shown[..., count] = 1
    for index in range(count):
        here = arrives[..., index]
        older = np.zeros_like(shown)
        older[..., 1:count] = shown[..., : count - 1]
        older[..., count] = shown[..., count]
        if index == group[index]:
            older *= 1 - here[..., None]
        else:  # within a group, frames are lost from some frame on
            older[..., 1] -= here
        older[..., 0] = here
        shown = older
        chances[..., index, :] = shown
    return chances


def shown_psnr_db(model: RateDistortion, level: float, frames: int) -> FloatArray:
    """Return the luma PSNR [F + 1] of a frame replaced by the one ``lag`` frames earlier, and of grey."""
    lags = np.arange(1, frames)
    copied = np.interp(np.log2(lags), np.log2(model.lags), model.lag_psnr_db) if frames > 1 else np.empty(0)
    clean = float(model.psnr_db(level))
    replaced = -10 * np.log10(10 ** (-copied / 10) + 10 ** (-clean / 10))
    return np.concatenate([[clean], replaced, [model.grey_psnr_db]])


def expected_psnr_db(
    model: RateDistortion, level: float, *, frames: int, gop: int, k: int, bler: ArrayLike
) -> FloatArray:
    """Return the expected mean PSNR [...] of a received clip.

    Args:
        model: of the clip.
        level: QP or quality.
        frames: length of the clip, F.
        gop: frames from one intra frame to the next.
        k: bits a code block.
        bler: block error rate, any shape [...].
    """
    chances = lag_probabilities(frame_bits(model, level, frames, gop), gop, k, bler)
    return np.asarray((chances @ shown_psnr_db(model, level, frames)).mean(axis=-1))


def sample_lags(
    bits: NDArray[np.int64], gop: int, k: int, bler: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw every block once; return how many frames old what is shown is [F]; F stands for grey."""
    count = len(bits)
    first, last = packet_blocks(bits, k)
    before = np.concatenate([[0], np.cumsum(rng.random(int(last[-1]) + 1) < bler)])
    group = np.arange(count) // gop * gop
    whole = before[last + 1] == before[first[group]]
    newest = np.maximum.accumulate(np.where(whole, np.arange(count), -1))
    return np.where(newest < 0, count, np.arange(count) - newest)
