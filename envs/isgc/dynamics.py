"""The slotted ISGC problem: queues, channels that fade slowly, and what a slot pays. Pure.

A slot lasts 1 s. Each module has a queue [Msut, Mbit, Mbit]; requests arrive by a Poisson process each and
bring the profile's data. The complex channel of a wireless link is Gauss-Markov, h' = rho h + sqrt(1 - rho^2)
n; its gain g = 1 - exp(-|h|^2) is uniform on (0, 1), as printed in paper 001, scaled to the profile's range.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pydantic

from semverse.envs.channels.fading import gauss_markov_path
from semverse.envs.config import Config, load_yaml, parse, shipped
from semverse.envs.isgc.config import ISGCConfig, NonNegative
from semverse.envs.isgc.links import SMALLEST_MHZ, column, link_rates, links_of, prices, rate_slopes
from semverse.envs.isgc.types import FloatArray, State
from semverse.envs.isgc.waterfill import width_for

NEWTON_STEPS = 10


class DynamicsConfig(Config):
    """Horizon, fading, arrivals and the price of waiting."""

    slots: Annotated[int, pydantic.Field(ge=1, le=10_000, strict=True)]
    correlation: Annotated[float, pydantic.Field(ge=0, lt=1, strict=True)]
    load: Annotated[float, pydantic.Field(ge=0, le=10, strict=True)]
    holding_cost: NonNegative


def load_dynamics(dynamics: str | Path | None = None, **overrides: Any) -> DynamicsConfig:
    """Read the dynamics: the shipped file, or a path; keyword arguments replace its values.

    Raises:
        InputError: unreadable file, unknown key or bad value.
    """
    path = shipped("isgc", "dynamics", "default.yaml") if dynamics is None else Path(dynamics)
    given = {key: value for key, value in overrides.items() if value is not None}
    return parse(DynamicsConfig, {**load_yaml(path), **given}, source=dynamics or "dynamics")


@dataclass(frozen=True, eq=False)
class Episode:
    """Everything random of T slots; who knows it all is clairvoyant."""

    states: FloatArray  # [T, 10] the state of each slot: only the gains change
    arrivals: FloatArray  # [T, 3] Msut, Mbit, Mbit that are there when a slot begins

    @property
    def slots(self) -> int:
        """Return T."""
        return len(self.arrivals)


def draw_episode(
    state: FloatArray, rng: np.random.Generator, config: ISGCConfig, dynamics: DynamicsConfig
) -> Episode:
    """Draw the fading and the arrivals of an episode.

    Args:
        state: [10] all but its gains stays as it is.
        rng: the generator.
        config: the profile.
        dynamics: horizon, correlation, rate.
    """
    slots = dynamics.slots
    noise = rng.standard_normal((slots, 2, 2)) * np.sqrt(0.5)  # [.., link, real and imaginary part]
    channel = gauss_markov_path(noise, dynamics.correlation)
    share = -np.expm1(-np.square(channel).sum(axis=-1))
    low, high = config.gain
    states = np.repeat(np.asarray(state, dtype=np.float64)[None], slots, axis=0)
    states[:, [3, 5]] = low + (high - low) * share
    requests = rng.poisson(dynamics.load * sustainable_rate(state, config), (slots, 3))
    return Episode(states, requests * np.array(config.data))


def sustainable_rate(state: FloatArray, config: ISGCConfig) -> float:
    """Return how many requests a slot and module the band can serve when all gains are at their mean."""
    mean = np.array(state, dtype=np.float64)[None]
    mean[:, [3, 5]] = 0.5 * (config.gain[0] + config.gain[1])
    strength, data = links_of(State.of(mean), config).strength, column(config.data)
    band = np.full((3, 1), config.bandwidth_mhz)
    rate = float((link_rates(strength, band, config) / data).min())
    # the band that is needed is convex in the rate: Newton's method from the right
    for _ in range(NEWTON_STEPS):
        width = np.maximum(width_for(strength, rate * data, config), SMALLEST_MHZ)
        _, slopes = rate_slopes(strength, width, config)
        rate -= float((width.sum() - config.bandwidth_mhz) / (data / slopes).sum())
    return max(rate, 0.0)


@dataclass(frozen=True, eq=False)
class Slot:
    """What a slot came to."""

    served: FloatArray  # [3] Msut, Mbit, Mbit
    waiting: FloatArray  # [3] left over
    utility: float  # credit earned by what was served
    holding: float  # credit paid for what was left waiting

    @property
    def reward(self) -> float:
        """Return the utility minus the holding cost."""
        return self.utility - self.holding


def serve(
    state: FloatArray, backlog: FloatArray, split: FloatArray, config: ISGCConfig, dynamics: DynamicsConfig
) -> Slot:
    """Serve one slot: each queue at the rate of its link, as far as it is filled.

    Args:
        state: [10].
        backlog: [3] Msut, Mbit, Mbit.
        split: [3] MHz.
        config: the profile.
        dynamics: the price of waiting.
    """
    strength = links_of(State.of(state[None]), config).strength
    served = np.minimum(link_rates(strength, split[:, None], config)[:, 0], backlog)
    waiting = backlog - served
    price = prices(config)[:, 0]
    return Slot(served, waiting, float(price @ served), float(dynamics.holding_cost * (price @ waiting)))


def play(
    episode: Episode, splits: FloatArray, config: ISGCConfig, dynamics: DynamicsConfig
) -> tuple[float, FloatArray]:
    """Return the total reward of splits [T, 3] and the backlogs [T, 3] that the slots began with."""
    backlog, total, seen = np.zeros(3), 0.0, []
    for state, arrived, split in zip(episode.states, episode.arrivals, splits, strict=True):
        backlog = backlog + arrived
        seen.append(backlog)
        slot = serve(state, backlog, split, config, dynamics)
        total, backlog = total + slot.reward, slot.waiting
    return total, np.array(seen)
