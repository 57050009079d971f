"""The measurements of speed run; how fast is for `semverse.scripts.speed` to say, not for a test."""

import semverse.envs  # noqa: F401  registers the ids
from semverse.envs.isgc.speed import batch_rate, cartpole_rate, optimum_rate


def test_rates_are_measured_at_all():
    assert min(optimum_rate("psd", 0.01), batch_rate(8, 0.01), cartpole_rate(8, 0.01)) > 0
