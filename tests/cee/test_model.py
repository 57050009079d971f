"""The model of an epoch: by hand, by full enumeration, and its limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semverse.envs.cee.config import load_profile
from semverse.envs.cee.enumeration import (
    epoch_front,
    epoch_table,
    every_action,
    link_options,
    nondominated,
)
from semverse.envs.cee.model import (
    action_masks,
    evaluate,
    excess,
    fallbacks,
    keeps_up,
    link_mse,
    losses,
    next_quality,
    repair,
    reward,
)
from semverse.envs.cee.problem import Problem
from semverse.envs.cee.types import Conditions, Outcomes, State
from semverse.envs.config import load_yaml, shipped
from semverse.envs.errors import InputError

PROBLEM = Problem.of()
PREFERENCE = np.array(PROBLEM.config.reward.preference)


def conditions(up=6.0, down=9.0, edge=0.3, cloud=0.3, motion=2):
    return Conditions(*(np.asarray(v) for v in (up, down, edge, cloud, motion)))


def state(tier=1, quality=4):
    return State(np.asarray(tier), np.asarray(quality))


def option(name):
    return PROBLEM.table.names.index(name)


def test_a_decision_on_the_headset_by_hand():
    """H.264 both ways, matting and rendering on the device: what the configuration says, term by term."""
    up, down = option("h264 bpsk 0.5 QP 42 GOP 16"), option("h264 qpsk 0.5 QP 42 GOP 16")
    found = evaluate(np.array([up, down, 0, 2, 0]), conditions(), state(0, 4), PROBLEM)
    assert found.motion_to_photon_ms == pytest.approx(3 + 11 + 1e3 * 0.008 / 0.45)
    symbols = PROBLEM.table.symbols
    airtimes = 1e3 * (symbols[up] / 4e6 + symbols[down] / 8e6)
    fibre = 1e3 * 0.3 * 2073600 / 1e9
    lite = 1e3 * 0.0002 / 1.3
    by_hand = 5 + 24 + 11 + 9 + 9 + airtimes + fibre + lite + 1e3 * 0.008 / 0.45
    assert found.content_ms == pytest.approx(by_hand)
    joules = 0.015 + 1.5 * symbols[up] / 4e6 + 0.008 + 0.7 * symbols[down] / 8e6 + 0.0002 * 2 + 0.008 * 5
    assert found.energy_j == pytest.approx(16 * joules)
    dollars = 0.4 * (symbols[up] + symbols[down]) * 30 * 3600e-9 + 2 * 0.3 * 2073600e-12 * 30 * 3600
    dollars += 9 * 177 / 64 * 30 * 3600e-6
    assert found.cost_usd_h == pytest.approx(dollars)
    assert found.quality == 4  # 4 - 2 by motion + 2 by preprocessing
    mse = 0.25 * link_mse(np.asarray(6.0), np.asarray(up), PROBLEM) + 10**-2.5 + 10**-3.0 + 10**-3.0
    mse += link_mse(np.asarray(9.0), np.asarray(down), PROBLEM)
    assert found.psnr_db == pytest.approx(-10 * np.log10(mse))


def test_rendering_elsewhere_adds_downlink_stall_and_fibre_to_motion_to_photon():
    up, down = option("h264 bpsk 0.5 QP 42 GOP 16"), option("semantic 1/32 GOP 2")
    edge, cloud, stayed = (
        evaluate(np.array([up, down, 1, 0, tier]), conditions(), state(before, 4), PROBLEM)
        for tier, before in ((1, 0), (2, 0), (1, 1))
    )
    pixels = 2073600
    downlink = 1e3 * pixels * (7.9e-9 / (35 * 0.7) + 11.5e-9 / 1.3 + 2 / 32 / 8e6) + 1e3 / 30
    assert stayed.motion_to_photon_ms == pytest.approx(3 + 11 + 1e3 * 0.4 / (35 * 0.7) + downlink)
    assert edge.motion_to_photon_ms == pytest.approx(stayed.motion_to_photon_ms + 25)
    assert cloud.motion_to_photon_ms == pytest.approx(3 + 11 + 24 + 1e3 * 0.4 / (60 * 0.7) + downlink + 25)
    assert edge.cost_usd_h - stayed.cost_usd_h == pytest.approx(2 * 0.2e-3 * 3600 / (16 / 30))


def test_reward_by_hand():
    outcomes = Outcomes(*(np.asarray(v) for v in (50.0, 300.0, 25.0, 1.0, 10.0, 3, True)))
    assert losses(outcomes, PROBLEM) == pytest.approx([0.5, 0.5, 1.0, 0.5, 0.5])
    assert excess(outcomes, PROBLEM) == 0
    assert reward(outcomes, [0.2, 0.1, 0.4, 0.1, 0.2], PROBLEM) == pytest.approx(-0.7)
    late = Outcomes(*(np.asarray(v) for v in (150.0, 900.0, 15.0, 1.0, 10.0, 3, True)))
    assert excess(late, PROBLEM) == pytest.approx(1.5)
    assert late.vector() == pytest.approx([-150, -900, 15, -1, -10])


def test_scene_quality_by_hand():
    quality = next_quality(np.array([4, 1, 6, 0]), np.array([1, 3, 1, 2]), np.array([1, 0, 4, 2]), PROBLEM)
    assert quality.tolist() == [4, 0, 6, 2]


@pytest.mark.parametrize(("up", "down"), [(3.0, 5.0), (12.0, 15.0)])
def test_pruning_links_loses_nothing_of_the_front(up, down):
    """The same front comes out of all options of the links, and of those that pruning leaves."""
    given = (conditions(up, down, 0.45, 0.1, 1), state(2, 3), PROBLEM)
    few, all_of_them = epoch_front(*given), epoch_front(*given, pruned=False)
    assert np.array_equal(few.outcomes.vector(), all_of_them.outcomes.vector())
    assert len(few.actions) > 100
    assert len(link_options(up, PROBLEM.uplink, PROBLEM)) < 40


def test_the_epoch_table_is_the_best_of_a_full_enumeration():
    there = conditions(2.0, 6.0, 0.5, 0.2, 3)
    table = epoch_table(there, PREFERENCE, PROBLEM)
    every = every_action(PROBLEM, *(np.flatnonzero(k.allowed) for k in (PROBLEM.uplink, PROBLEM.downlink)))
    every = every[keeps_up(every, there, PROBLEM)]
    outcomes = evaluate(every, there, state(1, 4), PROBLEM)
    earned = reward(outcomes, PREFERENCE, PROBLEM)
    for tier in range(3):
        for level in range(5):
            of_both = earned[(every[:, 4] == tier) & (every[:, 3] == level)]
            if not len(of_both):
                assert table.prices[level] == np.inf or not np.isfinite(table.rewards[tier]).any()
                continue
            quality = 1 + PROBLEM.refresh[level]
            reached, action = table.step(tier, quality, level, 1)
            assert reached == pytest.approx(of_both.max(), abs=1e-12)
            assert reward(
                evaluate(action, there, state(1, 4), PROBLEM), PREFERENCE, PROBLEM
            ) == pytest.approx(reached, abs=1e-12)


def test_nondominated_by_hand():
    costs = np.array([[1.0, 2.0], [2.0, 1.0], [2.0, 2.0], [1.0, 2.0], [0.5, 3.0]])
    assert nondominated(costs).tolist() == [0, 1, 4]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31))
def test_repaired_decisions_keep_up_and_good_ones_stay(seed):
    rng = np.random.default_rng(seed)
    actions = np.stack([rng.integers(n, size=50) for n in (92, 92, 3, 5, 3)], axis=1)
    there = Conditions(
        rng.normal(5, 8, 50), rng.normal(5, 8, 50), *rng.uniform(0, 0.85, (2, 50)), rng.integers(1, 4, 50)
    )
    done, changed = repair(actions, there, PROBLEM)
    assert keeps_up(done, there, PROBLEM).all()
    assert np.array_equal(changed, ~keeps_up(actions, there, PROBLEM))
    masks = action_masks(there, PROBLEM)
    starts = np.array([0, 92, 184, 187, 192])
    assert masks[np.arange(50)[:, None], starts + done].all()


def test_what_cannot_keep_up_goes_to_the_nearest():
    """On a full edge rendering stays if matting alone can give way."""
    action = np.array([[option("h264 bpsk 0.5 QP 42 GOP 16"), option("h264 qpsk 0.5 QP 42 GOP 16"), 1, 4, 1]])
    busy = Conditions(*(np.array([v]) for v in (5.0, 8.0, 0.6, 0.5, 1)))
    assert repair(action, busy, PROBLEM)[0][0, 2:].tolist() == [0, 3, 1]  # 22 TFLOP a frame are too many
    assert fallbacks()[4].tolist()[:3] == [4, 1, 7]


def test_links_fall_with_the_ratio_and_are_continuous():
    grid = np.arange(-25, 45, 0.05)
    for o in range(0, 92, 7):
        mse = link_mse(grid, np.full(len(grid), o), PROBLEM)
        assert (np.diff(mse) <= 1e-12).all()
        assert np.abs(np.diff(np.log(mse))).max() < 0.1


def test_spread_is_the_mean_over_a_normal_ratio():
    """Against Monte Carlo of the table without spread."""
    sharp = Problem.of(radio={"spread_db": 0.0})
    o, noise = option("h264 qpsk 0.5 QP 38 GOP 8"), np.random.default_rng(0).normal(3.0, 4.0, 200_000)
    mean = link_mse(noise, np.full(len(noise), o), sharp).mean()
    assert link_mse(np.asarray(3.0), np.asarray(o), PROBLEM) == pytest.approx(mean, rel=0.01)


@pytest.mark.parametrize("name", ["default", "links", "measured"])
def test_every_constant_says_where_it_comes_from(name):
    for line in shipped("cee", f"{name}.yaml").read_text().splitlines():
        value = line.partition("#")[0].partition(":")[2].strip()
        if value:
            assert any(
                f"{word}:" in line or line.endswith(word) for word in ("paper", "measured", "assumed")
            ), line


@pytest.mark.parametrize(
    ("overrides", "word"),
    [
        ({"epochs": 0}, "epochs"),
        ({"epochs": True}, "epochs"),
        ({"radio": {"uplink_mhz": 1e-4}}, "uplink_mhz"),
        ({"rates": {"device_nn": 0.5}}, "device_nn"),
        ({"rates": {"edge": 1.0}}, "rates.edge"),
        ({"reward": {"preference": [0, 0, 0, 0, 0]}}, "preference"),
        ({"quality": {"refresh": [0, 1]}}, "refresh"),
        ({"dynamics": {"uplink_mean_db": 101.0}}, "uplink_mean_db"),
        ({"dynamics": {"downlink_mean_db": -51.0}}, "downlink_mean_db"),
        ({"dynamics": {"snr_std_db": 51.0}}, "snr_std_db"),
        ({"speed": 1}, "speed"),
        ({"links": "moon"}, "links"),
        ({"links": "missing.npz"}, "missing.npz"),
        ({"profile": "moon"}, "profile"),
    ],
)
def test_wrong_constants_are_the_users_error(overrides, word):
    with pytest.raises(InputError, match=word) as caught:
        Problem.of(**overrides)
    assert "\n" not in str(caught.value)


def test_profiles_load_from_files(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(shipped("cee", "default.yaml").read_text().replace("epochs: 60", "epochs: 6"))
    assert load_profile(path).epochs == 6
    assert load_profile(rates={"edge": 70.0}).rates.edge == 70.0
    assert load_yaml(path)["epochs"] == 6


def reachable_states():
    """Return states over the ratios, loads, motions, tiers and qualities that occur."""
    rng = np.random.default_rng(0)
    ratios = [(-9, -4), (-3, 0), (0, 2), (-1, 4), (3, 7), (6, 10), (9, 13), (13, 16), (17, 20), (24, 28)]
    for up, down in ratios:
        for edge, cloud in ((0.0, 0.7), (0.85, 0.0)):
            there = conditions(float(up), float(down), edge, cloud, int(rng.integers(1, 4)))
            yield there, state(int(rng.integers(3)), int(rng.integers(7)))
    yield conditions(-1.0, 4.0, 0.0, 0.7, 1), state(1, 2)  # the matte of the headset is no longer good enough


@pytest.mark.parametrize("links", ["links", "measured"])
def test_every_choice_is_on_some_front_and_none_on_all(links):
    """Tiers and levels; of links every modulation, code rate, QP, GOP, and semantic rate."""
    problem = Problem.of(links=links)
    fronts = [epoch_front(there, inherited, problem).actions for there, inherited in reachable_states()]
    for decision, count in ((2, 3), (3, 5), (4, 3)):
        times = np.array([[(front[:, decision] == o).any() for o in range(count)] for front in fronts])
        assert times.any(axis=0).all(), (decision, times.mean(axis=0))
        assert not times.all(axis=0).any(), (decision, times.mean(axis=0))
    parts = [set(name.replace("QP ", "QP").replace("GOP ", "GOP").split()) for name in problem.table.names]
    for decision in (0, 1):
        used = [set(front[:, decision].tolist()) for front in fronts]
        assert not set.intersection(*used)
        for codec in ("h264", "semantic"):
            mine = [o for o, part in enumerate(parts) if codec in part]
            for part in set().union(*(parts[o] for o in mine)):
                with_part = {o for o in mine if part in parts[o]}
                assert any(with_part & one for one in used), (decision, codec, part)
