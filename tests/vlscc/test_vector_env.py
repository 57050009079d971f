"""The native batches equal synchronous batches of single environments, bit by bit."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import semverse.envs  # noqa: F401  registers the ids
from semverse.envs.errors import InputError
from semverse.envs.vlscc.speed import batch_rate

MODES = list(AutoresetMode)
IDS = ("semverse/VLSCC-v0", "semverse/VLSCCMap-v0")


def native(env_id, count, **kwargs):
    return gymnasium.make_vec(env_id, num_envs=count, vectorization_mode="vector_entry_point", **kwargs)


def both(env_id, count, mode, **kwargs):
    single = [lambda: gymnasium.make(env_id, **kwargs)] * count
    return native(env_id, count, autoreset_mode=mode, **kwargs), SyncVectorEnv(single, autoreset_mode=mode)


def same(left, right):
    for a, b in zip(left, right, strict=True):
        if isinstance(a, dict):
            assert a.keys() == b.keys()
        assert data_equivalence(a, b, exact=True)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("env_id", IDS)
def test_bit_equal_to_sync(env_id, mode):
    """Masked resets, with and without seeds, move rows apart."""
    left, right = both(env_id, 3, mode, profile=PROFILE[env_id], frames=7, content="all", gamma=0.1)
    assert left.observation_space == right.observation_space
    assert left.action_space == right.action_space
    same(left.reset(seed=[5, 1, 8]), right.reset(seed=[5, 1, 8]))
    rng, over, ends, repaired = np.random.default_rng(1), np.zeros(3, dtype=bool), 0, 0
    left.action_space.seed(0)
    for turn in range(120):
        if (over.any() and mode is AutoresetMode.DISABLED) or turn % 11 == 5:
            mask = over | (rng.random(3) < 0.4)
            mask[0] |= not mask.any()
            seed = [None, turn, None] if turn % 22 == 5 else None
            same(*(e.reset(seed=seed, options={"reset_mask": mask.copy()}) for e in (left, right)))
        step, other = (
            e.step(a) for e, a in zip((left, right), [left.action_space.sample()] * 2, strict=True)
        )
        same(step, other)
        over = step[2]
        ends += int(over.sum())
        repaired += int(np.sum(step[4].get("repaired", 0)))
    assert ends > 20
    assert repaired > 3
    assert left.np_random_seed == right.np_random_seed


PROFILE = {"semverse/VLSCC-v0": "toy", "semverse/VLSCCMap-v0": "toy_map"}


@pytest.mark.parametrize("env_id", IDS)
def test_masks_are_those_of_the_infos(env_id):
    env = native(env_id, 4, profile=PROFILE[env_id], frames=6)
    _, infos = env.reset(seed=0)
    for _ in range(5):
        assert np.array_equal(env.action_masks(), infos["action_mask"].reshape(4, -1) > 0)
        *_, infos = env.step(env.action_space.sample())


def test_a_given_episode_is_played_in_every_row():
    left, right = both(IDS[0], 3, "NextStep", profile="toy")
    source = gymnasium.make(IDS[0], profile="toy").unwrapped
    source.reset(seed=4)
    options = {"episode": source.episode}
    same(left.reset(seed=1, options=options), right.reset(seed=1, options=options))
    same(*(e.step(np.array([1, 2, 3])) for e in (left, right)))


def test_what_was_handed_out_stays_what_it_was():
    env = native(IDS[0], 3, profile="toy")
    observation, infos = env.reset(seed=0)
    kept, mask, frames = observation.copy(), infos["action_mask"].copy(), env.episode.frames.copy()
    episode = env.episode
    for _ in range(20):
        step = env.step(np.full(3, 3))
    env.reset(options={"reset_mask": np.array([True, False, False])})
    assert np.array_equal(observation, kept)
    assert np.array_equal(infos["action_mask"], mask)
    assert np.array_equal(episode.frames, frames)
    assert step[4]["quality"].shape == (3,)


def test_disabled_mode_wants_a_reset():
    env = native(IDS[0], 2, profile="toy", frames=1, autoreset_mode="Disabled")
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.zeros(2, dtype=int))
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.reset(options={"reset_mask": np.array([True, False])})
    env.reset(seed=0)
    env.step(np.zeros(2, dtype=int))
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.zeros(2, dtype=int))


def test_bad_arguments_and_actions_are_the_users_error():
    for options, word in (
        ({"num_envs": 0}, "num_envs"),
        ({"num_envs": 2, "autoreset_mode": "x"}, "autoreset"),
    ):
        with pytest.raises(InputError, match=word):
            gymnasium.make_vec(IDS[0], vectorization_mode="vector_entry_point", **options)
    env = native(IDS[0], 2, profile="toy")
    env.reset(seed=0)
    for wrong in (np.zeros(3, dtype=int), np.zeros(2), np.array([0, 4]), np.array([-1, 0])):
        with pytest.raises(InputError, match="action"):
            env.step(wrong)
    with pytest.raises(InputError, match="speed"):
        env.reset(options={"speed": 1})


def test_rates_are_measured_at_all():
    assert batch_rate(8, 0.01) > 0
