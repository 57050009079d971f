"""The rate control model against numbers worked out by hand, and its properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semverse.envs.errors import InputError
from semverse.envs.vlscc.generator import draw_episodes
from semverse.envs.vlscc.model import cap_levels, curves, evaluate, expected_quality, place
from semverse.envs.vlscc.problem import Problem
from semverse.envs.vlscc.types import Episode

TOY, MAP = Problem.of("toy", frames=4), Problem.of("toy_map", frames=2)


def episode(frames, snr_db):
    return Episode(np.array(frames), np.array(snr_db, dtype=np.float64))


def test_whole_numbers_of_the_toy():
    """Three levels of 100 symbols; the link sends 2/3 of a code a frame, 1.2 of one until the deadline."""
    assert (TOY.frame_steps, TOY.budget, TOY.link, TOY.deadline) == (3, 6, 2, 4)
    assert TOY.step_symbols == 100
    assert TOY.step_ms == pytest.approx(1000 / 60)
    assert TOY.bandwidth_khz == pytest.approx(3.0)  # 200 real symbols in 1/30 s
    assert (MAP.frame_steps, MAP.budget, MAP.link, MAP.deadline) == (12, 12, 8, 14)


def test_costs_by_hand():
    """Sizes 1, 2, 4; 0 dB: a / (1 + l), 10 dB: a / (1 + 3 l); 5 dB lies halfway."""
    costs = evaluate(episode([0, 1, 2, 3], [0, 10, 5, -30]), [[1], [2], [3], [0]], TOY)
    distortion = [1 / 2, 2 / 7, (4 / 4 + 4 / 10) / 2, 1]
    assert costs.distortion == pytest.approx(distortion)
    assert costs.quality == pytest.approx(1 - np.array(distortion) / 2)
    assert costs.reward == pytest.approx(costs.quality)
    assert costs.symbols.tolist() == [100, 200, 300, 0]
    # waiting: 0, 0, 0, then 3 - 2 = 1 step is left when the last frame begins
    assert costs.delay_ms == pytest.approx(np.array([1, 2, 3, 1]) * 1000 / 60)
    assert costs.feasible


def test_budget_and_deadline_bind():
    some = episode([0, 0, 0, 0], [0, 0, 0, 0])
    within, spent, late = [[2], [2], [2], [0]], [[2], [2], [2], [1]], [[3], [3], [0], [0]]
    assert evaluate(some, [within, spent, late], TOY).feasible.tolist() == [True, False, True]
    tight = Problem.of("toy", frames=4, deadline_share=1.0)  # 3 steps: the second frame waits one too many
    assert not evaluate(some, late, tight).feasible
    assert Problem.of("toy", deadline_share=0.01).deadline == 1


def test_rate_has_a_price():
    priced = Problem.of("toy", frames=4, gamma=0.3)
    some, levels = episode([0, 1, 2, 3], [0, 0, 0, 0]), [[1], [2], [3], [0]]
    free, paid = evaluate(some, levels, TOY), evaluate(some, levels, priced)
    assert free.reward - paid.reward == pytest.approx([0.1, 0.2, 0.3, 0.0])


def test_a_map_averages_its_blocks():
    """Block weights 1, 4, 1, 1 over 100; nothing sent of a frame of size 2: 0.035, so quality 0."""
    costs = evaluate(episode([1, 0], [0, 0]), [[0, 0, 0, 0], [1, 3, 0, 0]], MAP)
    assert costs.distortion == pytest.approx([0.035, (1 / 2 + 4 / 4 + 1 + 1) / 400])
    assert costs.quality[0] == pytest.approx(0)
    best = (7 / 10) / 400  # size 1 at level 3 and 10 dB
    assert costs.quality[1] == pytest.approx(np.log10(0.035 / (3.5 / 400)) / np.log10(0.035 / best))
    assert costs.symbols.tolist() == [0, 400]


@given(snr=st.floats(-1e3, 1e3))
def test_ratios_off_the_grid_count_as_the_nearest(snr):
    lower, weight = place(np.array([snr]), TOY)
    assert lower[0] == 0
    assert weight[0] == pytest.approx(min(max(snr / 10, 0), 1))


def test_what_to_expect_is_what_comes():
    for problem in (TOY, MAP):
        drawn = draw_episodes([np.random.default_rng(1)], problem).row(0)
        expected = expected_quality(drawn.frames, *place(drawn.snr_db, problem), problem)  # [T, P, 1]
        found = curves(drawn.frames, drawn.snr_db, problem)[..., list(problem.config.probe_levels)]
        assert expected == pytest.approx(problem.quality(found))


def test_curves_are_what_evaluate_looks_up():
    rng = np.random.default_rng(0)
    for problem in (TOY, MAP):
        drawn = draw_episodes([rng], problem)
        one = Episode(drawn.frames[:, 0], drawn.snr_db[:, 0])
        found = curves(one.frames, one.snr_db, problem)  # [T, P, L]
        for level in range(4):
            levels = np.full((one.length, problem.surfaces.blocks), level)
            assert evaluate(one, levels, problem).distortion == pytest.approx(found[..., level].mean(axis=-1))


@given(data=st.data(), blocks=st.integers(1, 6))
def test_cut_maps_fit_and_keep_as_much_as_there_is(data, blocks):
    levels = np.array(
        data.draw(st.lists(st.lists(st.integers(0, 5), min_size=blocks, max_size=blocks), min_size=1))
    )
    limit = np.array(data.draw(st.lists(st.integers(0, 20), min_size=len(levels), max_size=len(levels))))
    cut = cap_levels(levels.T, limit).T
    assert (cut <= levels).all()
    assert (cut.sum(axis=1) == np.minimum(levels.sum(axis=1), limit)).all()
    ceiling = cut.max(axis=1, initial=0)
    assert (cut >= np.minimum(levels, ceiling[:, None] - 1)).all()  # the highest give way first


def test_cut_by_hand():
    levels = np.array([[3, 1, 3, 2]]).T
    for limit, expected in (
        (9, [3, 1, 3, 2]),
        (8, [3, 1, 2, 2]),
        (6, [2, 1, 2, 1]),
        (2, [1, 1, 0, 0]),
        (0, [0] * 4),
    ):
        assert cap_levels(levels, np.array([limit]))[:, 0].tolist() == expected


def test_streams_stay_in_scenes_and_fade():
    """A scene is left with probability (1 - stay) x (K - 1) / K; |h|^2 has mean 1 and correlation rho^2."""
    problem = Problem.of("toy", frames=4000, scene_stay=0.8, fading_correlation=0.9, mean_snr_db=3.0)
    drawn = draw_episodes([np.random.default_rng(seed) for seed in range(4)], problem)
    scene = problem.surfaces.scene[drawn.frames]
    assert (scene[1:] != scene[:-1]).mean() == pytest.approx(0.1, abs=0.015)
    assert not problem.surfaces.held_out[drawn.frames].any()
    gain = 10 ** ((drawn.snr_db - 3.0) / 10)
    assert gain.mean() == pytest.approx(1, abs=0.1)
    assert np.corrcoef(gain[1:].ravel(), gain[:-1].ravel())[0, 1] == pytest.approx(0.81, abs=0.03)


def test_content_is_kept_apart():
    generator = [np.random.default_rng(0)]
    for content, seen in (("train", {0, 1, 3, 4}), ("held_out", {2, 5}), ("all", set(range(6)))):
        assert set(draw_episodes(generator, Problem.of("toy", content, frames=200)).frames.ravel()) == seen


@pytest.mark.parametrize("levels", [[[0]] * 3, [[4]] * 4, [[-1]] * 4, [[0.0]] * 4, [0] * 4])
def test_wrong_levels_are_the_users_error(levels):
    with pytest.raises(InputError, match="levels"):
        evaluate(episode([0] * 4, [0] * 4), levels, TOY)
