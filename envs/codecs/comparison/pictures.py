"""Pictures: quality against symbols per pixel and against SNR, learned and classical (Figs. 8 and 9)."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor

from semverse.envs.codecs.bitstream import Bitstream, Frames, codec_named
from semverse.envs.codecs.chain import send
from semverse.envs.codecs.classical import DEFAULT_GOP, encode
from semverse.envs.codecs.comparison.allocation import block_bits, fit_proportional, proportional
from semverse.envs.codecs.comparison.cells import Cell, Row
from semverse.envs.codecs.comparison.config import ChainConfig, PicturesConfig
from semverse.envs.codecs.link import CodedLink
from semverse.envs.codecs.media import data_folder, read_picture
from semverse.envs.codecs.metrics import lpips, ms_ssim, psnr_db
from semverse.envs.codecs.vlscc.checkpoint import load_codec
from semverse.envs.codecs.vlscc.codec import Passage
from semverse.envs.codecs.vlscc.image import ImageCodec
from semverse.envs.codecs.vlscc.pictures import Picture, picture_files, to_picture, to_tensor
from semverse.envs.codecs.vlscc.rate import entropy_bits, side_information_bpp
from semverse.envs.codecs.vlscc.tasks import center
from semverse.envs.errors import InputError

ENTROPY = "entropy"
Sender = Callable[[Tensor, float, Generator], Passage]


@dataclass(frozen=True, eq=False)
class Photographs:
    """The pictures that are sent, and how they are judged."""

    names: tuple[str, ...]
    pictures: tuple[Picture, ...]
    lpips_side: int
    seed: int

    def row(self, index: int, shown: Picture) -> Row:
        """Return the quality of what was received for one picture."""
        picture = self.pictures[index]
        middle = tuple(center(self.lpips_side, size) for size in picture.shape[:2])
        return {
            "psnr_db": float(psnr_db(picture[None], shown[None])[0]),
            "ms_ssim": float(ms_ssim(picture[None], shown[None])[0]),
            "lpips": float(lpips(picture[None, *middle], shown[None, *middle])[0]),
        }


def picture_cells(config: PicturesConfig, seed: int) -> list[Cell]:
    """Return one cell a method, rate and SNR; a cell sends all pictures.

    Raises:
        InputError: pictures or a checkpoint are missing or damaged.
    """
    photographs = load_photographs(config, seed)
    variable = {method: load_image_codec(name) for method, name in config.variable.items()}
    fixed = {method: load_image_codec(name) for method, name in config.fixed.items()}

    @cache  # the same bits are sent at every SNR
    def streams(chain: ChainConfig, spp: float) -> Callable[[], list[Bitstream]]:
        return cache(partial(coded, photographs.pictures, chain, spp))

    cells = []
    for rate, snr_db in _points(config, config.rates, config.rate):
        for index, (method, codec) in enumerate(variable.items()):
            run = partial(
                _learned, photographs, snr_db, rate, method, codec, partial(_by_network, codec, rate)
            )
            cells.append(Cell(f"variable_{index}_{rate:g}_{snr_db:g}", run))
    if config.entropy:
        first = next(iter(variable.values()))
        for rate in config.rates:
            sender = partial(_by_entropy, first, rate)
            run = partial(_learned, photographs, config.design_snr_db, rate, ENTROPY, first, sender)
            cells.append(Cell(f"entropy_{rate:g}", run))
    for snr_db in config.snr_db:
        for index, (method, codec) in enumerate(fixed.items()):
            run = partial(_learned, photographs, snr_db, 1.0, method, codec, partial(_whole, codec))
            cells.append(Cell(f"fixed_{index}_{snr_db:g}", run))
    for spp, snr_db in _points(config, config.classical_spp, config.swept_spp):
        for index, chain in enumerate(config.classical):
            run = partial(_classical, photographs, snr_db, spp, chain, streams(chain, spp))
            cells.append(Cell(f"classical_{index}_{spp:g}_{snr_db:g}", run))
    return cells


def _points(
    config: PicturesConfig, over_rates: Sequence[float], over_snr: float
) -> list[tuple[float, float]]:
    """Return rate and SNR of both sweeps, each pair once."""
    swept = [(over_snr, snr_db) for snr_db in config.snr_db]
    return list(dict.fromkeys([*((rate, config.design_snr_db) for rate in over_rates), *swept]))


def load_photographs(config: PicturesConfig, seed: int) -> Photographs:
    """Read the pictures.

    Raises:
        InputError: there are none, or one is damaged or smaller than the side that LPIPS needs.
    """
    files: Sequence[Path] = picture_files(data_folder(config.folder))[: config.count]
    return Photographs(
        tuple(file.stem for file in files), tuple(map(read_picture, files)), config.lpips_side, seed
    )


def load_image_codec(name: str) -> ImageCodec:
    """Return a trained codec of pictures.

    Raises:
        InputError: it is missing, damaged, or no codec of pictures.
    """
    codec = load_codec(name)
    if not isinstance(codec, ImageCodec):
        raise InputError("is no codec of pictures", source=name, remedy="give another checkpoint")
    return codec


def _by_network(codec: ImageCodec, rate: float, x: Tensor, snr_db: float, generator: Generator) -> Passage:
    return codec.send(x, snr_db, rate=rate, generator=generator)


def _whole(codec: ImageCodec, x: Tensor, snr_db: float, generator: Generator) -> Passage:
    return codec.send(x, snr_db, generator=generator)


def _by_entropy(codec: ImageCodec, rate: float, x: Tensor, snr_db: float, generator: Generator) -> Passage:
    """Spend on each picture as many symbols as the network would, but where the estimated entropy is."""
    level = codec.choose(x, snr_db, rate)
    bits = block_bits(x, codec.config.downsampling)
    scale = fit_proportional(codec, bits, float(codec.symbols(level).double().mean()))
    return codec.send(x, snr_db, level=proportional(bits, scale, codec.config.levels), generator=generator)


def _learned(
    photographs: Photographs, snr_db: float, asked: float, method: str, codec: ImageCodec, sender: Sender
) -> list[Row]:
    rows = []
    for index, picture in enumerate(photographs.pictures):
        generator = Generator().manual_seed(photographs.seed + index)
        passage = sender(to_tensor(picture[None]), snr_db, generator)
        pixels = picture.shape[0] * picture.shape[1]
        row: Row = {"method": method, "snr_db": snr_db, "asked": asked, "picture": photographs.names[index]}
        # two real symbols are one complex symbol
        row |= {"symbols_per_pixel": codec.symbols(passage.level).item() / 2 / pixels, "decoded": 1}
        row |= photographs.row(index, to_picture(passage.received)[0])
        rows.append(row | _side_link(codec, passage.level, pixels))
    return rows


def _side_link(codec: ImageCodec, level: Tensor, pixels: int) -> Row:
    """Return bits per pixel of the rate map: as it is, by its entropy, and as zlib really packs it."""
    if not codec.config.variable:
        return {"side_bpp": 0.0, "side_entropy_bpp": 0.0, "side_zlib_bpp": 0.0}
    levels = codec.config.levels
    packed = zlib.compress(level.to(torch.uint8).numpy().tobytes(), 9)
    return {
        "side_bpp": side_information_bpp(levels, codec.config.downsampling),
        "side_entropy_bpp": entropy_bits(level, levels) * level.numel() / pixels,
        "side_zlib_bpp": 8 * len(packed) / pixels,
    }


def _classical(
    photographs: Photographs,
    snr_db: float,
    asked: float,
    chain: ChainConfig,
    streams: Callable[[], list[Bitstream]],
) -> list[Row]:
    link = CodedLink(chain.modulation, chain.code_rate, chain.k)
    rows = []
    for index, stream in enumerate(streams()):
        sent = send(stream, link, snr_db, "awgn", np.random.default_rng(photographs.seed + index))
        pixels = stream.height * stream.width
        row: Row = {"method": chain.method, "snr_db": snr_db, "asked": asked}
        row |= {"picture": photographs.names[index], "symbols_per_pixel": sent.symbols / pixels}
        row |= {"decoded": int(sent.received.decoded[0])}
        row |= photographs.row(index, sent.received.frames[0])
        rows.append(row | {"side_bpp": 0.0, "side_entropy_bpp": 0.0, "side_zlib_bpp": 0.0})
    return rows


def coded(pictures: Sequence[Picture], chain: ChainConfig, spp: float) -> list[Bitstream]:
    """Return pictures coded as finely as fits into so many symbols per pixel."""
    link = CodedLink(chain.modulation, chain.code_rate, chain.k)
    return [
        finest(
            chain.codec,
            picture[None],
            int(spp * picture.shape[0] * picture.shape[1]) // link.symbols * link.k,
        )
        for picture in pictures
    ]


def finest(codec: str, frames: Frames, bits: int, gop: int = DEFAULT_GOP) -> Bitstream:
    """Return frames [F, H, W, 3] coded as finely as fits into so many bits, or as coarsely as can be."""
    low, high = codec_named(codec).lowest, codec_named(codec).highest  # larger is coarser
    while low < high:
        middle = (low + high) // 2
        fits = int(encode(frames, codec, middle, gop).bits.sum()) <= bits
        low, high = (low, middle) if fits else (middle + 1, high)
    return encode(frames, codec, high, gop)
