"""Draws of network states (paper 001, section IV-C), with the ranges of a profile."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from semverse.envs.isgc.config import ISGCConfig
from semverse.envs.isgc.model import feasible
from semverse.envs.isgc.types import FloatArray

Float32 = npt.NDArray[np.float32]

# what the rows of uniform noise are for: column 0 of a state and columns 3 to 9; columns 1 and 2 are noise
UNIFORM = (
    "entropy",
    "gain",
    "power_w",
    "gain",
    "power_w",
    "symbols_range",
    "inference_tflops",
    "rendering_tflops",
)


def noise_ranges(config: ISGCConfig) -> tuple[Float32, Float32]:
    """Return the lower ends and the widths, [8, 1] each, of the ranges that states are drawn from."""
    ends = np.array([getattr(config, name) for name in UNIFORM])
    low, width = ends[:, :1], ends[:, 1:] - ends[:, :1]
    return low.astype(np.float32), width.astype(np.float32)


def states_from_noise(uniform: Float32, normal: Float32, config: ISGCConfig) -> Float32:
    """Turn standard noise, uniform [8, B] and normal [2, B], into states [10, B] (before any test).

    Float32, so that an observation is the state itself and not a rounding of it.
    """
    low, width = noise_ranges(config)
    states = np.empty((10, uniform.shape[1]), dtype=np.float32)
    for columns, rows in ((states[:1], slice(0, 1)), (states[3:], slice(1, 8))):
        np.multiply(uniform[rows], width[rows], out=columns)
        columns += low[rows]
    np.maximum(states[7], np.float32(config.symbols_floor), out=states[7])
    # printed as a normal draw and used as a scale: its size, with a floor
    noise = np.abs(normal, out=states[1:3])
    np.maximum(noise, np.float32(config.noise_floor), out=noise)
    return states


def sample_states(
    rng: np.random.Generator, count: int, config: ISGCConfig, *, resample: bool = True
) -> FloatArray:
    """Draw states [count, 10].

    Args:
        rng: the generator.
        count: how many.
        config: the profile.
        resample: drop states that have no feasible split, and draw others.
    """
    kept = np.zeros((0, 10))
    while len(kept) < count:
        block = max(64, int(1.5 * (count - len(kept))))
        columns = states_from_noise(
            rng.random((8, block), dtype=np.float32),
            rng.standard_normal((2, block), dtype=np.float32),
            config,
        )
        drawn = columns.T.astype(np.float64)
        kept = np.concatenate([kept, drawn[feasible(drawn, config)] if resample else drawn])
    return kept[:count]
