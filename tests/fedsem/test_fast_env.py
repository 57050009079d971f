"""The stand-in: equal alone and in a batch, honest about what it was fitted to, and able to be fitted."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode

import semverse.envs  # noqa: F401  registers the ids
from semverse.envs.errors import InputError
from semverse.envs.fedsem.behaviour import BROAD, CHANGE, GREEDY, Behaviour, explored
from semverse.envs.fedsem.learners import Context
from semverse.envs.fedsem.model import mean_noise
from semverse.envs.fedsem.problem import Problem
from semverse.envs.fedsem.recording import join, load_recording, recorded
from semverse.envs.fedsem.surrogate import (
    LEARNING,
    Surrogate,
    features,
    load_surrogate,
    save_surrogate,
)
from semverse.envs.fedsem.surrogate_fit import fit, judge, predict, rank_correlation

ID = "semverse/FedSemFast-v0"
TOY = Problem.of("toy", rounds=10)


@pytest.mark.parametrize("mode", list(AutoresetMode)[:2])
def test_the_batch_equals_single_environments_bit_by_bit(mode):
    options = {"epsilon": (4.0, 8.0)}
    native = gymnasium.make_vec(ID, num_envs=3, autoreset_mode=mode, **options)
    single = [lambda: gymnasium.make(ID, disable_env_checker=True, **options)] * 3
    sync = gymnasium.vector.SyncVectorEnv(single, autoreset_mode=mode)
    assert data_equivalence(native.reset(seed=5), sync.reset(seed=5), exact=True)
    native.action_space.seed(0)
    for _ in range(30):
        actions = native.action_space.sample()
        assert data_equivalence(native.step(actions), sync.step(actions), exact=True)


def test_some_rows_can_restart():
    env = gymnasium.make_vec(ID, num_envs=2, autoreset_mode="Disabled")
    env.reset(seed=0)
    env.step(np.array([[5, 0, 1, 1, 1]] * 2))
    before = env.unwrapped.trainings.observe()[1]
    observation, _ = env.reset(options={"reset_mask": np.array([True, False])})
    assert np.array_equal(observation[1], before)
    assert observation[0, 50] == 1.0


@pytest.mark.parametrize("key", ["clients", "label_clip", "public_weight", "rounds", "quorum"])
def test_what_was_not_recorded_is_refused(key):
    assert key in LEARNING
    with pytest.raises(InputError, match=key):
        gymnasium.make(ID, disable_env_checker=True, **{key: 30 if key != "label_clip" else 3.0})


def test_the_error_is_told():
    median, most = gymnasium.make(ID).unwrapped.error
    assert 0 < median < most < 0.2


def context(chosen):
    none = np.zeros((1, 10), np.float32)
    return Context(none + 10, np.float32([chosen]), none, np.array([4.0]))


def test_features_by_hand():
    accuracy = np.array([[0.5] * 5 + [0.0] * 5], dtype=np.float32)
    noise = mean_noise(np.array([0.5]), np.array([100]), np.array([20.0]), 2.0)
    assert noise == pytest.approx(2.0)  # 2 * 10 / 0.5 / 20
    seen = features(accuracy, context([10, 10] + [0] * 8), noise, np.array([100]), np.array([4]))[0]
    assert seen[0] == pytest.approx(
        [0.5, 0.25, 0.25, 5.0, 1.0, np.log2(20), np.log2(100), 1 / 16, 0, 0, 0.2, 2.0], abs=1e-6
    )
    assert seen[9, 3] == 0


def test_classes_may_be_renamed():
    rng, surrogate = np.random.default_rng(0), load_surrogate()
    accuracy, order = rng.random((1, 10), dtype=np.float32), rng.permutation(10)
    chosen = rng.integers(0, 10, 10)
    common = (np.array([1.0]), np.array([100]), np.array([4]))
    one = surrogate(features(accuracy, context(chosen), *common))
    other = surrogate(features(accuracy[:, order], context(chosen[order]), *common))
    assert one[:, order] == pytest.approx(other, abs=1e-5)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    return folder, [recorded(seed, TOY, folder, echoes=2) for seed in range(3)]


def test_recordings_are_repeatable_and_not_played_twice(recordings, tmp_path):
    folder, found = recordings
    again, fresh = recorded(1, TOY, folder, echoes=2), recorded(1, TOY, tmp_path, echoes=2)
    assert data_equivalence(vars(again), vars(found[1]), exact=True)
    assert data_equivalence(vars(fresh), vars(found[1]), exact=True)
    for wrong in ({"echoes": 1}, {"echoes": 2, "behaviour": Behaviour("broad", True)}):
        with pytest.raises(InputError, match="other decisions"):
            recorded(1, TOY, folder, **wrong)
    (folder / "9.npz").write_bytes(b"no recording")
    with pytest.raises(InputError, match="no recording"):
        load_recording(folder / "9.npz")


def test_fitting_learns_and_is_repeatable(recordings, monkeypatch, tmp_path):
    data, counts, clip = join(recordings[1]), np.full(10, 180), TOY.config.label_clip
    monkeypatch.setattr("semverse.envs.fedsem.surrogate_fit.PASSES", 1)
    begun = fit(data, clip, counts)
    monkeypatch.setattr("semverse.envs.fedsem.surrogate_fit.PASSES", 8)
    first, second = (fit(data, clip, counts) for _ in range(2))
    errors, before = (judge(one, data, clip) for one in (first, begun))
    assert errors.one_class_rms < before.one_class_rms
    assert errors.one_step <= errors.one_step_rms
    assert all(np.array_equal(a, b) for a, b in zip(first.weights, second.weights, strict=True))
    assert predict(first, data, 2.0, 10).shape == (3, 11, 10)
    save_surrogate(first, tmp_path / "one.npz")
    read = load_surrogate(tmp_path / "one.npz")
    assert isinstance(read, Surrogate)
    assert all(np.array_equal(a, b) for a, b in zip(first.weights, read.weights, strict=True))


def test_predictions_with_true_accuracies_are_one_step_errors(recordings):
    data, surrogate = join(recordings[1]), load_surrogate()
    one = predict(surrogate, data, 2.0, 1)[:, 1]
    idle = ~data.played[:, 0]
    assert np.array_equal(one[idle], data.accuracy[idle, 0])


def test_rank_correlation_by_hand():
    assert rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 30.0])) == pytest.approx(1.0)
    assert rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])) == pytest.approx(-1.0)


def test_a_damaged_stand_in_is_one_line(tmp_path):
    (tmp_path / "x.npz").write_bytes(b"")
    with pytest.raises(InputError, match="stand-in"):
        load_surrogate(tmp_path / "x.npz")


def test_behaviours_deviate_from_their_plans_and_greedy_ones_keep_to_good_decisions():
    plan = np.array([[2, 1, 1, 0, 2], [3, 1, 1, 1, 1]])
    many = np.array(
        [Behaviour("p", True, plan).actions(TOY, np.random.default_rng(seed)) for seed in range(200)]
    )
    asked = many[:, :2][..., 0] > 0
    same = (many[:, :2, 1:] == plan[:, 1:]).mean(axis=(0, 2))
    assert (same > 1 - CHANGE).all()
    assert (same < 1).all()
    assert 0.8 < asked.mean() < 1  # idle rounds, and a spent budget
    greedy = np.array([GREEDY.actions(TOY, np.random.default_rng(seed)) for seed in range(50)])
    upper = TOY.sizes // 2
    assert ((greedy[..., 0] == 0) | (greedy[..., 0] >= upper[0])).all()
    assert (greedy[..., 2:4] >= upper[2:4]).all()
    assert BROAD.actions(TOY, np.random.default_rng(0)).shape == (TOY.config.rounds, 5)


def test_explored_schedules_are_of_the_default_profile():
    names = [one.name for one in explored(Problem.of("default"))]
    assert len(names) == len(set(names)) > 0
