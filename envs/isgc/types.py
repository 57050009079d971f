"""Data types of the ISGC bandwidth problem. Arrays are batched on the first axis, B states at a time."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

LINKS = ("semantic", "content", "feedback")  # s -> a, a -> m, m -> s, in this order everywhere


@dataclass(frozen=True, eq=False)
class State:
    """Network states by name; `array` has them in the printed order of paper 001, section IV-C."""

    entropy: FloatArray  # [B] H_s^a, suts a message (approximate semantic entropy)
    noise_content: FloatArray  # [B] sigma_a, standard deviation
    noise_feedback: FloatArray  # [B] sigma_m
    gain_content: FloatArray  # [B] g_a^m
    power_content: FloatArray  # [B] p_a^m, W
    gain_feedback: FloatArray  # [B] g_m^s
    power_feedback: FloatArray  # [B] p_m^s, W
    symbols: FloatArray  # [B] K_s^a, symbols a message
    compute_inference: FloatArray  # [B] C_a^s, TFLOP/s
    compute_rendering: FloatArray  # [B] C_m^a, TFLOP/s

    @staticmethod
    def of(states: npt.ArrayLike) -> State:
        """Name the columns of states [..., 10]; each column is contiguous."""
        columns = np.ascontiguousarray(np.moveaxis(np.asarray(states, dtype=np.float64), -1, 0))
        return State(*columns)

    def array(self) -> FloatArray:
        """Return the states [..., 10]."""
        return np.stack([getattr(self, name) for name in STATE_FIELDS], axis=-1)


STATE_FIELDS = tuple(field.name for field in fields(State))


@dataclass(frozen=True, eq=False)
class Links:
    """All of a state that decides about its three links."""

    strength: FloatArray  # [3, B] see `semverse.envs.isgc.links.links_of`
    time_left_s: FloatArray  # [B] for transmission: the deadline less the three computations

    def take(self, rows: IntArray) -> Links:
        """Return the links of some states."""
        return Links(self.strength.take(rows, axis=1), self.time_left_s.take(rows))


@dataclass(frozen=True, eq=False)
class Decision:
    """A split of the band."""

    split_mhz: FloatArray  # [B, 3] semantic, content, feedback

    @property
    def total_mhz(self) -> FloatArray:
        """Return the band in use [B]."""
        total: FloatArray = self.split_mhz.sum(axis=-1)
        return total


@dataclass(frozen=True, eq=False)
class Costs:
    """What splits bring and cost."""

    utility: FloatArray  # [B] credit/s, prices times rates, whether or not the deadline holds
    rates: FloatArray  # [B, 3] Msut/s, Mbit/s, Mbit/s
    latency_s: FloatArray  # [B] computation and transmission of all three steps
    energy_j: FloatArray  # [B] transmission: power times time of each link
    feasible: BoolArray  # [B] the deadline holds and the band suffices
