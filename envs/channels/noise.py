"""Thermal noise and link budget."""

from __future__ import annotations

import numpy.typing as npt

from semverse.envs.channels.checks import check_numbers, check_range
from semverse.envs.channels.numerics import FloatArray, from_db, to_db

BOLTZMANN_J_K = 1.380649e-23  # SI brochure, 9th ed.
LIGHT_SPEED_M_S = 299_792_458.0
ROOM_K = 290.0  # reference temperature of noise figures (ITU-R P.372)


def noise_power_w(
    bandwidth_hz: npt.ArrayLike, noise_figure_db: npt.ArrayLike = 0.0, temperature_k: npt.ArrayLike = ROOM_K
) -> FloatArray:
    """Return the noise power k T B F in watt; -174 dBm/Hz at 290 K. Arguments broadcast.

    Source: Nyquist, "Thermal agitation of electric charge in conductors", 1928; noise factor F: Friis, "Noise
    figures of radio receivers", 1944.

    Raises:
        InputError: a value out of range.
    """
    bandwidth = check_range(bandwidth_hz, "bandwidth_hz", 0.0, 1e12)
    temperature = check_range(temperature_k, "temperature_k", 0.0, 1e5)
    figure = from_db(check_range(noise_figure_db, "noise_figure_db", 0.0, 100.0))
    return BOLTZMANN_J_K * temperature * bandwidth * figure


def received_esno_db(
    power_dbm: npt.ArrayLike,
    loss_db: npt.ArrayLike,
    bandwidth_hz: npt.ArrayLike,
    noise_figure_db: npt.ArrayLike = 0.0,
) -> FloatArray:
    """Return Es/N0 in dB of symbols that fill a bandwidth. Arguments broadcast.

    Power less loss, over the noise power k T B F (Friis, "Noise figures of radio receivers", 1944): with
    symbols at the rate of the bandwidth this is the ratio of energy to noise density.

    Args:
        power_dbm: transmitted in the bandwidth, antenna gains counted in.
        loss_db: path loss, shadowing and all other losses.
        bandwidth_hz: over which the power is spread; above 0.
        noise_figure_db: of the receiver.

    Raises:
        InputError: a value out of range.
    """
    received = check_numbers(power_dbm, "power_dbm") - check_numbers(loss_db, "loss_db")
    bandwidth = check_range(bandwidth_hz, "bandwidth_hz", 1.0, 1e12)
    return received - 30 - to_db(noise_power_w(bandwidth, noise_figure_db))
