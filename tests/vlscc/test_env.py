"""Behaviour of the rate control environments."""

import gymnasium
import mo_gymnasium
import numpy as np
import pytest

import semverse.envs  # noqa: F401  registers the ids
from semverse.envs import vlscc_parallel_v0
from semverse.envs.errors import InputError
from semverse.envs.vlscc.env import VLSCCEnv
from semverse.envs.vlscc.model import evaluate
from semverse.envs.vlscc.optimum import optimum
from semverse.envs.vlscc.types import Episode


def play(env, choose, **reset):
    """Return observations, rewards and infos of an episode."""
    observation, info = env.reset(**reset)
    seen, rewards, infos, over = [observation], [], [], False
    while not over:
        observation, reward, over, _, info = env.step(choose(len(rewards), info))
        seen.append(observation)
        rewards.append(reward)
        infos.append(info)
    return seen, rewards, infos


CASES = [("VLSCC-v0", "toy"), ("VLSCCMap-v0", "toy_map")]


@pytest.mark.parametrize(("name", "profile"), CASES)
def test_rewards_and_infos_are_the_models_evaluation(name, profile):
    env = gymnasium.make(f"semverse/{name}", profile=profile, gamma=0.1, content="all")
    env.action_space.seed(0)
    _, rewards, infos = play(env, lambda t, info: env.action_space.sample(), seed=3)
    problem, levels = env.unwrapped.problem, np.array([info["level"] for info in infos])
    costs = evaluate(env.unwrapped.episode, levels.reshape(len(levels), -1), problem)
    assert costs.feasible
    assert np.array_equal(rewards, costs.reward)
    for key in ("quality", "distortion", "symbols", "delay_ms"):
        assert np.array_equal([info[key] for info in infos], getattr(costs, key))
    vector = np.stack([-costs.distortion, -costs.symbols, -costs.delay_ms], axis=-1).astype(np.float32)
    assert np.array_equal([info["vector_reward"] for info in infos], vector)
    assert any(info["repaired"] for info in infos)


@pytest.mark.parametrize(("name", "profile"), CASES)
def test_the_optimum_can_be_played(name, profile):
    env = gymnasium.make(f"semverse/{name}", profile=profile, content="all")
    for seed in range(4):
        env.reset(seed=seed)
        best = optimum(env.unwrapped.episode, env.unwrapped.problem)
        plan = best.levels if name == "VLSCCMap-v0" else best.levels[:, 0]
        _, rewards, infos = play(env, lambda t, info, plan=plan: plan[t], seed=seed)
        assert sum(rewards) == pytest.approx(best.value, abs=1e-12)
        assert not any(info["repaired"] for info in infos)


def test_observations_by_hand():
    """Frame sizes 1, 2, 4, 1; six steps for four frames of at most three; the link sends two a frame."""
    env = gymnasium.make("semverse/VLSCC-v0", profile="toy", frames=4, deadline_share=1.0)
    episode = Episode(np.array([0, 1, 2, 3]), np.array([0.0, 10.0, 40.0, -3.0]))
    seen, _, infos = play(env, lambda t, info: [3, 3, 1, 3][t], options={"episode": episode})
    expected = [  # the second number: quality at level 1
        [1, 1 - 1 / 4, 0, 6 / 12, 1, 1, 0],
        [2, 1 - 1 / 4, 10, 3 / 9, 3 / 4, 2 / 3, 1 - 1 / 8],
        [4, 1 - 1 / 2, 10, 1 / 6, 2 / 4, 2 / 3, 1 - 2 / 14],  # level 2: one step of three waits
        [1, 1 - 1 / 4, 0, 0, 1 / 4, 1, 1 - 1 / 2],
        [1, 1 - 1 / 4, 0, 0, 0, 1, 1 - 1 / 2],
    ]
    assert np.allclose(seen, expected)
    assert [info["level"] for info in infos] == [3, 2, 1, 0]
    assert [info["repaired"] for info in infos] == [False, True, False, True]
    masks = [info["action_mask"].tolist() for info in infos]
    assert masks == [[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]]
    assert [info["symbols_left"] for info in infos] == [300, 100, 0, 0]


def test_masks_method_and_info_agree():
    for name, profile in CASES:
        env = gymnasium.make(f"semverse/{name}", profile=profile)
        _, info = env.reset(seed=0)
        for _ in range(6):
            assert np.array_equal(env.unwrapped.action_masks(), info["action_mask"].ravel() > 0)
            *_, info = env.step(env.action_space.sample())


def test_vector_reward():
    env = mo_gymnasium.make("semverse/MO-VLSCC-v0", profile="toy")
    env.reset(seed=0)
    _, reward, _, _, info = env.step(2)
    assert reward.dtype == np.float32
    assert np.array_equal(reward, info["vector_reward"])
    assert reward == pytest.approx([-info["distortion"], -200.0, -2000 / 60])


def test_stepping_a_finished_episode_is_refused():
    env = gymnasium.make("semverse/VLSCC-v0", profile="toy", frames=1).unwrapped
    for start in (True, False):
        with pytest.raises(gymnasium.error.ResetNeeded):
            env.step(0)
        if start:
            env.reset(seed=0)
            env.step(0)


@pytest.mark.parametrize(
    ("env_id", "options", "word"),
    [
        ("VLSCC-v0", {"profile": "moon"}, "profile"),
        ("VLSCC-v0", {"profile": "missing.yaml"}, "missing.yaml"),
        ("VLSCC-v0", {"profile": "toy", "content": "some"}, "content"),
        ("VLSCC-v0", {"profile": "toy", "surfaces": "moon"}, "surfaces"),
        ("VLSCC-v0", {"profile": "toy", "surfaces": "toy_map"}, "surfaces"),
        ("VLSCC-v0", {"profile": "toy", "frames": 0}, "frames"),
        ("VLSCC-v0", {"profile": "toy", "probe_levels": (1, 4)}, "probe_levels"),
        ("VLSCC-v0", {"profile": "toy", "budget_share": 1.5}, "budget_share"),
        ("VLSCC-v0", {"profile": "toy", "fading_correlation": 1.0}, "fading_correlation"),
        ("VLSCCMap-v0", {"profile": "toy"}, "surfaces"),
        ("MO-VLSCC-v0", {"profile": "toy", "gamma": -1.0}, "gamma"),
    ],
)
def test_bad_options_are_the_users_error(env_id, options, word):
    with pytest.raises(InputError, match=word) as error:
        gymnasium.make(f"semverse/{env_id}", **options)
    assert "\n" not in str(error.value)


def test_an_unknown_render_mode_is_the_users_error():
    with pytest.raises(InputError, match="render_mode"):
        VLSCCEnv("toy", render_mode="human")


@pytest.mark.parametrize("action", [4, -1, 1.5, "high", [1, 2], None])
def test_what_is_no_level_is_the_users_error(action):
    env = gymnasium.make("semverse/VLSCC-v0", profile="toy").unwrapped
    env.reset(seed=0)
    with pytest.raises(InputError, match="action"):
        env.step(action)


@pytest.mark.parametrize(
    "options",
    [
        {"speed": 1},
        {"episode": "long"},
        {"episode": Episode(np.zeros(3, dtype=int), np.zeros(3))},
        {"episode": Episode(np.full(16, 6), np.zeros(16))},
        {"episode": Episode(np.zeros(16, dtype=int), np.full(16, np.nan))},
    ],
)
def test_bad_resets_are_the_users_error(options):
    env = gymnasium.make("semverse/VLSCC-v0", profile="toy").unwrapped
    with pytest.raises(InputError, match=next(iter(options))):
        env.reset(options=options)


@pytest.mark.parametrize(("name", "profile"), CASES)
def test_pictures(name, profile):
    env = gymnasium.make(f"semverse/{name}", profile=profile, render_mode="rgb_array")
    env.reset(seed=0)
    before = env.render()
    env.step(env.action_space.sample())
    after = env.render()
    assert before.dtype == after.dtype == np.uint8
    assert before.shape == after.shape
    assert (before != after).any()
    assert gymnasium.make(f"semverse/{name}", profile=profile).unwrapped.render() is None


def test_users_share_the_symbols_of_a_frame():
    env = vlscc_parallel_v0.parallel_env(profile="toy", users=3, reward="selfish", max_cycles=5)
    env.reset(seed=1)
    _, rewards, _, truncations, infos = env.step({"user_0": 3, "user_1": 0, "user_2": 3})
    assert env.room == 4  # half of three times three
    assert [infos[f"user_{i}"]["level"] for i in range(3)] == [2, 0, 2]
    assert [infos[f"user_{i}"]["repaired"] for i in range(3)] == [True, False, True]
    assert [rewards[f"user_{i}"] for i in range(3)] == [infos[f"user_{i}"]["quality"] for i in range(3)]
    first = infos["user_0"]
    assert first["social_reward"] == pytest.approx(sum(rewards.values()))
    assert first["social_reward"] <= first["social_optimum"] + 1e-12
    assert not any(truncations.values())
    for _ in range(4):
        *_, truncations, _ = env.step({})
    assert all(truncations.values())
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step({})


def test_a_team_shares_its_reward():
    envs = [vlscc_parallel_v0.parallel_env(profile="toy", reward=kind) for kind in ("team", "selfish")]
    for env in envs:
        env.reset(seed=2)
    team, selfish = (env.step(dict.fromkeys(env.agents, 2))[1] for env in envs)
    assert len(set(team.values())) == 1
    assert team["user_0"] == pytest.approx(np.mean(list(selfish.values())))


@pytest.mark.parametrize("options", [{"users": 0}, {"users": 1.5}, {"reward": "greedy"}, {"max_cycles": 0}])
def test_bad_users_are_the_users_error(options):
    with pytest.raises(
        InputError, match={"max_cycles": "frames"}.get(next(iter(options)), next(iter(options)))
    ):
        vlscc_parallel_v0.parallel_env(profile="toy", **options)
