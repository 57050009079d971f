"""Small-scale fading and noise: moments, correlation, determinism."""

import numpy as np
import pytest

from semverse.envs.channels.fading import (
    doppler_hz,
    gauss_markov,
    gauss_markov_path,
    jakes,
    jakes_correlation,
    rayleigh,
    rician,
)
from semverse.envs.channels.noise import noise_power_w, received_esno_db
from semverse.envs.errors import InputError

COUNT = 100_000


def test_moments_of_rayleigh_and_rician():
    """Mean power 1; E|h|^4 = 2 for Rayleigh, 1 + (2 K + 1) / (K + 1)^2 for Rice; standard error 0.01."""
    rng = np.random.default_rng(0)
    power = np.abs(rayleigh(rng, COUNT)) ** 2
    assert power.mean() == pytest.approx(1, abs=0.02)
    assert (power**2).mean() == pytest.approx(2, abs=0.08)
    for k_factor in (0.5, 4.0):
        gains = rician(rng, (2, COUNT // 2), 10 * np.log10(k_factor))
        power = np.abs(gains) ** 2
        assert abs(gains.mean()) < 0.02
        assert power.mean() == pytest.approx(1, abs=0.02)
        assert (power**2).mean() == pytest.approx(1 + (2 * k_factor + 1) / (k_factor + 1) ** 2, abs=0.05)


@pytest.mark.parametrize("kind", ["complex", "real"])
def test_gauss_markov_is_stationary(kind):
    rng = np.random.default_rng(1)
    first = rayleigh(rng, COUNT) if kind == "complex" else rng.standard_normal(COUNT)
    second = gauss_markov(rng, first, 0.8)
    assert np.iscomplexobj(second) == (kind == "complex")
    assert (np.abs(second) ** 2).mean() == pytest.approx(1, abs=0.02)
    assert (second * np.conj(first)).mean() == pytest.approx(0.8, abs=0.02)
    assert np.array_equal(gauss_markov(rng, first, 1.0), first)


def test_gauss_markov_path_by_hand():
    """0.6 x + 0.8 w."""
    noise = np.array([[1.0, 0.0], [0.5, 1.0], [-1.0, 2.0]])
    expected = [[1.0, 0.0], [1.0, 0.8], [-0.2, 2.08]]
    assert gauss_markov_path(noise, 0.6) == pytest.approx(np.array(expected))
    assert np.array_equal(noise[1], [0.5, 1.0])
    drawn = gauss_markov_path(np.random.default_rng(0).standard_normal((COUNT // 10, 10)), 0.8)
    assert drawn.var() == pytest.approx(1, abs=0.05)
    assert (drawn[1:] * drawn[:-1]).mean() == pytest.approx(0.8, abs=0.05)


def test_jakes_correlation_is_the_bessel_function():
    special = pytest.importorskip("scipy.special")
    lag = np.linspace(0, 5, 1001)
    assert np.abs(jakes_correlation(100.0, lag) - special.j0(2 * np.pi * 100 * lag)).max() < 1e-10
    assert jakes_correlation(0.0, 1.0) == 1.0


def test_jakes_process_has_its_correlation():
    rng = np.random.default_rng(2)
    times = np.array([0.0, 0.001, 0.004, 0.01])
    gains = jakes(rng, times, 50.0, count=10_000)
    assert gains.shape == (10_000, 4)
    assert (np.abs(gains) ** 2).mean(axis=0) == pytest.approx(np.ones(4), abs=0.05)
    assert (np.abs(gains) ** 4).mean() == pytest.approx(2, abs=0.08)
    correlation = (gains * np.conj(gains[:, :1])).mean(axis=0)
    assert correlation == pytest.approx(jakes_correlation(50.0, times), abs=0.05)


def test_the_same_seed_gives_the_same_bits():
    for draw in (
        lambda rng: rayleigh(rng, (3, 4)),
        lambda rng: rician(rng, 5, 3.0),
        lambda rng: jakes(rng, np.arange(3.0), 1.0, 2),
    ):
        assert np.array_equal(draw(np.random.default_rng(7)), draw(np.random.default_rng(7)))


def test_doppler_and_noise_by_hand():
    assert doppler_hz(299_792_458 / 1e7, 1.0) == pytest.approx(100.0)
    assert 10 * np.log10(noise_power_w(1.0) * 1000) == pytest.approx(-173.975, abs=1e-3)
    assert 10 * np.log10(noise_power_w(20e6, 7.0) * 1000) == pytest.approx(-93.965, abs=1e-3)
    assert received_esno_db(23.0, 110.0, 20e6, 7.0) == pytest.approx(23 - 110 + 93.965, abs=1e-3)


@pytest.mark.parametrize(
    ("key", "call"),
    [
        ("k_factor_db", lambda: rician(np.random.default_rng(0), 2, np.nan)),
        ("correlation", lambda: gauss_markov(np.random.default_rng(0), np.zeros(2), 1.1)),
        ("speed_m_s", lambda: doppler_hz(-1.0, 2.0)),
        ("lag_s", lambda: jakes_correlation(10.0, -1.0)),
        ("lag_s", lambda: jakes_correlation(10.0, 1e6)),
        ("times_s", lambda: jakes(np.random.default_rng(0), ["now"], 1.0)),
        ("bandwidth_hz", lambda: noise_power_w(-1.0)),
        ("bandwidth_hz", lambda: received_esno_db(0.0, 0.0, 0.0)),
        ("power_dbm", lambda: received_esno_db(np.inf, 0.0, 1.0)),
    ],
)
def test_wrong_input(key, call):
    with pytest.raises(InputError, match=f"^{key}: "):
        call()
