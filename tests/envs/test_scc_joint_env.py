"""SCCJoint-v0: the same reward as SCC-v0 for the same choices."""

from dataclasses import replace

import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semverse.envs.errors import InputError
from semverse.envs.scc.env import SCCEnv
from semverse.envs.scc.joint_env import SCCJointEnv
from semverse.envs.scc.model import evaluate
from semverse.envs.scc.reward import scale
from semverse.envs.scc.servable import pack
from semverse.envs.scc.toy import toy_instance

SIZE = {"mecs": 4, "users": 26, "spaces": 5}


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000))
def test_reward_is_the_return_of_scc_for_the_same_choices(seed):
    joint, single = SCCJointEnv(**SIZE), SCCEnv(**SIZE)
    joint.reset(seed=seed)
    single.reset(seed=seed)
    action = np.random.default_rng(seed).integers(4, size=joint.max_requests)
    _, reward, over, truncated, info = joint.step(action)
    assert over
    assert not truncated
    total, repairs, done = 0.0, 0, False
    while not done:
        _, r, done, _, last = single.step(single.plan_action(action))
        total += r
        repairs += last["repaired"]
    assert reward == pytest.approx(total, abs=1e-9)
    assert info["placement"] == last["placement"]
    assert (info["repaired"], info["repaired_requests"]) == (repairs > 0, repairs)
    assert info["feasible"] == last["feasible"]


def test_feasible_placement_is_taken_as_it_is():
    env = SCCJointEnv(users=30, preference=[0.2, 0.8])
    env.reset(seed=1)
    plan = pack(env.instance)
    observation, reward, _, _, info = env.step(env.plan_action(plan))
    costs = evaluate(env.instance, plan[None])
    assert reward == pytest.approx(
        -float((costs.objectives / scale(env.instance))[0] @ [0.2, 0.8]), abs=1e-12
    )
    assert info["placement"] == plan.tolist()
    assert info["repaired"] is False
    assert type(reward) is float
    assert observation in env.observation_space


def test_rendering_changes_no_number():
    plain, drawn = SCCJointEnv(**SIZE), SCCJointEnv(**SIZE, render_mode="rgb_array")
    for env in (plain, drawn):
        env.reset(seed=3)
    plan = pack(plain.instance)
    left, right = plain.step(plain.plan_action(plan)), drawn.step(drawn.plan_action(plan))
    assert left[1] == pytest.approx(right[1], abs=1e-12)
    assert left[4]["placement"] == right[4]["placement"]


def test_observation_shows_the_toy():
    env = SCCJointEnv(instance=toy_instance(), preference=[1, 1])
    observation, _ = env.reset(seed=0)
    reference = scale(env.instance)
    first = observation["added_latency"].reshape(4, 3)[0] * reference[0] / 4
    # user 0 (local to MEC 0), space 0: compute, sensor and frame, access, and the host's own synchronisation
    assert first == pytest.approx([5 + 2 + 1, 2.5 + 0.5 * (2 + 6) + 2 + 0, 2 + 0.5 * (3 + 10) + 2 + 2])
    pairs = observation["sync_latency"].reshape(3, 3) * reference[0] / 4
    assert pairs[0, 1] == pytest.approx(2 + 3)  # both directions
    assert observation["space_cache"] == pytest.approx([0.5, 0.375])
    assert observation["cache_room"] == pytest.approx([1, 0.75, 0.5])
    assert observation["task_room"] == pytest.approx([1, 1, 0.5])
    assert observation["request_space"] == pytest.approx([0.5, 0.5, 1, 1])
    assert env.action_masks().shape == (12,)
    assert env.action_masks().all()


def test_mask_of_each_request_on_its_own():
    toy = toy_instance()
    cache = toy.mecs.cache_gb * [1.0, 1.0, 0.8]  # space 0 no longer fits into MEC 2
    env = SCCJointEnv(instance=replace(toy, mecs=replace(toy.mecs, cache_gb=cache)))
    _, info = env.reset(seed=0)
    expected = np.ones((4, 3), dtype=np.int8)
    expected[toy.requests.space == 0, 2] = 0
    assert info["action_mask"].dtype == np.int8
    assert np.array_equal(info["action_mask"], expected)
    assert np.array_equal(env.action_masks(), expected.ravel() > 0)
    env.action_space.seed(0)
    for _ in range(20):
        chosen = env.action_space.sample(tuple(info["action_mask"]))
        assert expected[np.arange(4), chosen].all()
    assert np.array_equal(env.step(chosen)[4]["action_mask"], expected)


def test_surplus_entries_are_ignored():
    env = SCCJointEnv(**SIZE)
    rewards = []
    for filler in (0, 3):
        env.reset(seed=5)
        action = np.full(env.max_requests, filler)
        action[: env.instance.num_requests] = pack(env.instance)
        rewards.append(env.step(action)[1])
    assert env.instance.num_requests < env.max_requests
    assert rewards[0] == rewards[1]


def test_wrong_use_is_refused():
    env = SCCJointEnv(**SIZE)
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.zeros(env.max_requests, dtype=int))
    env.reset(seed=0)
    for action in (np.zeros(3, dtype=int), np.zeros(env.max_requests), np.full(env.max_requests, 4)):
        with pytest.raises(InputError, match="action"):
            env.step(action)
    env.step(np.zeros(env.max_requests, dtype=int))
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.zeros(env.max_requests, dtype=int))
    with pytest.raises(InputError, match="requests"):
        SCCJointEnv(mecs=3, users=1, spaces=2).reset(options={"instance": toy_instance()})
