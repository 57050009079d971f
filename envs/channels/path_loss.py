"""Large-scale fading of 3GPP TR 38.901 (V17): path loss, probability of a line of sight, shadowing.

Scenarios ``umi`` (urban micro, street canyon: base stations below the roofs, 10 m) and ``uma`` (urban macro,
25 m). Distances are on the ground, in metres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semverse.envs.channels.checks import check_range
from semverse.envs.channels.noise import LIGHT_SPEED_M_S
from semverse.envs.channels.numerics import FloatArray
from semverse.envs.errors import InputError

CLOSEST_M = 10.0  # the formulas begin there; whoever is closer has the loss of this distance
ENVIRONMENT_HEIGHT_M = 1.0  # h_E of note 1 of table 7.4.1-1; for UMa exact up to a user height of 13 m
Bools = npt.NDArray[np.bool_] | bool


@dataclass(frozen=True)
class Scenario:
    """Constants of tables 7.4.1-1 (path loss in dB), 7.4.2-1, 7.5-6."""

    base_height_m: float
    los: tuple[float, float, float, float]  # offset, slopes before and after the break point, its correction
    nlos: tuple[float, float, float, float]  # offset, slope, slope of the frequency, of the user height
    shadowing_db: tuple[float, float]  # LOS, NLOS standard deviation
    decorrelation_m: tuple[float, float]  # LOS, NLOS
    los_decay_m: float


SCENARIOS = {
    "umi": Scenario(10.0, (32.4, 21.0, 40.0, 9.5), (22.4, 35.3, 21.3, 0.3), (4.0, 7.82), (10.0, 13.0), 36.0),
    "uma": Scenario(25.0, (28.0, 22.0, 40.0, 9.0), (13.54, 39.08, 20.0, 0.6), (4.0, 6.0), (37.0, 50.0), 63.0),
}


def path_loss_db(
    scenario: str,
    distance_m: npt.ArrayLike,
    frequency_ghz: npt.ArrayLike,
    los: Bools = True,
    *,
    base_height_m: float | None = None,
    user_height_m: npt.ArrayLike = 1.5,
) -> FloatArray:
    """Return the path loss in dB without shadowing (TR 38.901, table 7.4.1-1). Arguments broadcast.

    Args:
        scenario: ``umi`` or ``uma``.
        distance_m: on the ground; the formulas hold for 10 m to 5 km.
        frequency_ghz: 0.5 to 100.
        los: line of sight or not.
        base_height_m: 10 (umi) or 25 (uma) if not given.
        user_height_m: 1.5 to 22.5.

    Raises:
        InputError: an unknown scenario, or a value out of range.
    """
    constants = _constants(scenario)
    frequency = check_range(frequency_ghz, "frequency_ghz", 0.5, 100.0)
    user = check_range(user_height_m, "user_height_m", 1.5, 22.5)
    ground = np.maximum(check_range(distance_m, "distance_m", 0.0, np.inf), CLOSEST_M)
    base = constants.base_height_m if base_height_m is None else base_height_m
    base = float(check_range(base, "base_height_m", 1.5, 150.0))
    distance = np.log10(np.hypot(ground, base - user))
    heights = (base - ENVIRONMENT_HEIGHT_M) * (user - ENVIRONMENT_HEIGHT_M)
    break_point = 4 * heights * frequency * 1e9 / LIGHT_SPEED_M_S
    offset, near, far, correction = constants.los
    beyond = far * distance - correction * np.log10(break_point**2 + (base - user) ** 2)
    sight = offset + 20 * np.log10(frequency) + np.where(ground <= break_point, near * distance, beyond)
    offset, slope, of_frequency, of_height = constants.nlos
    hidden = offset + slope * distance + of_frequency * np.log10(frequency) - of_height * (user - 1.5)
    return np.where(los, sight, np.maximum(sight, hidden))


def los_probability(
    scenario: str, distance_m: npt.ArrayLike, user_height_m: npt.ArrayLike = 1.5
) -> FloatArray:
    """Return the probability of a line of sight (TR 38.901, table 7.4.2-1; outdoors). Arguments broadcast.

    Raises:
        InputError: an unknown scenario, or a value out of range.
    """
    decay = _constants(scenario).los_decay_m
    distance = np.maximum(check_range(distance_m, "distance_m", 0.0, np.inf), 18.0)
    user = check_range(user_height_m, "user_height_m", 1.5, 22.5)
    probability = 18 / distance + np.exp(-distance / decay) * (1 - 18 / distance)
    if scenario == "uma":
        tall = np.maximum((user - 13) / 10, 0.0) ** 1.5
        probability = probability * (1 + tall * 1.25 * (distance / 100) ** 3 * np.exp(-distance / 150))
    return np.asarray(probability)


def shadowing_std_db(scenario: str, los: Bools) -> FloatArray:
    """Return the standard deviation of the shadowing in dB (TR 38.901, table 7.4.1-1).

    Raises:
        InputError: an unknown scenario.
    """
    return np.where(los, *_constants(scenario).shadowing_db)


def shadowing_correlation(scenario: str, moved_m: npt.ArrayLike, los: Bools) -> FloatArray:
    """Return the correlation of the shadowing at places so far apart: exp(-d / d_cor).

    Source: TR 38.901, clause 7.4.4 and table 7.5-6.

    With `gauss_markov` of `semverse.envs.channels.fading`, shadowing in units of its standard deviation goes
    along with a user.

    Raises:
        InputError: an unknown scenario, or a negative distance.
    """
    moved = check_range(moved_m, "moved_m", 0.0, np.inf)
    return np.exp(-moved / np.where(los, *_constants(scenario).decorrelation_m))


def _constants(scenario: str) -> Scenario:
    if scenario not in SCENARIOS:
        remedy = f"choose from {', '.join(SCENARIOS)}"
        raise InputError(f"unknown {scenario!r:.60}", key="scenario", remedy=remedy)
    return SCENARIOS[scenario]
