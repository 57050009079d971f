"""The model by hand, and the optimum against grids, SLSQP, bisection and random splits."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from semverse.envs.errors import InputError
from semverse.envs.isgc.config import load_profile
from semverse.envs.isgc.core import logits_of, split_of
from semverse.envs.isgc.generator import sample_states
from semverse.envs.isgc.links import link_rates, links_of, rate_curvature, rate_slopes
from semverse.envs.isgc.model import (
    PRINTED_STATES,
    evaluate,
    feasible,
    min_time_split,
    optimum,
    shield,
)
from semverse.envs.isgc.shared import share_by_bids, social_optimum
from semverse.envs.isgc.split import time_and_bound_s
from semverse.envs.isgc.types import STATE_FIELDS, State
from semverse.envs.isgc.waterfill import share_band, width_for

PROFILES = ("paper", "psd")
HAND = np.array([1, 1, 1, 0.75, 4, 0.75, 4, 1, 8, 15.0])  # H / K = 1, SNR 3 on both links


@cache
def profile_of(name, **overrides):
    return load_profile(name, **overrides)


def draws(profile, count, seed=0, **overrides):
    config = profile_of(profile, **overrides)
    return sample_states(np.random.default_rng(seed), count, config), config


def test_paper_profile_by_hand():
    # rates 10 * 1, 5 * log2(4), 5 * log2(4); 0.05/0.5 + 3.2/8 + 3/15 + 2/10 + 3/10 + 3/10 s;
    # 1 W * 0.2 s + 3 W... p = 4 W on both: 4 * 0.3 + 4 * 0.3 J
    costs = evaluate(HAND, [10, 5, 5], load_profile("paper", q=(2.0, 1.0, 1.0)))
    assert costs.rates == pytest.approx([10, 10, 10])
    assert costs.utility == pytest.approx(40)
    assert costs.latency_s == pytest.approx(1.5)
    assert costs.energy_j == pytest.approx(0.2 + 1.2 + 1.2)
    assert costs.feasible


def test_psd_profile_by_hand():
    # SNR 3 * (20 / 3) / 20 = 1 over the whole band: 20 * log2(2); and 3 at a third of the band
    config = load_profile("psd")
    costs = evaluate(HAND, [[0, 20, 0], [0, 0, 20 / 3]], config)
    assert costs.rates[0, 1] == pytest.approx(20)
    assert costs.rates[1, 2] == pytest.approx(20 / 3 * 2)
    assert not costs.feasible.any()  # a link without band delivers nothing


def test_splits_beyond_the_band_are_not_feasible():
    assert not evaluate(HAND, [15, 15, 15], load_profile("paper")).feasible


def test_quickest_split_by_hand():
    # profile paper, a = D / e = (2, 1.5, 1.5): W ~ (sqrt 2, sqrt 1.5, sqrt 1.5)
    roots = np.sqrt([2, 1.5, 1.5])
    assert min_time_split(HAND, load_profile("paper")) == pytest.approx(20 * roots / roots.sum())


def test_feasibility_by_hand():
    # (sum sqrt a)^2 = W_max T_left just decides; 0.7 s of computation come on top
    needed = np.sqrt([2, 1.5, 1.5]).sum() ** 2 / 20 + 0.7
    assert feasible(HAND, load_profile("paper", deadline_s=needed * (1 + 1e-6)))
    assert not feasible(HAND, load_profile("paper", deadline_s=needed * (1 - 1e-6)))


@pytest.mark.parametrize("profile", PROFILES)
def test_quickest_split_is_the_quickest_of_a_grid(profile):
    states, config = draws(profile, 40)
    grid = simplex(120)
    latency = evaluate(states[:, None], grid, config).latency_s
    best = evaluate(states, min_time_split(states, config), config).latency_s
    assert (best <= latency.min(axis=1) + 1e-9).all()
    assert (best >= latency.min(axis=1) - 0.01).all()


def simplex(points, band=20.0):
    """Splits of the band on a grid of so many steps."""
    first, second = np.meshgrid(np.arange(1, points), np.arange(1, points), indexing="ij")
    inside = first + second < points
    first, second = first[inside], second[inside]
    return np.stack([first, second, points - first - second], axis=-1) * (band / points)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("q", [(1.0, 1.0, 1.0), (2.0, 1.0, 1.0), (0.0, 0.0, 1.0), (5.0, 1.0, 0.0)])
def test_optimum_beats_a_grid(profile, q):
    states, config = draws(profile, 3, q=q)
    best = optimum(states, config)
    grid = simplex(800)
    for state, value in zip(states, best.utility, strict=True):
        costs = evaluate(state, grid, config)
        found = np.where(costs.feasible, costs.utility, 0.0).max()
        assert value >= found * (1 - 1e-10)
        assert value <= found * 1.02
    assert evaluate(states, best.split_mhz, config).feasible.all()
    assert best.split_mhz.sum(axis=-1) == pytest.approx(20)


@pytest.mark.parametrize("profile", PROFILES)
def test_optimum_equals_slsqp(profile):
    states, config = draws(profile, 8, seed=3)
    best = optimum(states, config)
    for state, start, value in zip(states, min_time_split(states, config), best.utility, strict=True):
        found = minimize(
            lambda split, state=state: -float(evaluate(state, split, config).utility),
            start,
            method="SLSQP",
            bounds=[(0.05, 20.0)] * 3,
            constraints=[
                {"type": "eq", "fun": lambda split: split.sum() - 20},
                {
                    "type": "ineq",
                    "fun": lambda split, s=state: 2.0 - float(evaluate(s, split, config).latency_s),
                },
            ],
            options={"ftol": 1e-13, "maxiter": 200},
        )
        assert value >= -found.fun * (1 - 1e-8)
        assert value == pytest.approx(-found.fun, rel=1e-4)


def bisected(state, config):
    """Profile paper in closed form but for lambda, which is bisected (independent of the solver)."""
    links = links_of(State.of(state[None]), config)
    e, left = links.strength[:, 0], links.time_left_s[0]
    a, v = np.array(config.data) / e, np.array(config.q) * e
    low, high = v.max() * (1 + 1e-15), v.max() * 1e6
    for _ in range(300):
        lam = np.sqrt(low * high)
        split = np.sqrt(a / (lam - v)) * np.sqrt(a * (lam - v)).sum() / left
        low, high = (lam, high) if split.sum() > 20 else (low, lam)
    return float(v @ split)


def test_optimum_equals_the_bisection_of_lambda():
    states, config = draws("paper", 60, seed=5)
    expected = [bisected(state, config) for state in states]
    assert optimum(states, config).utility == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("profile", PROFILES)
def test_gap_is_tiny_on_many_states(profile):
    states, config = draws(profile, 5_000, seed=8)
    best = optimum(states, config)
    assert best.feasible.all()
    assert (best.gap <= 1e-9 * best.utility).all()
    assert evaluate(states, best.split_mhz, config).feasible.all()


def test_answers_do_not_depend_on_the_batch():
    states, config = draws("psd", 50)
    together, alone = optimum(states, config), [optimum(state, config) for state in states]
    assert np.array_equal(together.utility, [one.utility for one in alone])
    assert np.array_equal(together.split_mhz, [one.split_mhz for one in alone])


def test_a_left_over_linear_link_gets_the_residual():
    # with all time in the world the deadline does not bind: content and feedback stop where their marginal
    # rate is the semantic link's, which takes the rest
    state, config = HAND.copy(), load_profile("psd", deadline_s=1000.0)
    split = optimum(state, config).split_mhz
    _, slopes = rate_slopes(links_of(State.of(state[None]), config).strength, split[:, None], config)
    assert slopes[:, 0] == pytest.approx([1, 1, 1], rel=1e-6)
    assert split[0] == pytest.approx(20 - split[1] - split[2])


@pytest.mark.parametrize("profile", PROFILES)
def test_derivatives_are_those_of_the_rates(profile):
    states, config = draws(profile, 5)
    strength, split, h = links_of(State.of(states), config).strength, np.full((3, 5), 4.0), 1e-4
    rates, slopes = rate_slopes(strength, split, config)
    up, down = (link_rates(strength, split + d, config) for d in (h, -h))
    assert rates == pytest.approx(link_rates(strength, split, config))
    assert slopes == pytest.approx((up - down) / (2 * h), rel=1e-6)
    assert rate_curvature(rates, slopes, split) == pytest.approx((up - 2 * rates + down) / h**2, abs=1e-5)


@pytest.mark.parametrize(
    ("name", "paper", "psd"),
    [("PPO_1", 0, 0), ("PPO_2", 78.6708, 62.4097), ("Diffusion_1", 0, 0), ("Diffusion_2", 48.7055, 42.0936)],
)
def test_printed_states(name, paper, psd):
    for profile, expected in (("paper", paper), ("psd", psd)):
        best = optimum(PRINTED_STATES[name], load_profile(profile))
        assert best.utility == pytest.approx(expected, abs=1e-3)
        assert best.feasible == (expected > 0)


def test_printed_constants():
    for profile in PROFILES:
        config = load_profile(profile)
        assert (config.entropy, config.gain, config.power_w) == ((1.0, 2.0), (0.0, 1.0), (3.0, 5.0))
        assert load_profile(profile, printed_symbols=True).symbols_range == (0.0, 0.8)
        assert (config.bandwidth_mhz, config.deadline_s, config.data) == (20.0, 2.0, (2.0, 3.0, 3.0))
    assert load_profile("paper").q == (2.0, 1.0, 1.0)
    assert load_profile("psd").q == (1.0, 1.0, 1.0)


def test_states_have_names():
    state = State.of(HAND[None])
    assert np.array_equal(state.array()[0], HAND)
    assert STATE_FIELDS[3:7] == ("gain_content", "power_content", "gain_feedback", "power_feedback")


@pytest.mark.parametrize("profile", PROFILES)
def test_share_of_draws_that_no_split_can_serve(profile):
    config = load_profile(profile)
    states = sample_states(np.random.default_rng(0), 20_000, config, resample=False)
    assert feasible(states, config).mean() == pytest.approx({"paper": 0.84, "psd": 0.79}[profile], abs=0.01)


shares = st.lists(st.floats(0.001, 1.0), min_size=3, max_size=3)
seeds = st.integers(0, 10_000)


@given(seed=seeds, raw=shares, profile=st.sampled_from(PROFILES))
def test_optimum_beats_any_feasible_split(seed, raw, profile):
    states, config = draws(profile, 1, seed)
    split = 20 * np.array(raw) / sum(raw)
    moved = shield(states[0], split, config)
    costs = evaluate(states[0], moved, config)
    assert costs.feasible
    assert costs.utility <= optimum(states[0], config).utility * (1 + 1e-9)


@given(seed=seeds, raw=shares, profile=st.sampled_from(PROFILES))
def test_shield_moves_no_farther_than_it_must(seed, raw, profile):
    states, config = draws(profile, 1, seed)
    split = 20 * np.array(raw) / sum(raw)
    moved = shield(states[0], split, config)
    if evaluate(states[0], split, config).feasible:
        assert np.array_equal(moved, split)
    else:
        assert 0 <= 2.0 - evaluate(states[0], moved, config).latency_s + 1e-9 <= 0.02


@pytest.mark.parametrize("profile", PROFILES)
def test_shield_leaves_next_to_no_time(profile):
    states, config = draws(profile, 4_000, seed=6)
    rng = np.random.default_rng(0)
    for logits in (rng.uniform(-1, 1, (3, 4_000)), rng.choice([-1.0, 1.0], (3, 4_000))):
        raw = split_of(logits, config).T
        missed = ~evaluate(states, raw, config).feasible
        left = 2.0 - evaluate(states, shield(states, raw, config), config).latency_s[missed]
        assert missed.sum() > 1_000
        assert left.min() >= -1e-9
        assert left.max() <= 5e-5


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("deadline_s", [1.0, 2.0, 5.0])
def test_proofs_of_feasibility_agree_with_the_quickest_split(profile, deadline_s):
    config = profile_of(profile, deadline_s=deadline_s)
    states = sample_states(np.random.default_rng(3), 20_000, config, resample=False)
    latency = evaluate(states, min_time_split(states, config), config).latency_s
    assert np.array_equal(feasible(states, config), latency <= deadline_s * (1 + 1e-9))


@pytest.mark.parametrize("profile", PROFILES)
def test_no_split_is_quicker_than_the_bound(profile):
    states, config = draws(profile, 30)
    links, grid = links_of(State.of(states), config), simplex(60)
    fastest = evaluate(states[:, None], grid, config).latency_s.min(axis=1)
    computation = config.deadline_s - links.time_left_s
    for split in (np.full((3, 30), 20 / 3), min_time_split(states, config).T):
        spent, bound = time_and_bound_s(links, split, config)
        assert (bound + computation <= fastest + 1e-12).all()
        assert (bound <= spent + 1e-12).all()
    assert spent == pytest.approx(bound, rel=1e-4)  # near the quickest split they are as good as one


def test_a_link_without_gain_serves_nobody():
    state = HAND.copy()
    state[3] = 0.0
    for profile in PROFILES:
        config = load_profile(profile)
        assert not feasible(state, config)
        assert min_time_split(state, config).sum() == pytest.approx(20)


@given(seed=seeds, factor=st.floats(0.1, 10.0))
def test_utility_scales_with_prices_and_nothing_else_changes(seed, factor):
    states, config = draws("psd", 1, seed)
    other = load_profile("psd", q=(factor, factor, factor))
    assert optimum(states, other).split_mhz == pytest.approx(optimum(states, config).split_mhz, abs=1e-3)
    assert optimum(states, other).utility == pytest.approx(factor * optimum(states, config).utility)


@given(seed=seeds, factor=st.floats(0.5, 2.0))
def test_band_and_data_scale_together(seed, factor):
    states, config = draws("psd", 1, seed)
    data = tuple(factor * d for d in config.data)
    other = load_profile("psd", bandwidth_mhz=20 * factor, data=data)
    assert optimum(states, other).utility == pytest.approx(factor * optimum(states, config).utility)
    assert feasible(states, other)[0]


def test_logits_and_splits_are_inverse():
    states, config = draws("psd", 200)
    best = optimum(states, config).split_mhz
    assert pytest.approx(best) == split_of(logits_of(best, config).T, config).T


def test_social_optimum_of_one_device_is_the_optimum():
    states, config = draws("psd", 5)
    for state in states:
        assert social_optimum(state[None], config, 20.0).total == pytest.approx(
            float(optimum(state, config).utility), rel=1e-9
        )


@pytest.mark.parametrize("profile", PROFILES)
def test_social_optimum_beats_bids_and_equal_bands(profile):
    states, config = draws(profile, 4, seed=2)
    best = social_optimum(states, config, 80.0)
    assert best.split_mhz.sum() == pytest.approx(80)
    assert best.gap <= 1e-8 * best.total
    assert best.total >= optimum(states, config).utility.sum() * (1 - 1e-9)
    rng = np.random.default_rng(0)
    for _ in range(50):
        shares = share_by_bids(states, rng.uniform(-1, 1, (3, 4)), config, 80.0, shield=True)
        assert not shares.kept.all() or shares.utility.sum() <= best.total * (1 + 1e-9)


def test_social_optimum_equals_slsqp():
    states, config = draws("paper", 2, seed=4)
    best = social_optimum(states, config, 40.0)
    links = links_of(State.of(states), config)
    e, data, q = links.strength.T, np.array(config.data), np.array(config.q)
    found = minimize(
        lambda w: -(q * e * w.reshape(2, 3)).sum(),
        np.full(6, 40 / 6),
        method="SLSQP",
        bounds=[(1e-3, 40)] * 6,
        constraints=[
            {"type": "eq", "fun": lambda w: w.sum() - 40},
            {"type": "ineq", "fun": lambda w: links.time_left_s - (data / (e * w.reshape(2, 3))).sum(axis=1)},
        ],
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert best.total == pytest.approx(-found.fun, rel=1e-6)


@given(seed=seeds, raw=shares, profile=st.sampled_from(PROFILES))
def test_share_band_beats_any_split(seed, raw, profile):
    states, config = draws(profile, 1, seed)
    strength = links_of(State.of(states), config).strength
    weights = np.random.default_rng(seed).uniform(0, 2, (3, 1))
    best = share_band(strength, weights, config)
    other = 20 * np.array(raw)[:, None] / sum(raw)
    values = [float((weights * link_rates(strength, split, config)).sum()) for split in (best, other)]
    assert values[0] >= values[1] * (1 - 1e-7)
    assert best.sum() <= 20 * (1 + 1e-9)


def test_width_for_gives_the_rate():
    states, config = draws("psd", 10)
    strength = links_of(State.of(states), config).strength
    widths = width_for(strength, link_rates(strength, np.full((3, 10), 3.0), config), config)
    assert widths == pytest.approx(np.full((3, 10), 3.0))


@pytest.mark.parametrize(
    ("states", "splits", "word"),
    [
        (HAND[:9], [1, 1, 1], "states"),
        (-HAND, [1, 1, 1], "states"),
        (HAND * np.nan, [1, 1, 1], "states"),
        ("state", [1, 1, 1], "states"),
        (HAND, [1, 1], "splits"),
        (HAND, [-1, 1, 1], "splits"),
        (HAND, [np.inf, 1, 1], "splits"),
    ],
)
def test_bad_arrays_are_the_users_error(states, splits, word):
    with pytest.raises(InputError, match=word):
        evaluate(states, splits, load_profile())


@pytest.mark.parametrize(
    ("profile", "overrides", "word"),
    [
        ("moon", {}, "profile"),
        ("missing.yaml", {}, "missing.yaml"),
        ("psd", {"q": (1.0, 1.0)}, "q"),
        ("psd", {"q": (0.0, 0.0, 0.0)}, "q"),
        ("psd", {"bandwidth_mhz": -1.0}, "bandwidth_mhz"),
        ("psd", {"deadline_s": "soon"}, "deadline_s"),
        ("psd", {"entropy": (2.0, 1.0)}, "entropy"),
        ("psd", {"bandwith": 3.0}, "bandwith"),
    ],
)
def test_bad_profiles_are_the_users_error(profile, overrides, word):
    with pytest.raises(InputError, match=word):
        load_profile(profile, **overrides)
