"""Schema of the service's profiles; values, with units and sources, are YAML in ``semverse.configs.cee``."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic

from semverse.envs.config import Config, read_profile

# strict: a boolean or a quoted number is refused rather than converted
Ratio = Annotated[float, pydantic.Field(ge=-50, le=100, strict=True)]  # dB
Spread = Annotated[float, pydantic.Field(ge=0, le=50, strict=True)]  # dB
Positive = Annotated[float, pydantic.Field(ge=1e-9, le=1e9, strict=True, allow_inf_nan=False)]
NonNegative = Annotated[float, pydantic.Field(ge=0, le=1e6, strict=True, allow_inf_nan=False)]
Share = Annotated[float, pydantic.Field(ge=0, le=1, strict=True)]
Correlation = Annotated[float, pydantic.Field(ge=0, lt=1, strict=True)]
Count = Annotated[int, pydantic.Field(ge=1, le=10_000, strict=True)]
PerTier = tuple[NonNegative, NonNegative, NonNegative]  # device, edge, cloud


def _weights(value: tuple[float, ...]) -> tuple[float, ...]:
    if not sum(value) > 0:
        raise ValueError("every weight is 0")
    return value


def _rising(value: tuple[float, ...]) -> tuple[float, ...]:
    if any(b <= a for a, b in pairwise(value)):
        raise ValueError("does not rise")
    return value


Preference = Annotated[
    tuple[NonNegative, NonNegative, NonNegative, NonNegative, NonNegative], pydantic.AfterValidator(_weights)
]


class Latency(Config):
    """Latencies that nothing changes [ms]."""

    capture_ms: NonNegative
    pose_ms: NonNegative
    display_ms: NonNegative
    video_encode_ms: NonNegative
    video_decode_ms: NonNegative
    fibre_ms: NonNegative


class Radio(Config):
    """The two radio links."""

    uplink_mhz: Positive
    downlink_mhz: Positive
    spread_db: NonNegative


class Rates(Config):
    """Sustained computing rates [TFLOP/s]."""

    device_nn: Positive
    device_gpu: Positive
    edge: Positive
    cloud: Positive
    cluster: Positive


class Work(Config):
    """Work of the modules."""

    semantic_encode_kflop: NonNegative  # a pixel
    semantic_decode_kflop: NonNegative
    matte_tflop: NonNegative  # a frame, like all below
    matte_lite_tflop: NonNegative
    render_tflop: NonNegative
    render_lite_tflop: NonNegative
    preprocessing_tflop: NonNegative
    preprocessing_levels: Annotated[
        tuple[Share, ...], pydantic.Field(min_length=1, max_length=20), pydantic.AfterValidator(_rising)
    ]


class Quality(Config):
    """Mean squared errors, as PSNR, and what they depend on."""

    alpha_square: Share
    matte_db: PerTier
    matte_slope: PerTier
    render_db: PerTier
    scene_db: Annotated[tuple[NonNegative, ...], pydantic.Field(min_length=2, max_length=20)]
    refresh: tuple[Annotated[int, pydantic.Field(ge=0, strict=True)], ...]


class Energy(Config):
    """What the headset uses."""

    device_nn_j_per_tflop: NonNegative
    device_gpu_j_per_tflop: NonNegative
    video_encode_j: NonNegative
    video_decode_j: NonNegative
    transmit_w: NonNegative
    receive_w: NonNegative


class Prices(Config):
    """What everything outside of the headset costs."""

    edge: NonNegative  # $/EFLOP
    cloud: NonNegative
    cluster: NonNegative
    spectrum: NonNegative  # $/Gsymbol
    fibre: NonNegative  # $/Tbit


class Switching(Config):
    """What it takes to render on another tier."""

    stall_ms: PerTier
    scene_gbit: NonNegative


class Limits(Config):
    """What must not be exceeded, nor undercut."""

    motion_to_photon_ms: Positive
    content_ms: Positive
    psnr_db: NonNegative


class Reward(Config):
    """How outcomes become one number."""

    psnr_best_db: Positive
    psnr_scale_db: Positive
    energy_scale_j: Positive
    cost_scale_usd_h: Positive
    penalty: NonNegative
    preference: Preference


class FixedSystem(Config):
    """One decision for good, by names."""

    uplink: str
    downlink: str
    matte: Literal["device", "edge", "cloud"]
    preprocessing: Annotated[int, pydantic.Field(ge=0, strict=True)]  # level
    render: Literal["device", "edge", "cloud"]


class Dynamics(Config):
    """How channels, loads and motion go on from epoch to epoch."""

    uplink_mean_db: Ratio
    downlink_mean_db: Ratio
    snr_std_db: Spread
    snr_correlation: Correlation
    edge_load_mean: Share
    cloud_load_mean: Share
    load_std: NonNegative
    load_correlation: Correlation
    load_max: Annotated[float, pydantic.Field(ge=0, lt=1, strict=True)]
    motion_stay: Share


class CEEConfig(Config):
    """One profile."""

    links: str  # shipped name, or path of an .npz file
    epochs: Count
    frames_per_epoch: Count
    frame_rate_hz: Positive
    pixels: Annotated[int, pydantic.Field(ge=1, le=10**9, strict=True)]
    latency: Latency
    radio: Radio
    fibre_gbps: Positive
    mezzanine_bits: NonNegative
    foreground: Share
    rates: Rates
    work: Work
    quality: Quality
    energy: Energy
    prices: Prices
    switching: Switching
    limits: Limits
    reward: Reward
    paper: FixedSystem
    shared_capacity: Annotated[float, pydantic.Field(gt=0, le=1, strict=True)]
    dynamics: Dynamics

    @pydantic.model_validator(mode="after")
    def _levels(self) -> CEEConfig:
        if len(self.quality.refresh) != len(self.work.preprocessing_levels):
            raise ValueError("quality.refresh needs one entry for each of work.preprocessing_levels")
        if self.quality.refresh[0] != 0 or self.work.preprocessing_levels[0] != 0:
            raise ValueError("quality.refresh and work.preprocessing_levels begin with 0")
        return self

    @property
    def epoch_s(self) -> float:
        """Length of an epoch in s."""
        return self.frames_per_epoch / self.frame_rate_hz


PROFILES = ("default",)


def load_profile(profile: str | Path = "default", **overrides: Any) -> CEEConfig:
    """Read a profile: one that ships or the path of a YAML file.

    Args:
        profile: "default", or a path ending in .yaml.
        **overrides: keys of the first level that replace the file's values, e.g. ``epochs=10``; a mapping
            replaces those keys of its section that it names. None is ignored.

    Raises:
        InputError: unknown profile, unreadable file, unknown key or bad value.
    """
    return read_profile(CEEConfig, "cee", PROFILES, profile, overrides)
