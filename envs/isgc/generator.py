"""Draws of network states (paper 001, section IV-C), with the ranges of a profile."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from semverse.envs.isgc.config import ISGCConfig
from semverse.envs.isgc.model import feasible
from semverse.envs.isgc.types import FloatArray

Float32 = npt.NDArray[np.float32]

# column of a state and the range it is drawn from; columns 1 and 2 are noise
UNIFORM = {
    0: "entropy",
    3: "gain",
    4: "power_w",
    5: "gain",
    6: "power_w",
    7: "symbols_range",
    8: "inference_tflops",
    9: "rendering_tflops",
}


def states_from_noise(uniform: Float32, normal: Float32, config: ISGCConfig) -> Float32:
    """Turn standard noise, uniform [8, B] and normal [2, B], into states [10, B] (before any test).

    Float32, so that an observation is the state itself and not a rounding of it.
    """
    states = np.empty((10, uniform.shape[1]), dtype=np.float32)
    for (column, name), noise in zip(UNIFORM.items(), uniform, strict=True):
        low, high = getattr(config, name)
        np.multiply(noise, np.float32(high - low), out=states[column])
        states[column] += np.float32(low)
    np.maximum(states[7], np.float32(config.symbols_floor), out=states[7])
    # printed as a normal draw and used as a scale: its size, with a floor
    states[1:3] = np.maximum(np.abs(normal), np.float32(config.noise_floor))
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
