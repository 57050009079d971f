"""The schema of ``semverse compare-codecs``."""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic

from semverse.envs.config import Config

Count = Annotated[int, pydantic.Field(ge=1)]
Decibel = Annotated[float, pydantic.Field(ge=-40, le=40)]
Decibels = Annotated[tuple[Decibel, ...], pydantic.Field(min_length=1)]
Share = Annotated[float, pydantic.Field(gt=0, le=1)]

Positive = Annotated[float, pydantic.Field(gt=0)]


class MeshesConfig(Config):
    """Codecs of human meshes: error against SNR at equal mean numbers of symbols (Fig. 6)."""

    variable: str  # checkpoint
    fixed: dict[str, str]  # method -> checkpoint
    budget: Count  # real symbols a sample, on average
    snr_db: Decibels
    samples: Count


class ChainConfig(Config):
    """A classical chain."""

    codec: str
    modulation: str
    code_rate: Share
    k: Count

    @property
    def method(self) -> str:
        """What tables and figures call it."""
        return f"{self.codec} {self.modulation} {self.code_rate:.2g}"


class PicturesConfig(Config):
    """Codecs of pictures: quality against symbols per pixel and against SNR (Figs. 8 and 9)."""

    variable: Annotated[dict[str, str], pydantic.Field(min_length=1)]  # method -> checkpoint
    fixed: dict[str, str]
    classical: tuple[ChainConfig, ...]
    entropy: bool
    folder: str  # below SEMVERSE_DATA
    count: Count  # pictures, in alphabetical order
    snr_db: Decibels
    design_snr_db: Decibel  # of the sweep over rates
    rate: Share  # asked of the variable codecs, over SNR
    rates: Annotated[tuple[Share, ...], pydantic.Field(min_length=1)]  # asked of them, over rates
    classical_spp: Annotated[
        tuple[Positive, ...], pydantic.Field(min_length=1)
    ]  # symbols per pixel, over rates
    swept_spp: Positive  # of the classical chains, over SNR
    lpips_side: Annotated[int, pydantic.Field(ge=32)]


class VideoChainConfig(ChainConfig):
    """A classical chain of a video codec."""

    qp: Count | None  # quantiser; None is the finest that fits into as many symbols as the learned codec has
    gop: Count  # frames from one intra frame to the next
    adaptive: bool  # one of those of which the best is taken at every SNR

    @property
    def method(self) -> str:
        """What tables and figures call it."""
        kind = f"QP {self.qp}" if self.qp else "equal symbols"
        return f"{super().method}, GOP {self.gop}, {kind}"


class VideosConfig(Config):
    """Codecs of video against SNR (paper 000, Figs. 6 and 7)."""

    learned: Annotated[dict[str, str], pydantic.Field(min_length=2)]  # ours first, independent frames second
    chains: tuple[VideoChainConfig, ...]
    clips: Annotated[tuple[str, ...], pydantic.Field(min_length=1)]  # of `semverse.envs.codecs.clips`
    frames: Count  # of each clip, its first ones
    judged: Count  # of them, spread evenly: MS-SSIM, which is slow, is taken of these
    rate: Share  # symbols per pixel
    snr_db: Decibels
    channels: Annotated[tuple[Literal["awgn", "rayleigh"], ...], pydantic.Field(min_length=1)]
    seeds: Count


class ComparisonConfig(Config):
    """Everything that decides what a comparison computes; the values are YAML."""

    meshes: MeshesConfig | None
    pictures: PicturesConfig | None
    videos: VideosConfig | None
    seed: Annotated[int, pydantic.Field(ge=0, lt=2**31)]
    threads: Count
