"""The native batch equals a synchronous batch of single environments, bit by bit."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import semverse.envs  # noqa: F401  registers the ids
from semverse.envs.errors import InputError

MODES = list(AutoresetMode)
ID = "semverse/ISGC-v0"


def native(count, **kwargs):
    return gymnasium.make_vec(ID, num_envs=count, vectorization_mode="vector_entry_point", **kwargs)


def sync(count, mode, **kwargs):
    return SyncVectorEnv([lambda: gymnasium.make(ID, **kwargs)] * count, autoreset_mode=mode)


def same(left, right):
    for a, b in zip(left, right, strict=True):
        if isinstance(a, dict):
            assert a.keys() == b.keys()
        assert data_equivalence(a, b, exact=True)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "kwargs",
    [
        {"optimum": False},
        {"optimum": True, "episode_length": 3},
        {"optimum": False, "profile": "paper", "episode_length": 4, "infeasible": "outage"},
        {"optimum": False, "shield": False, "miss_penalty": 5.0, "printed_symbols": True},
    ],
    ids=["bandit", "optimum", "outage", "no shield"],
)
def test_bit_equal_to_sync(mode, kwargs):
    left, right = native(5, autoreset_mode=mode, **kwargs), sync(5, mode, **kwargs)
    assert left.observation_space == right.observation_space
    assert left.action_space == right.action_space
    same(left.reset(seed=11), right.reset(seed=11))
    rng, ends, missed = np.random.default_rng(0), 0, 0
    for _ in range(400):  # more than two blocks of draws
        chosen = rng.uniform(-1.2, 1.2, (5, 3)).astype(np.float32)
        step, other = left.step(chosen), right.step(chosen)
        same(step, other)
        ends += int(step[2].sum())
        missed += int(np.sum(step[4].get("missed_deadline", 0)))
        if mode is AutoresetMode.DISABLED and step[2].any():
            again, other = (e.reset(options={"reset_mask": step[2].copy()}) for e in (left, right))
            same(again, other)
    assert ends > 8
    assert missed > 0 or mode is AutoresetMode.SAME_STEP
    assert left.np_random_seed == right.np_random_seed


@pytest.mark.parametrize("mode", MODES)
def test_rows_may_run_out_of_step(mode):
    """Masked resets, with and without seeds, move rows apart; some run dry earlier than others."""
    left, right = (
        native(3, autoreset_mode=mode, episode_length=5),
        sync(3, mode, episode_length=5, optimum=False),
    )
    same(left.reset(seed=[5, 1, 8]), right.reset(seed=[5, 1, 8]))
    rng = np.random.default_rng(1)
    over = np.zeros(3, dtype=bool)
    for turn in range(300):
        if (over.any() and mode is AutoresetMode.DISABLED) or turn % 7 == 3:
            mask = over | (rng.random(3) < 0.4)
            mask[0] |= not mask.any()
            seed = [None, turn, None] if turn % 49 == 3 else None
            same(*(e.reset(seed=seed, options={"reset_mask": mask.copy()}) for e in (left, right)))
        chosen = rng.uniform(-1, 1, (3, 3)).astype(np.float32)
        step, other = left.step(chosen), right.step(chosen)
        same(step, other)
        over = step[2]


def test_reset_to_a_state():
    state = [1.4, 0.3, 0.65, 0.58, 3.42, 0.16, 4.69, 0.89, 7.49, 15.24]
    left, right = native(3, optimum=True), sync(3, AutoresetMode.NEXT_STEP)
    same(left.reset(seed=1, options={"state": state}), right.reset(seed=1, options={"state": state}))
    chosen = np.zeros((3, 3), dtype=np.float32)
    same(left.step(chosen), right.step(chosen))
    same(left.step(chosen), right.step(chosen))


def test_observations_of_earlier_steps_stay_what_they_were():
    env = native(3, episode_length=4)
    observation, _ = env.reset(seed=0)
    kept = observation.copy()
    infos = env.step(np.zeros((3, 3)))[4]
    utility = infos["utility"].copy()
    for _ in range(6):
        env.step(np.ones((3, 3)))
    assert np.array_equal(observation, kept)
    assert np.array_equal(infos["utility"], utility)


def test_disabled_mode_wants_a_reset():
    env = native(2, autoreset_mode="Disabled")
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.zeros((2, 3)))
    env.reset(seed=0)
    env.step(np.zeros((2, 3)))
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.zeros((2, 3)))


@pytest.mark.parametrize(
    ("reset", "word"),
    [
        ({"options": {"speed": 1}}, "speed"),
        ({"options": {"state": [1, 2]}}, "state"),
        ({"options": {"state": "high"}}, "state"),
        ({"options": {"state": [0] * 10}}, "state"),
        ({"options": {"reset_mask": np.array([1, 0])}}, "reset_mask"),
        ({"seed": [1, 2, 3]}, "seed"),
    ],
)
def test_bad_resets_are_the_users_error(reset, word):
    with pytest.raises(InputError, match=word):
        native(2).reset(**reset)


def test_bad_arguments_and_actions_are_the_users_error():
    with pytest.raises(InputError, match="num_envs"):
        native(0)
    with pytest.raises(InputError, match="autoreset_mode"):
        native(2, autoreset_mode="Sometimes")
    env = native(2)
    env.reset(seed=0)
    for wrong in (np.zeros(3), np.zeros((2, 2)), np.full((2, 3), np.nan), [["a"] * 3] * 2):
        with pytest.raises(InputError, match="action"):
            env.step(wrong)
