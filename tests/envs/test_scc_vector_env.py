"""The native batch equals a synchronous batch of single environments, bit by bit."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import semverse.envs  # noqa: F401  registers the ids
from semverse.envs.errors import InputError
from semverse.envs.scc.toy import toy_instance

SMALL = {"mecs": 5, "users": 12, "spaces": 4}
MODES = list(AutoresetMode)


def native(count, **kwargs):
    return gymnasium.make_vec(
        "semverse/SCC-v0", num_envs=count, vectorization_mode="vector_entry_point", **kwargs
    )


def sync(count, mode, **kwargs):
    return SyncVectorEnv([lambda: gymnasium.make("semverse/SCC-v0", **kwargs)] * count, autoreset_mode=mode)


def same(left, right):
    for a, b in zip(left, right, strict=True):
        if isinstance(a, dict):
            assert a.keys() == b.keys()
        assert data_equivalence(a, b, exact=True)


def actions(rng, mask):
    """Mostly legal, sometimes illegal choices."""
    free = rng.random(mask.shape)
    return np.where(rng.random(len(mask)) < 0.2, free.argmax(axis=1), (free * mask).argmax(axis=1))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "kwargs",
    [
        SMALL,
        {**SMALL, "order": "random", "preference": [0.3, 0.7]},
        {"mecs": 4, "users": 28, "spaces": 6, "infeasible_penalty": 3.0},
        {"instance": toy_instance(), "order": "space"},
    ],
    ids=["drawn", "random order", "crowded", "toy"],
)
def test_bit_equal_to_sync(mode, kwargs):
    left, right = native(4, autoreset_mode=mode, **kwargs), sync(4, mode, **kwargs)
    assert left.observation_space == right.observation_space
    assert left.action_space == right.action_space
    (observation, info), other = left.reset(seed=11), right.reset(seed=11)
    same((observation, info), other)
    rng, ends, repairs = np.random.default_rng(0), 0, 0
    for _ in range(240):
        chosen = actions(rng, info["action_mask"])
        step, other = left.step(chosen), right.step(chosen)
        same(step, other)
        over, info = step[2], step[4]
        ends += int(over.sum())
        repairs += int(np.sum(info.get("repaired", 0)))
        if mode is AutoresetMode.DISABLED and over.any():
            again, other = (e.reset(options={"reset_mask": over.copy()}) for e in (left, right))
            same(again, other)
            info = {"action_mask": left.action_masks()}
    assert ends > 8
    assert repairs > 0 or kwargs.get("users") == SMALL["users"]  # there is room for everybody
    assert left.np_random_seed == right.np_random_seed


@pytest.mark.parametrize("mode", MODES)
def test_bit_equal_at_the_standard_size(mode):
    left, right = native(3, autoreset_mode=mode), sync(3, mode)
    same(left.reset(seed=[5, 1, 8]), right.reset(seed=[5, 1, 8]))
    rng = np.random.default_rng(1)
    info = {"action_mask": np.ones((3, 20), dtype=np.int8)}
    for _ in range(300):
        chosen = actions(rng, info["action_mask"])
        step, other = left.step(chosen), right.step(chosen)
        same(step, other)
        info = step[4]
        if mode is AutoresetMode.DISABLED and step[2].any():
            info = left.reset(options={"reset_mask": step[2].copy()})[1]
            right.reset(options={"reset_mask": step[2].copy()})


def test_reset_options_reach_every_row():
    left, right = (
        native(3, mecs=3, users=6, spaces=2),
        sync(3, AutoresetMode.NEXT_STEP, mecs=3, users=6, spaces=2),
    )
    options = {"instance": toy_instance(), "preference": [1, 3]}
    same(left.reset(seed=1, options=options), right.reset(seed=1, options=dict(options)))
    same(left.reset(), right.reset())


def test_observations_of_earlier_steps_stay_what_they_were():
    env = native(3, **SMALL)
    observation, info = env.reset(seed=0)
    kept = {key: value.copy() for key, value in observation.items()}
    mask = info["action_mask"].copy()
    for _ in range(5):
        env.step(np.zeros(3, dtype=np.int64))
    assert all(np.array_equal(observation[key], kept[key]) for key in kept)
    assert np.array_equal(info["action_mask"], mask)


def test_disabled_mode_wants_a_reset():
    env = native(2, instance=toy_instance(), autoreset_mode="Disabled")
    env.reset(seed=0)
    for _ in range(4):
        env.step(np.zeros(2, dtype=np.int64))
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.zeros(2, dtype=np.int64))
    env.reset(options={"reset_mask": np.array([True, True])})
    env.step(np.zeros(2, dtype=np.int64))


def test_stepping_before_the_first_reset_is_refused():
    with pytest.raises(gymnasium.error.ResetNeeded):
        native(2, **SMALL).step(np.zeros(2, dtype=np.int64))


@pytest.mark.parametrize(
    ("reset", "word"),
    [
        ({"options": {"speed": 1}}, "speed"),
        ({"options": {"reset_mask": np.array([1, 0])}}, "reset_mask"),
        ({"options": {"reset_mask": np.array([False, False])}}, "reset_mask"),
        ({"options": {"instance": toy_instance()}}, "3 MECs"),
        ({"seed": [1, 2, 3]}, "seed"),
    ],
)
def test_bad_resets_are_the_users_error(reset, word):
    env = native(2, **SMALL)
    with pytest.raises(InputError, match=word):
        env.reset(**reset)


def test_bad_arguments_and_actions_are_the_users_error():
    with pytest.raises(InputError, match="num_envs"):
        native(0)
    with pytest.raises(InputError, match="autoreset_mode"):
        native(2, autoreset_mode="Sometimes")
    env = native(2, **SMALL)
    env.reset(seed=0)
    for wrong in ([0, 5], [0, -1], [0], [0, 1, 2]):
        with pytest.raises(InputError, match="no MEC"):
            env.step(np.array(wrong))
