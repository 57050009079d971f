"""A clip over the air by the video codec: any size, any number of frames, AWGN or block fading."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from semverse.envs.channels.fading import rayleigh
from semverse.envs.codecs.bitstream import Frames, check_shape
from semverse.envs.codecs.chain import check_air
from semverse.envs.codecs.vlscc.codec import inference
from semverse.envs.codecs.vlscc.pictures import to_picture, to_tensor
from semverse.envs.codecs.vst.checkpoint import load_video_codec
from semverse.envs.codecs.vst.codec import VideoCodec
from semverse.envs.codecs.vst.entropy import side_bits
from semverse.envs.errors import InputError

BLOCK_SYMBOLS = (
    2048  # complex symbols that share a fading gain: a code block of 1024 bits in BPSK at rate 1/2
)
HEADER_BITS = 40  # of a GOP: its mean colour in 3 bytes, its scale in 2
SYMBOLS_PER_SIDE_BIT = 2  # of side information: BPSK at rate 1/2
_MAX_PIXELS = 4096 * 2304  # of a frame
_LEAST_POWER = 1e-12  # |h|^2 of a block that is lost


class Delivery(NamedTuple):
    """What a receiver shows of a clip, and what it took."""

    frames: Frames  # [F, H, W, 3]
    symbols: int  # complex ones, those of the side information included
    side_symbols: int


@inference
def send(
    clip: Frames,
    snr_db: float,
    channel: str = "awgn",
    seed: int = 0,
    *,
    rate: float | None = None,
    codec: VideoCodec | str = "vst",
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> Delivery:
    """Send a clip.

    The last GOP is filled up with its last frame, sides that are no multiple of a place with their border.
    The receiver knows the channel, the transmitter its mean SNR. Side information (levels, colour and scale
    of each GOP) is taken from the budget as if it were sent in BPSK at rate 1/2, and assumed to arrive.

    Args:
        clip: [F, H, W, 3] of uint8, RGB.
        snr_db: mean Es/N0 of a received complex symbol, dB.
        channel: ``awgn``, or ``rayleigh``: |h|^2 exponential of mean 1, drawn anew for every 2048 symbols.
        seed: of fading and noise.
        rate: complex symbols per pixel; None is the codec's own. Side information alone may be more.
        codec: a codec, or the name or folder of a checkpoint.
        progress: told how many GOPs have been sent and how many there are.

    Raises:
        InputError: no clip, or a setting that makes no sense.
    """
    chosen = load_video_codec(codec) if isinstance(codec, str) else codec
    check_air(channel, snr_db)
    check_clip(clip)
    share = check_rate(chosen.config.rate if rate is None else rate)
    rng, length = np.random.default_rng(seed), chosen.config.frames
    sent = []
    for first in range(0, len(clip), length):
        sent.append(_send_gop(chosen, clip[first : first + length], snr_db, channel, share, rng))
        progress(len(sent), -(-len(clip) // length))
    frames = np.concatenate([part.frames for part in sent])
    return Delivery(frames, sum(part.symbols for part in sent), sum(part.side_symbols for part in sent))


def check_rate(rate: float) -> float:
    """Return the rate.

    Raises:
        InputError: it is not above 0 and at most 1 symbol per pixel.
    """
    if not 0 < rate <= 1:
        raise InputError(f"is {rate:g}", key="rate", remedy="give more than 0 and at most 1 symbol per pixel")
    return rate


def check_clip(clip: Frames) -> None:
    """Make sure that a clip can be sent.

    Raises:
        InputError: no frames, another shape or type, or too many pixels.
    """
    check_shape(clip)
    if clip.shape[1] * clip.shape[2] > _MAX_PIXELS:
        size = f"{clip.shape[2]} x {clip.shape[1]}"
        raise InputError(f"are {size} pixels", key="frames", remedy="scale them down to 4096 x 2304")


def _send_gop(
    codec: VideoCodec, frames: Frames, snr_db: float, channel: str, rate: float, rng: np.random.Generator
) -> Delivery:
    count, height, width = frames.shape[:3]
    fill = (
        (0, codec.config.frames - count),
        (0, -height % codec.config.side),
        (0, -width % codec.config.side),
    )
    gop = to_tensor(np.pad(frames, (*fill, (0, 0)), mode="edge"))[None]
    snr = torch.tensor([snr_db], dtype=torch.float32)
    coded = codec.encode(gop, snr)
    side = SYMBOLS_PER_SIDE_BIT * int(np.ceil(side_bits(coded.level[0], codec.config.levels) + HEADER_BITS))
    allowed = max(round(rate * count * height * width) - side, 1)
    deviation = codec.entropy.deviation(coded.level)
    budget = torch.tensor([2 * allowed]).clamp(max=deviation.numel())
    sent = codec.modulate(coded, deviation, budget, snr)
    variance = _noise_variance(sent.gain[0] > 0, int(budget), snr_db, channel, rng)[None]
    noise = torch.from_numpy(rng.standard_normal(sent.symbols.shape, dtype=np.float32))
    received = codec.decode(
        sent.symbols + noise * variance.sqrt(), sent.gain, coded.mean, deviation, variance
    )
    shown = to_picture(received[0, :count, :, :height, :width].clamp(0, 1))
    return Delivery(shown, side + -(-int(budget) // 2), side)


def _noise_variance(
    active: Tensor, budget: int, snr_db: float, channel: str, rng: np.random.Generator
) -> Tensor:
    """Return the variance of the noise of each element [M], the channel's gain divided out.

    Symbols are interleaved over the fading blocks of a GOP at random, in a way that the receiver knows.
    """
    variance = torch.full(active.shape, 10 ** (-snr_db / 10))
    if channel == "rayleigh":
        power = np.abs(rayleigh(rng, -(-budget // (2 * BLOCK_SYMBOLS)))) ** 2
        place = rng.permutation(budget)[: int(active.sum())] // (2 * BLOCK_SYMBOLS)
        variance[active] /= torch.from_numpy(np.maximum(power, _LEAST_POWER)[place]).float()
    return variance
