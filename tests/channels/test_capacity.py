"""Capacities against independent integrals, closed forms and limits."""

from itertools import pairwise

import numpy as np
import pytest

from semverse.envs.channels.capacity import (
    bicm_capacity,
    bicm_dispersion,
    bicm_esno_db,
    normal_approximation,
    normal_approximation_rate,
    normal_approximation_waterfall,
    shannon_capacity,
)
from semverse.envs.channels.modulation import BITS_PER_SYMBOL, amplitudes
from semverse.envs.channels.numerics import normal_quantile, normal_tail
from semverse.envs.errors import InputError


def test_normal_tail_and_its_inverse():
    special = pytest.importorskip("scipy.special")
    x = np.linspace(-8, 30, 2001)
    assert np.abs(normal_tail(x) / special.ndtr(-x) - 1).max() < 2e-7
    assert normal_quantile(0.1) == pytest.approx(1.2815515655, abs=1e-9)
    assert normal_tail(normal_quantile(1e-3)) == pytest.approx(1e-3, rel=1e-6)


@pytest.mark.parametrize("modulation", BITS_PER_SYMBOL)
def test_bits_of_a_symbol(modulation):
    """Gray labels: neighbouring amplitudes differ in one bit; energy as documented."""
    levels = amplitudes(modulation)
    order = np.argsort(levels)
    assert all(bin(a ^ b).count("1") == 1 for a, b in pairwise(order))
    assert np.ptp(np.diff(levels[order])) < 1e-12
    assert (levels**2).mean() == pytest.approx(1.0 if modulation == "bpsk" else 0.5)


def test_bpsk_against_quadrature():
    """I = 1 - E log2(1 + exp(-2 (1 + s z) / s^2)), and the variance of the same."""
    integrate = pytest.importorskip("scipy.integrate")
    for esno_db in (-10.0, -2.85, 0.3, 6.0):
        deviation = np.sqrt(0.5 * 10 ** (-esno_db / 10))

        def expectation(power, deviation=deviation):
            def integrand(z):
                density = 1 - np.logaddexp(0, -2 * (1 + deviation * z) / deviation**2) / np.log(2)
                return density**power * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)

            return integrate.quad(integrand, -10, 10, limit=200)[0]

        assert bicm_capacity("bpsk", esno_db) == pytest.approx(expectation(1), abs=2e-5)
        variance = expectation(2) - expectation(1) ** 2
        assert bicm_dispersion("bpsk", esno_db) == pytest.approx(variance, abs=1e-4)


@pytest.mark.parametrize("modulation", BITS_PER_SYMBOL)
def test_limits(modulation):
    esno_db = np.linspace(-40, 45, 341)
    information = bicm_capacity(modulation, esno_db)
    assert (np.diff(information) >= 0).all()
    assert (information <= shannon_capacity(esno_db) + 1e-4).all()
    assert information[-1] == pytest.approx(BITS_PER_SYMBOL[modulation])
    assert information[0] < 2e-4
    assert (bicm_dispersion(modulation, esno_db) >= 0).all()
    half = BITS_PER_SYMBOL[modulation] / 2
    assert bicm_capacity(modulation, bicm_esno_db(modulation, half)) == pytest.approx(half, abs=1e-9)


def test_bpsk_and_qpsk_are_one_channel():
    esno_db = np.linspace(-10, 10, 9)
    twice = 2 * bicm_capacity("bpsk", esno_db)
    assert bicm_capacity("qpsk", esno_db + 10 * np.log10(2)) == pytest.approx(twice, abs=1e-4)


def test_normal_approximation():
    by_hand = 512 * bicm_capacity("qpsk", 1.0) - 500 + np.log2(512) / 2
    by_hand /= np.sqrt(512 * bicm_dispersion("qpsk", 1.0))
    assert normal_approximation("qpsk", 500 / 1024, 500, 1.0) == pytest.approx(normal_tail(by_hand))
    position, width = normal_approximation_waterfall("qpsk", [0.3, 0.5], [[100], [5000]])
    assert position.shape == width.shape == (2, 2)
    k = np.array([[100], [5000]])
    assert normal_approximation("qpsk", [0.3, 0.5], k, position) == pytest.approx(0.5, abs=1e-3)
    tenth = position + normal_quantile(0.1) * width
    assert normal_approximation("qpsk", [0.3, 0.5], k, tenth) == pytest.approx(0.1, abs=1e-3)


def test_rate_of_the_normal_approximation_is_its_inverse():
    rate = normal_approximation_rate("16qam", 500, 0.1, 8.0)
    k = int(500 * rate)
    assert normal_approximation("16qam", k / 2000, k, 8.0) == pytest.approx(0.1, abs=0.02)
    assert rate < bicm_capacity("16qam", 8.0)
    assert normal_approximation_rate("16qam", 10**9, 0.1, 8.0) == pytest.approx(
        bicm_capacity("16qam", 8.0), abs=1e-3
    )


@pytest.mark.parametrize(
    ("key", "call"),
    [
        ("modulation", lambda: bicm_capacity("8psk", 0.0)),
        ("modulation", lambda: bicm_dispersion("8psk", 0.0)),
        ("code_rate", lambda: normal_approximation("qpsk", 1.0, 100, 0.0)),
        ("k", lambda: normal_approximation("qpsk", 0.5, 10_000, 0.0)),
        ("k", lambda: normal_approximation("qpsk", 0.5, 100.5, 0.0)),
    ],
)
def test_wrong_input(key, call):
    with pytest.raises(InputError, match=f"^{key}: "):
        call()
