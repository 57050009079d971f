"""The measurements of speed run; how fast is for `semverse.scripts.speed` to say, not for a test."""

import semverse.envs  # noqa: F401  registers the ids
from semverse.envs.scc.speed import evaluate_rate, single_rate, vector_rate


def test_rates_are_measured_at_all():
    rates = (
        evaluate_rate("california", 0.05),
        single_rate("california", 0.05),
        vector_rate("virginia", 4, 0.05),
    )
    assert min(rates) > 0
