"""Schema of a VL-SCC profile; the values are YAML files in ``semverse.configs.vlscc``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pydantic

from semverse.envs.config import Config, read_profile

# strict: a boolean or a quoted number is refused rather than converted
Share = Annotated[float, pydantic.Field(gt=0, le=1, strict=True)]
Positive = Annotated[float, pydantic.Field(ge=1e-3, le=1e6, strict=True, allow_inf_nan=False)]
Several = Annotated[float, pydantic.Field(gt=0, le=100, strict=True)]

PROFILES = ("classical", "mesh", "pictures", "toy", "toy_map")


class VLSCCConfig(Config):
    """One profile: which surfaces, the budget, the link and the stream."""

    surfaces: str  # shipped name, or path of an .npz file
    frames: Annotated[int, pydantic.Field(ge=1, le=10_000, strict=True)]  # T: the averaging window
    budget_share: Share  # symbols of the window over those of T whole codes
    link_share: Several  # symbols that the link sends in a frame interval over those of a whole code
    deadline_share: Several  # symbols that it sends until a frame's deadline, in the same unit
    frame_rate_hz: Positive
    mean_snr_db: Annotated[float, pydantic.Field(ge=-100, le=100, strict=True)]
    fading_correlation: Annotated[float, pydantic.Field(ge=0, lt=1, strict=True)]
    scene_stay: Annotated[float, pydantic.Field(ge=0, lt=1, strict=True)]
    # levels at which the transmitter works out, with a simulation of its own codec, what quality to expect
    probe_levels: tuple[Annotated[int, pydantic.Field(ge=0, strict=True)], ...]
    gamma: Annotated[float, pydantic.Field(ge=0, le=1e3, strict=True)]


def load_profile(profile: str | Path, **overrides: Any) -> VLSCCConfig:
    """Read a profile: one that ships or the path of a YAML file.

    Args:
        profile: name of a shipped profile, or a path ending in .yaml.
        **overrides: keys that replace the file's values, e.g. ``frames=64``; None is ignored.

    Raises:
        InputError: unknown profile, unreadable file, unknown key or bad value.
    """
    return read_profile(VLSCCConfig, "vlscc", PROFILES, profile, overrides)
