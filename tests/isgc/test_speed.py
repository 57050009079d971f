"""The speed that the documentation promises."""

import pytest

import semverse.envs  # noqa: F401  registers the ids
from semverse.envs.isgc.speed import batch_rate, cartpole_rate, optimum_rate


def test_rates_are_measured_at_all():
    assert min(optimum_rate("psd", 0.01), batch_rate(8, 0.01), cartpole_rate(8, 0.01)) > 0


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["paper", "psd"])
def test_100_000_optima_a_second(profile):
    assert max(optimum_rate(profile, 1.0) for _ in range(3)) >= 100_000


@pytest.mark.slow
def test_native_batch_makes_2_million_steps_a_second():
    assert max(batch_rate(1024, 1.0) for _ in range(5)) >= 2_000_000
