"""The comparison of video codecs: learned ones and classical chains over SNR, the same fading for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from semverse.envs.codecs.bitstream import Bitstream, Frames
from semverse.envs.codecs.chain import send
from semverse.envs.codecs.classical import encode
from semverse.envs.codecs.clips import load_clips
from semverse.envs.codecs.comparison.cells import Cell, Row
from semverse.envs.codecs.comparison.config import VideoChainConfig, VideosConfig
from semverse.envs.codecs.comparison.pictures import finest
from semverse.envs.codecs.link import CodedLink
from semverse.envs.codecs.metrics import luma, ms_ssim, psnr_db
from semverse.envs.codecs.vst.checkpoint import load_video_codec
from semverse.envs.codecs.vst.codec import VideoCodec
from semverse.envs.codecs.vst.sending import send as send_learned


@dataclass(frozen=True, eq=False)
class Place:
    """One clip over one channel at one SNR."""

    name: str
    frames: Frames  # [F, H, W, 3]
    channel: str
    snr_db: float


def video_cells(config: VideosConfig, seed: int) -> list[Cell]:
    """Return a cell for every clip, channel, SNR and method, of all seeds.

    Raises:
        InputError: clips are missing or damaged.
    """
    clips = dict(zip(config.clips, load_clips(config.clips, config.frames), strict=True))
    cells = []
    for name, clip in clips.items():
        frames = clip[: config.frames]
        streams = [cache(partial(_coded, frames, chain, config.rate)) for chain in config.chains]
        for channel in config.channels:
            for snr_db in config.snr_db:
                place = Place(name, frames, channel, snr_db)
                label = f"video_{name}_{channel}_{snr_db:g}"
                for index, (chain, stream) in enumerate(zip(config.chains, streams, strict=True)):
                    run = partial(_classical, config, seed, place, chain, stream)
                    cells.append(Cell(f"{label}_chain_{index}", run))
                for index, (method, checkpoint) in enumerate(config.learned.items()):
                    run = partial(_learned, config, seed, place, method, checkpoint)
                    cells.append(Cell(f"{label}_learned_{index}", run))
    # chains first: they need no checkpoint
    return sorted(cells, key=lambda cell: "_learned_" in cell.name)


def _learned(config: VideosConfig, seed: int, place: Place, method: str, checkpoint: str) -> list[Row]:
    rows, codec = [], _codec(checkpoint)
    for repeat in range(config.seeds):
        found = send_learned(
            place.frames, place.snr_db, place.channel, seed + repeat, rate=config.rate, codec=codec
        )
        rows.append(_row(config, place, method, repeat, found.frames, found.symbols))
    return rows


def _classical(
    config: VideosConfig, seed: int, place: Place, chain: VideoChainConfig, stream: Callable[[], Bitstream]
) -> list[Row]:
    rows, link = [], _link(chain.modulation, chain.code_rate, chain.k)
    for repeat in range(config.seeds):
        rng = np.random.default_rng(seed + repeat)
        sent = send(stream(), link, place.snr_db, place.channel, rng)
        rows.append(_row(config, place, chain.method, repeat, sent.received.frames, sent.symbols))
    return rows


def _coded(frames: Frames, chain: VideoChainConfig, rate: float) -> Bitstream:
    if chain.qp is not None:
        return encode(frames, chain.codec, chain.qp, chain.gop)
    link = _link(chain.modulation, chain.code_rate, chain.k)
    blocks = int(rate * frames.size / 3) // link.symbols
    return finest(chain.codec, frames, blocks * link.k, chain.gop)


def _row(config: VideosConfig, place: Place, method: str, repeat: int, shown: Frames, symbols: int) -> Row:
    few = np.linspace(0, len(shown) - 1, min(config.judged, len(shown))).round().astype(int)
    return {
        "clip": place.name,
        "channel": place.channel,
        "snr_db": place.snr_db,
        "method": method,
        "repeat": repeat,
        "symbols_per_pixel": symbols / (shown.size / 3),
        "psnr_db": float(psnr_db(luma(place.frames), luma(shown)).mean()),
        "ms_ssim": float(ms_ssim(place.frames[few], shown[few]).mean()),
    }


@cache
def _codec(checkpoint: str) -> VideoCodec:
    return load_video_codec(checkpoint)


@cache
def _link(modulation: str, code_rate: float, k: int) -> CodedLink:
    return CodedLink(modulation, code_rate, k)
