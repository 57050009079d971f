"""Accounting against dp-accounting, a filter that cannot overspend, and an audit of the real mechanism."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semverse.envs.fedsem.accountant import (
    PrivacyFilter,
    classical_noise,
    epsilons,
    gdp_delta,
    gdp_epsilon,
    gdp_mu,
)
from semverse.envs.fedsem.audit import audit
from semverse.envs.fedsem.mechanism import clip, quantise, release, upload_bits
from semverse.envs.fedsem.types import Release

DELTA = 1e-5


@pytest.mark.parametrize("noise", [0.2, 0.5, 1.0, 2.0, 5.0, 20.0])
def test_epsilon_is_that_of_dp_accounting(noise):
    from dp_accounting.pld.privacy_loss_distribution import from_gaussian_mechanism

    oracle = from_gaussian_mechanism(noise, value_discretization_interval=1e-3)
    for delta in (1e-3, 1e-5, 1e-8):
        assert gdp_epsilon(1.0 / noise, delta) == pytest.approx(oracle.get_epsilon_for_delta(delta), abs=1e-3)


def test_composition_is_that_of_dp_accounting():
    """Rounds with different noise, composed numerically."""
    from dp_accounting.pld.privacy_loss_distribution import from_gaussian_mechanism

    noises = [3.0, 5.0, 4.0]
    first, *others = (from_gaussian_mechanism(z, value_discretization_interval=1e-3) for z in noises)
    for other in others:
        first = first.compose(other)
    account = PrivacyFilter(1, 100.0, DELTA)
    for noise in noises:
        account.charge(np.array([True]), 1.0 / noise)
    assert account.epsilons()[0] == pytest.approx(first.get_epsilon_for_delta(DELTA), abs=1e-3)


@given(st.floats(0.01, 30.0), st.floats(1e-12, 0.1))
def test_mu_inverts_epsilon(epsilon, delta):
    mu = gdp_mu(epsilon, delta)
    assert gdp_delta(epsilon, mu) <= delta
    assert gdp_epsilon(mu, delta) == pytest.approx(epsilon, abs=1e-6)


def test_limits():
    assert gdp_epsilon(0.0, DELTA) == 0.0
    assert gdp_epsilon(math.inf, DELTA) == math.inf
    assert math.isfinite(gdp_epsilon(1e3, DELTA))
    assert epsilons([[0.0, 1.0]], DELTA).shape == (1, 2)


def test_the_textbook_noise_is_unsound_for_large_epsilon():
    """One release with it, accounted for exactly: private enough at 1, not at 16."""
    assert gdp_epsilon(1 / classical_noise(1.0, DELTA), DELTA) < 1.0
    assert gdp_epsilon(1 / classical_noise(16.0, DELTA), DELTA) > 16.0


REQUESTS = st.lists(st.tuples(st.lists(st.booleans(), min_size=3, max_size=3), st.floats(0, 5)), max_size=60)


@settings(max_examples=200)
@given(st.floats(0.1, 20), REQUESTS)
def test_no_sequence_of_requests_overspends(epsilon, requests):
    account = PrivacyFilter(3, epsilon, DELTA)
    for chosen, mu in requests:
        before = account.spent.copy()
        passed = account.charge(np.array(chosen), mu)
        assert not (passed & ~np.array(chosen)).any()
        assert np.array_equal(account.spent[~passed], before[~passed])
    assert (account.spent <= account.budget).all()
    assert (account.epsilons() <= epsilon + 1e-9).all()
    assert (account.share_spent() <= 1).all()


def test_the_filter_spends_all_there_is():
    account = PrivacyFilter(2, 4.0, DELTA)
    mu = math.sqrt(account.budget[0] / 4)
    passed = [account.charge(np.array([True, False]), mu * 0.999999)[0] for _ in range(5)]
    assert passed == [True] * 4 + [False]
    assert account.share_spent()[1] == 0


def uploads(seed=0, clients=5, numbers=40):
    return np.random.default_rng(seed).normal(size=(clients, numbers)).astype(np.float32)


@given(st.integers(1, 8), st.integers(0, 1000), st.floats(0.01, 10))
@settings(max_examples=50)
def test_no_client_moves_the_sum_by_more_than_the_bound(bits, seed, bound):
    clipped = clip(quantise(uploads(seed), bits), bound)
    assert (np.linalg.norm(clipped.astype(np.float64), axis=1) <= bound * (1 + 1e-6)).all()


def test_an_empty_upload_is_left_alone():
    rows = np.array([[0.0, 0.0], [3.0, 4.0], [0.3, 0.4]], dtype=np.float32)
    assert clip(rows, 1.0) == pytest.approx(np.array([[0, 0], [0.6, 0.8], [0.3, 0.4]], np.float32))


def test_quantisation_by_hand():
    """Two bits from -3 to 3: levels -3, -1, 1, 3, each the nearest; what is 0 throughout stays so."""
    values = np.array([[-3.0, -1.9, 0.5, 3.0], [0, 0, 0, 0]], dtype=np.float32)
    assert quantise(values, 2).tolist() == [[-3, -1, 1, 3], [0, 0, 0, 0]]
    assert np.array_equal(quantise(values, 32), values)
    assert upload_bits(10_000, 32) == 320_000
    assert upload_bits(10_000, 4) == 40_032


@pytest.mark.parametrize("noise", [0.5, 1.0])
def test_a_canary_finds_what_the_accountant_claims(noise):
    rows = uploads()
    rows[-1] *= 100
    found = audit(rows, Release(1.0, noise, 8, 0), DELTA, 20_000, np.random.default_rng(1))
    assert found.epsilon <= found.claimed_epsilon * 1.05
    assert found.epsilon >= found.claimed_epsilon * 0.95


def test_a_canary_betrays_a_mechanism_that_forgets_to_clip():
    def careless(rows, rule, rng):
        noise = rng.standard_normal(rows.shape[1]) * (rule.noise_multiplier * rule.clip)
        return (rows.sum(axis=0) + noise).astype(np.float32)

    found = audit(uploads(), Release(1.0, 1.0, 32, 0), DELTA, 500, np.random.default_rng(1), careless)
    assert found.mu - 5 * found.mu_error > 1.0
    assert found.epsilon > 2 * found.claimed_epsilon


def test_without_noise_the_sum_is_plain():
    rule = Release(1.0, 0.0, 32, 0)
    assert np.array_equal(release(uploads(), rule, np.random.default_rng(0)), uploads().sum(axis=0))
    assert rule.mu == math.inf


@pytest.mark.parametrize("mu", [1.0, math.inf])
def test_an_infinite_budget_is_never_spent(mu: float) -> None:
    account = PrivacyFilter(3, math.inf, 1e-5)
    chosen = np.array([True, False, True])
    assert account.charge(chosen, mu).tolist() == chosen.tolist()
    assert account.share_spent().tolist() == [0.0, 0.0, 0.0]
    assert account.spent[1] == 0.0
