"""The speed that the documentation promises."""

import pytest

import semverse.envs  # noqa: F401  registers the ids
from semverse.envs.scc.speed import evaluate_rate, single_rate, vector_rate


def test_rates_are_measured_at_all():
    rates = (
        evaluate_rate("california", 0.05),
        single_rate("california", 0.05),
        vector_rate("virginia", 4, 0.05),
    )
    assert min(rates) > 0


@pytest.mark.slow
def test_native_batch_places_100_000_requests_a_second():
    assert max(vector_rate("california", 64, 2.0) for _ in range(3)) >= 100_000
