"""Path loss, line of sight and shadowing of TR 38.901: by hand, and against Sionna's own."""

import numpy as np
import pytest

from semverse.envs.channels.path_loss import (
    SCENARIOS,
    los_probability,
    path_loss_db,
    shadowing_correlation,
    shadowing_std_db,
)
from semverse.envs.errors import InputError


def test_by_hand():
    """UMi at 2 GHz: break point 4 (10 - 1) (1.5 - 1) 2e9 / c = 120.1 m on the ground."""
    near = 32.4 + 21 * np.log10(np.hypot(100, 8.5)) + 20 * np.log10(2)
    assert path_loss_db("umi", 100.0, 2.0) == pytest.approx(near, abs=1e-9)
    corner = 4 * 9 * 0.5 * 2e9 / 299_792_458
    far = 32.4 + 40 * np.log10(np.hypot(500, 8.5)) + 20 * np.log10(2) - 9.5 * np.log10(corner**2 + 8.5**2)
    assert path_loss_db("umi", 500.0, 2.0) == pytest.approx(far, abs=1e-9)
    hidden = 22.4 + 35.3 * np.log10(np.hypot(500, 8.5)) + 21.3 * np.log10(2)
    assert path_loss_db("umi", 500.0, 2.0, los=False) == pytest.approx(hidden, abs=1e-9)
    macro = 13.54 + 39.08 * np.log10(np.hypot(500, 23.5)) + 20 * np.log10(2)
    assert path_loss_db("uma", 500.0, 2.0, los=False) == pytest.approx(macro, abs=1e-9)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_shape_and_order(scenario):
    distance = np.geomspace(10, 5000, 400)
    sight = path_loss_db(scenario, distance, 3.5)
    assert (
        np.diff(sight) > -0.02
    ).all()  # the formulas of the standard meet within 0.02 dB at the break point
    hidden = path_loss_db(scenario, distance, 3.5, los=False)
    assert (hidden >= sight).all()
    mixed = path_loss_db(scenario, distance, 3.5, los=distance < 100)
    assert np.array_equal(mixed, np.where(distance < 100, sight, hidden))
    assert path_loss_db(scenario, distance[:, None], [0.7, 28.0]).shape == (400, 2)
    assert path_loss_db(scenario, 0.0, 3.5) == path_loss_db(scenario, 10.0, 3.5)


def test_line_of_sight_by_hand():
    assert los_probability("umi", [5.0, 18.0]).tolist() == [1.0, 1.0]
    assert los_probability("umi", 100.0) == pytest.approx(0.18 + np.exp(-100 / 36) * 0.82)
    assert los_probability("uma", 100.0) == pytest.approx(0.18 + np.exp(-100 / 63) * 0.82)
    tall = 1 + (0.7**1.5) * 1.25 * np.exp(-100 / 150)
    assert los_probability("uma", 100.0, 20.0) == pytest.approx((0.18 + np.exp(-100 / 63) * 0.82) * tall)


def test_shadowing():
    assert shadowing_std_db("umi", np.array([True, False])).tolist() == [4.0, 7.82]
    assert shadowing_std_db("uma", False) == 6.0
    assert shadowing_correlation("uma", 37.0, True) == pytest.approx(np.exp(-1))
    assert shadowing_correlation("umi", [0.0, 13.0], False).tolist() == pytest.approx([1.0, np.exp(-1)])


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("frequency_ghz", [0.7, 3.5, 28.0])
def test_within_two_hundredths_of_sionna(scenario, frequency_ghz):
    pytest.importorskip("sionna")
    import torch
    from sionna.phy.channel.tr38901 import Antenna, UMaScenario, UMiScenario

    base_height = SCENARIOS[scenario].base_height_m
    antenna = Antenna("single", "V", "omni", frequency_ghz * 1e9, device="cpu")
    kind = {"umi": UMiScenario, "uma": UMaScenario}[scenario]
    rng = np.random.default_rng(0)
    distance = rng.uniform(10, 3000, 200)
    user_height = rng.uniform(1.5, 12.9, 200)
    users = np.stack([distance, np.zeros(200), user_height], axis=1)[None]
    for los in (True, False):
        theirs = kind(
            frequency_ghz * 1e9, "low", antenna, antenna, "uplink", device="cpu", precision="double"
        )
        theirs.set_topology(
            ut_loc=torch.from_numpy(users),
            bs_loc=torch.tensor([[[0.0, 0.0, base_height]]], dtype=torch.float64),
            ut_orientations=torch.zeros(1, 200, 3, dtype=torch.float64),
            bs_orientations=torch.zeros(1, 1, 3, dtype=torch.float64),
            ut_velocities=torch.zeros(1, 200, 3, dtype=torch.float64),
            in_state=torch.zeros(1, 200, dtype=torch.bool),
            los=los,
        )
        ours = path_loss_db(scenario, distance, frequency_ghz, los, user_height_m=user_height)
        assert np.abs(np.asarray(theirs.basic_pathloss)[0, 0] - ours).max() <= 0.02
    probability = los_probability(scenario, distance, user_height)
    assert np.asarray(theirs.los_probability)[0, 0] == pytest.approx(probability, abs=1e-5)


@pytest.mark.parametrize(
    ("key", "call"),
    [
        ("scenario", lambda: path_loss_db("rma", 100.0, 2.0)),
        ("distance_m", lambda: path_loss_db("umi", -1.0, 2.0)),
        ("distance_m", lambda: path_loss_db("umi", np.nan, 2.0)),
        ("distance_m", lambda: path_loss_db("umi", "far", 2.0)),
        ("frequency_ghz", lambda: path_loss_db("umi", 100.0, 2e9)),
        ("user_height_m", lambda: path_loss_db("umi", 100.0, 2.0, user_height_m=0.0)),
        ("base_height_m", lambda: path_loss_db("umi", 100.0, 2.0, base_height_m=0.0)),
        ("scenario", lambda: los_probability("rma", 100.0)),
        ("moved_m", lambda: shadowing_correlation("umi", -1.0, True)),
    ],
)
def test_wrong_input(key, call):
    with pytest.raises(InputError, match=f"^{key}: ") as caught:
        call()
    assert "\n" not in str(caught.value)
