"""Behaviour of the cloud-edge-end environments."""

import gymnasium
import mo_gymnasium
import numpy as np
import pytest

import semverse.envs  # noqa: F401  registers the ids
from semverse.envs import cee_parallel_v0
from semverse.envs.cee.dynamic import optimum
from semverse.envs.cee.env import CEEEnv, episode_bound
from semverse.envs.cee.model import evaluate, reward
from semverse.envs.cee.types import OBJECTIVES, Episode, State
from semverse.envs.config import load_yaml, shipped
from semverse.envs.errors import InputError

ID = "semverse/CEE-v0"


def play(env, choose, **reset):
    """Return observations, rewards and infos of an episode."""
    observation, info = env.reset(**reset)
    seen, rewards, infos, over = [observation], [], [], False
    while not over:
        observation, earned, terminated, over, info = env.step(choose(len(rewards), info))
        assert not terminated
        seen.append(observation)
        rewards.append(earned)
        infos.append(info)
    return seen, rewards, infos


def test_what_an_episode_tells_is_the_models_evaluation():
    env = gymnasium.make(ID, preference="random", epochs=30)
    env.action_space.seed(0)
    seen, rewards, infos = play(env, lambda t, info: env.action_space.sample(), seed=3)
    episode, problem = env.unwrapped.episode, env.unwrapped.problem
    tier, quality = 1, 3
    for t, (earned, info) in enumerate(zip(rewards, infos, strict=True)):
        state = State(np.asarray(tier), np.asarray(quality))
        found = evaluate(info["executed"], episode.conditions(t), state, problem)
        assert found.keeps_up
        for key in OBJECTIVES:
            assert info[key] == pytest.approx(float(getattr(found, key)), rel=1e-9)
        assert earned == pytest.approx(float(reward(found, episode.preference, problem)), rel=1e-9)
        tier, quality = int(info["executed"][4]), int(found.quality)
        assert seen[t + 1][8] == quality == info["quality"]
        assert seen[t + 1][5:8].tolist() == np.eye(3)[tier].tolist()
    assert len(rewards) == 30
    assert any(info["repaired"] for info in infos)
    assert not all(info["repaired"] for info in infos)


def test_what_is_reported_is_an_epoch_old():
    env = gymnasium.make(ID)
    seen, _, _ = play(env, lambda t, info: np.zeros(5, dtype=int), seed=1)
    episode = env.unwrapped.episode
    assert np.array([row[:2] for row in seen]) == pytest.approx(episode.snr_db, rel=1e-6)
    assert seen[4][2:5] == pytest.approx([*episode.load[4], episode.motion[4]], rel=1e-6)


def test_the_optimum_can_be_played_and_bounds_others():
    env = gymnasium.make(ID, epochs=12)
    for seed in range(2):
        env.reset(seed=seed)
        plan = optimum(env.unwrapped.episode, env.unwrapped.problem, (1, 3))
        assert episode_bound(env.unwrapped) == plan.value
        _, rewards, infos = play(env, lambda t, info, plan=plan: plan.actions[t], seed=seed)
        assert sum(rewards) == pytest.approx(plan.value, abs=1e-9)
        assert not any(info["repaired"] for info in infos)
        env.action_space.seed(seed)
        assert sum(play(env, lambda t, info: env.action_space.sample(), seed=seed)[1]) < plan.value


def test_decisions_within_the_mask_can_be_taken_one_by_one():
    """Whatever the mask allows of a decision is executed if the others are light."""
    env = gymnasium.make(ID)
    _, info = env.reset(seed=4)
    sizes, light = [92, 92, 3, 5, 3], np.array([15, 15, 0, 0, 0])
    for t in range(30):
        mask = info["action_mask"]
        assert np.array_equal(env.unwrapped.action_masks(), mask > 0)
        starts = np.cumsum([0, *sizes])
        decision = 2 + t % 3
        for option in range(sizes[decision]):
            action = light.copy()
            action[decision] = option
            executed = env.unwrapped.model.repair(action.tolist(), env.unwrapped.now)
            assert (executed == action.tolist()) == bool(mask[starts[decision] + option])
        *_, info = env.step(light)


def test_the_papers_system_is_played_whatever_is_decided():
    env = gymnasium.make(ID, preset="paper")
    env.action_space.seed(0)
    _, _, infos = play(env, lambda t, info: env.action_space.sample(), seed=2)
    names = env.unwrapped.problem.table.names
    for info in infos:
        up, down, _, _, _ = info["executed"]
        assert (names[up], names[down]) == ("semantic 1/16 GOP 4", "semantic 1/16 GOP 1")
        assert info["action_mask"].sum() == 5
    assert sum(info["executed"][4] == 1 for info in infos) > 40  # on the edge, unless that is full
    masked = gymnasium.make(ID, preset="paper")
    _, info = masked.reset(seed=2)
    starts = np.cumsum([0, 92, 92, 3, 5])
    for _ in range(20):
        *_, info = masked.step(np.flatnonzero(info["action_mask"]) - starts)
        assert not info["repaired"]


def test_preferences():
    env = gymnasium.make(ID)
    given = env.reset(seed=0)[0][9:14]
    assert given == pytest.approx(env.unwrapped.problem.config.reward.preference)
    assert env.reset(options={"preference": [1, 0, 3, 0, 0]})[0][9:14] == pytest.approx([0.25, 0, 0.75, 0, 0])
    drawn = gymnasium.make(ID, preference="random")
    rows = [drawn.reset(seed=seed)[0][9:14] for seed in range(3)]
    assert np.sum(rows, axis=1) == pytest.approx(1)
    assert len({tuple(row) for row in np.array(rows).round(6).tolist()}) == 3
    assert gymnasium.make(ID, preference=[1, 1, 1, 1, 0]).reset()[0][9:14] == pytest.approx(
        [0.25, 0.25, 0.25, 0.25, 0]
    )


def test_a_given_episode_is_played():
    env = gymnasium.make(ID, epochs=5)
    env.reset(seed=1)
    episode = env.unwrapped.episode
    first = play(env, lambda t, info: np.zeros(5, dtype=int), seed=1)[1]
    again = play(env, lambda t, info: np.zeros(5, dtype=int), seed=9, options={"episode": episode})[1]
    assert first == again


def test_vector_reward():
    env = mo_gymnasium.make("semverse/MO-CEE-v0")
    env.reset(seed=0)
    _, vector, _, _, info = env.step(env.action_space.sample())
    assert vector.dtype == np.float32
    signs = np.array([-1, -1, 1, -1, -1])
    assert vector == pytest.approx(signs * [info[key] for key in OBJECTIVES], rel=1e-6)


def test_stepping_a_finished_episode_is_refused():
    env = CEEEnv(epochs=1)
    for start in (True, False):
        with pytest.raises(gymnasium.error.ResetNeeded):
            env.step(np.zeros(5, dtype=int))
        if start:
            env.reset(seed=0)
            env.step(np.zeros(5, dtype=int))


DEFAULT = load_yaml(shipped("cee", "default.yaml"))


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"profile": "moon"}, "profile"),
        ({"profile": "missing.yaml"}, "missing.yaml"),
        ({"epochs": 0}, "epochs"),
        ({"epochs": 2.5}, "epochs"),
        ({"preset": "ours"}, "preset"),
        ({"preference": "greedy"}, "preference"),
        ({"preference": [1, 2]}, "preference"),
        ({"preference": [0, 0, 0, 0, 0]}, "preference"),
        ({"preference": [1, 1, 1, 1, float("nan")]}, "preference"),
        ({"render_mode": "human"}, "render_mode"),
        ({"links": "moon"}, "links"),
        ({"preset": "paper", "paper": {**DEFAULT["paper"], "uplink": "moon"}}, "paper.uplink"),
        ({"preset": "paper", "paper": {**DEFAULT["paper"], "preprocessing": 9}}, "paper.preprocessing"),
        ({"dynamics": {"load_max": 1.0}}, "load_max"),
    ],
    ids=str,
)
def test_bad_options_are_the_users_error(options, word):
    with pytest.raises(InputError, match=word) as caught:
        CEEEnv(**options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "action",
    [
        0,
        [0] * 4,
        [0.0] * 5,
        [92, 0, 0, 0, 0],
        [0, 0, 0, 5, 0],
        [-1, 0, 0, 0, 0],
        "up",
        None,
        [[0], [1, 2]],
        [True] * 5,
    ],
    ids=repr,
)
def test_what_is_no_decision_is_the_users_error(action):
    env = CEEEnv()
    before, _ = env.reset(seed=0)
    with pytest.raises(InputError, match="action"):
        env.step(action)
    assert np.array_equal(env._observe(), before)


def test_bad_resets_are_the_users_error():
    env = CEEEnv(epochs=3)
    env.reset(seed=0)
    e = env.episode
    for options, word in (
        ({"speed": 1}, "speed"),
        ([1], "reset options"),
        ({"preference": [1]}, "preference"),
        ({"episode": "long"}, "episode"),
        ({"episode": Episode(e.snr_db[1:], e.load, e.motion, e.preference)}, "episode"),
        ({"episode": Episode(e.snr_db, e.load + 1, e.motion, e.preference)}, "episode"),
        ({"episode": Episode(e.snr_db, e.load, e.motion * 0, e.preference)}, "episode"),
        ({"episode": Episode(e.snr_db * np.nan, e.load, e.motion, e.preference)}, "episode"),
    ):
        with pytest.raises(InputError, match=word):
            env.reset(options=options)


def test_pictures():
    env = gymnasium.make(ID, render_mode="rgb_array")
    env.reset(seed=0)
    before = env.render()
    env.step(env.action_space.sample())
    after = env.render()
    assert before.dtype == after.dtype == np.uint8
    assert before.shape == after.shape
    assert (before != after).any()
    assert gymnasium.make(ID).unwrapped.render() is None


def test_many_share_what_there_is():
    env = cee_parallel_v0.parallel_env(users=3, reward="selfish", max_cycles=4)
    observations, _ = env.reset(seed=1)
    assert observations["edge_0"].shape == (54,)
    assert np.array_equal(env.state(), np.concatenate([observations[f"user_{i}"][:18] for i in range(3)]))
    assert np.array_equal(env.state()[:18], observations["user_2"][18:36])
    actions = {"edge_0": [1, 1, 1], "cloud_0": [4, 4, 4]} | {f"user_{i}": [15, 15, 1] for i in range(3)}
    for turn in range(4):
        _, rewards, _, truncations, infos = env.step(actions)
        users = [rewards[f"user_{i}"] for i in range(3)]
        assert infos["edge_0"]["social_reward"] == pytest.approx(sum(users))
        assert rewards["cloud_0"] == pytest.approx(np.mean(users))
        assert all(truncations.values()) == (turn == 3)
    assert infos["user_0"]["repaired"]
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step({})


def test_a_team_shares_its_reward():
    envs = [cee_parallel_v0.parallel_env(reward=kind) for kind in ("team", "selfish")]
    for env in envs:
        env.reset(seed=2)
    team, selfish = (env.step({})[1] for env in envs)
    assert len(set(team.values())) == 1
    assert team["edge_0"] == pytest.approx(selfish["edge_0"])


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"users": 0}, "users"),
        ({"users": 1.5}, "users"),
        ({"reward": "greedy"}, "reward"),
        ({"max_cycles": 0}, "max_cycles"),
        ({"shared_capacity": 0.05}, "shared_capacity"),
    ],
    ids=str,
)
def test_bad_options_of_many_are_the_users_error(options, word):
    with pytest.raises(InputError, match=word):
        cee_parallel_v0.parallel_env(**options)


@pytest.mark.parametrize(
    "wrong", [{"edge_0": [3, 0, 0, 0]}, {"cloud_0": [0]}, {"user_0": "up"}, {"user_1": [0.5] * 3}]
)
def test_bad_decisions_of_many_are_the_users_error(wrong):
    env = cee_parallel_v0.parallel_env()
    env.reset(seed=0)
    with pytest.raises(InputError, match=next(iter(wrong))):
        env.step(wrong)
