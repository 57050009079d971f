"""Schema of an ISGC profile; the values are YAML files in ``semverse.configs.isgc``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic

from semverse.envs.config import Config, read_profile

# strict: a boolean or a quoted number is refused rather than converted
Positive = Annotated[float, pydantic.Field(ge=1e-6, le=1e6, strict=True, allow_inf_nan=False)]
NonNegative = Annotated[float, pydantic.Field(ge=0, le=1e6, strict=True, allow_inf_nan=False)]


def _ordered(value: tuple[float, float]) -> tuple[float, float]:
    if value[0] > value[1]:
        raise ValueError("the lower end is above the upper end")
    return value


Range = Annotated[tuple[NonNegative, NonNegative], pydantic.AfterValidator(_ordered)]
PositiveRange = Annotated[tuple[Positive, Positive], pydantic.AfterValidator(_ordered)]


def _some_price(value: tuple[float, ...]) -> tuple[float, ...]:
    if not any(value):
        raise ValueError("every price is 0")
    return value


class ISGCConfig(Config):
    """One profile: link model, constants, and the ranges that states are drawn from, uniformly."""

    link_model: Literal["paper", "psd"]
    bandwidth_mhz: Positive  # W_max
    deadline_s: Positive  # T_max
    data: tuple[Positive, Positive, Positive]  # D: Msut, Mbit, Mbit
    q: Annotated[tuple[NonNegative, NonNegative, NonNegative], pydantic.AfterValidator(_some_price)]
    extraction_tflop: NonNegative  # Z_s
    extraction_tflops: Positive  # C_s, TFLOP/s
    inference_tflop: NonNegative  # Z_a
    rendering_tflop: NonNegative  # Z_m
    semantic_power_w: NonNegative  # p_s; enters the energy only
    entropy: PositiveRange  # H
    symbols: Range  # K, unless printed_symbols
    printed_symbols: bool  # draw K from the printed range instead
    symbols_printed_range: Range
    symbols_floor: Positive
    gain: Range  # g, both links
    power_w: PositiveRange  # p, both links
    noise_floor: Positive  # of sigma = max(|N(0, 1)|, floor)
    inference_tflops: PositiveRange  # C_a
    rendering_tflops: PositiveRange  # C_m
    logit_scale: Annotated[float, pydantic.Field(ge=0.1, le=20, strict=True)]

    @property
    def symbols_range(self) -> tuple[float, float]:
        """The range that K is drawn from (before the floor)."""
        return self.symbols_printed_range if self.printed_symbols else self.symbols


PROFILES = ("psd", "paper")


def load_profile(profile: str | Path = "psd", **overrides: Any) -> ISGCConfig:
    """Read a profile: one that ships ("psd", "paper") or the path of a YAML file.

    Args:
        profile: name of a shipped profile, or a path ending in .yaml.
        **overrides: keys that replace the file's values, e.g. ``q=(2, 1, 1)``; None is ignored.

    Raises:
        InputError: unknown profile, unreadable file, unknown key or bad value.
    """
    return read_profile(ISGCConfig, "isgc", PROFILES, profile, overrides)
