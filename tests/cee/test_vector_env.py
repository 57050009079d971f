"""The native batch equals synchronous single environments, which calculate in plain Python, to 1e-9."""

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import semverse.envs  # noqa: F401  registers the ids
from semverse.envs.cee.speed import batch_rate, single_rate
from semverse.envs.errors import InputError

ID = "semverse/CEE-v0"


def native(count, **kwargs):
    return gymnasium.make_vec(ID, num_envs=count, vectorization_mode="vector_entry_point", **kwargs)


def both(count, mode, **kwargs):
    single = [lambda: gymnasium.make(ID, **kwargs)] * count
    return native(count, autoreset_mode=mode, **kwargs), SyncVectorEnv(single, autoreset_mode=mode)


def same(left, right):
    """Compare nested results; float32 may differ in the last place, others in the ninth digit."""
    assert type(left) is type(right) or np.isscalar(left)
    if isinstance(left, dict):
        assert left.keys() == right.keys()
        for key in left:
            same(left[key], right[key])
    elif isinstance(left, tuple):
        for a, b in zip(left, right, strict=True):
            same(a, b)
    elif isinstance(left, np.ndarray) and left.dtype == object:
        for a, b in zip(left, right, strict=True):
            assert (a is None) == (b is None)
            if a is not None:
                same(a, b)
    else:
        assert left.dtype == right.dtype
        assert left.shape == right.shape
        if left.dtype.kind == "f":
            assert np.allclose(left, right, rtol=1e-9 if left.dtype == np.float64 else 1e-6, atol=1e-12)
        else:
            assert np.array_equal(left, right)


@pytest.mark.parametrize("options", [{"preference": "random"}, {"preset": "paper"}], ids=str)
@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_equal_to_sync(mode, options):
    """Masked resets, with and without seeds, move rows apart."""
    left, right = both(3, mode, epochs=7, **options)
    assert left.observation_space == right.observation_space
    assert left.action_space == right.action_space
    same(left.reset(seed=[5, 1, 8]), right.reset(seed=[5, 1, 8]))
    rng, over, ends, repaired = np.random.default_rng(1), np.zeros(3, dtype=bool), 0, 0
    left.action_space.seed(0)
    for turn in range(60):
        if (over.any() and mode is AutoresetMode.DISABLED) or turn % 11 == 5:
            mask = over | (rng.random(3) < 0.4)
            mask[0] |= not mask.any()
            seed = [None, turn, None] if turn % 22 == 5 else None
            same(*(e.reset(seed=seed, options={"reset_mask": mask.copy()}) for e in (left, right)))
        actions = left.action_space.sample()
        step, other = (e.step(actions) for e in (left, right))
        same(step, other)
        assert not step[2].any()
        over = step[3]
        ends += int(over.sum())
        repaired += int(np.sum(step[4].get("repaired", 0)))
    assert ends > 8
    assert repaired > 8
    assert left.np_random_seed == right.np_random_seed


def test_masks_are_those_of_the_infos():
    env = native(4, epochs=6)
    _, infos = env.reset(seed=0)
    for _ in range(5):
        assert np.array_equal(env.action_masks(), infos["action_mask"] > 0)
        *_, infos = env.step(env.action_space.sample())


def test_given_episodes_and_preferences_are_played_in_every_row():
    left, right = both(3, "NextStep", epochs=4)
    source = gymnasium.make(ID, epochs=4).unwrapped
    source.reset(seed=4)
    actions = np.tile([15, 15, 1, 2, 1], (3, 1))
    for options in ({"episode": source.episode}, {"preference": [1.0, 0.0, 1.0, 0.0, 0.0]}):
        same(*(env.reset(seed=1, options=options) for env in (left, right)))
        same(*(env.step(actions) for env in (left, right)))


def test_what_was_handed_out_stays_what_it_was():
    env = native(3)
    observation, infos = env.reset(seed=0)
    kept, mask, ratios = observation.copy(), infos["action_mask"].copy(), env.episode.snr_db.copy()
    episode, state = env.episode, env.state
    for _ in range(20):
        step = env.step(np.tile([15, 15, 1, 2, 1], (3, 1)))
    env.reset(options={"reset_mask": np.array([True, False, False])})
    assert np.array_equal(observation, kept)
    assert np.array_equal(infos["action_mask"], mask)
    assert np.array_equal(episode.snr_db, ratios)
    assert state.tier.tolist() == [1, 1, 1]
    assert step[4]["psnr_db"].shape == (3,)


def test_bad_arguments_and_actions_are_the_users_error():
    for options, word in (({"num_envs": 0}, "num_envs"), ({"num_envs": 2, "preset": "x"}, "preset")):
        with pytest.raises(InputError, match=word):
            gymnasium.make_vec(ID, vectorization_mode="vector_entry_point", **options)
    env = native(2)
    env.reset(seed=0)
    for wrong in (np.zeros((3, 5), int), np.zeros((2, 5)), np.full((2, 5), 92), None, [[0], [1, 2]]):
        with pytest.raises(InputError, match="action"):
            env.step(wrong)
    with pytest.raises(InputError, match="speed"):
        env.reset(options={"speed": 1})


def test_rates_are_measured_at_all():
    assert batch_rate(8, 0.01) > 0
    assert single_rate(0.01) > 0
