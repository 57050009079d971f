"""Wrong options of environments end in one line that names the key."""

import gymnasium
import numpy as np
import pytest

import semverse.envs
from semverse.envs.config import load_yaml, shipped
from semverse.envs.errors import InputError
from semverse.envs.registration import list_envs
from semverse.envs.scc.parallel_env import parallel_env
from semverse.envs.scc.vector_env import SCCVectorEnv

assert semverse.envs  # importing it registers the ids
DYNAMICS = load_yaml(shipped("scc", "dynamics", "default.yaml"))
IDS = [row.id for row in list_envs() if row.kind != "pettingzoo" and ".scc." in row.entry_point]

OPTIONS = [
    ("region", {"region": "atlantis"}),
    ("users", {"users": 0}),
    ("users", {"users": "many"}),
    ("mecs", {"mecs": 1.5}),
    ("spaces", {"spaces": -3}),
    ("cells", {"cells": "missing.csv"}),
    ("traces", {"traces": "missing"}),
    ("missing.json", {"instance": "missing.json"}),
    ("preference", {"preference": [0.0, 0.0]}),
    ("preference", {"preference": [0.5]}),
    ("preference", {"preference": [float("nan"), 1.0]}),
    ("preference", {"preference": "latency"}),
]


@pytest.mark.parametrize("env_id", IDS)
@pytest.mark.parametrize(("key", "options"), OPTIONS, ids=[str(options) for _, options in OPTIONS])
def test_wrong_option(env_id, key, options):
    with pytest.raises(InputError) as caught:
        gymnasium.make(env_id, **options).reset(seed=0)
    assert key in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("env_id", IDS)
@pytest.mark.parametrize(
    ("key", "options"),
    [
        ("preference", {"preference": [-1.0, 2.0]}),
        ("preference", {"preference": [np.inf, 1.0]}),
        ("missing.npz", {"instance": "missing.npz"}),
        ("instance", {"instance": 3}),
        ("prefrence", {"prefrence": [0.5, 0.5]}),
    ],
    ids=str,
)
def test_wrong_reset_option(env_id, key, options):
    env = gymnasium.make(env_id, users=3, spaces=2, mecs=3)
    with pytest.raises(InputError) as caught:
        env.reset(seed=0, options=options)
    assert key in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


NO_ACTIONS = (-1, 3, 0.5, np.nan, np.float32(1.0), True, "1", None, 10**30, [1], {})


@pytest.mark.parametrize("action", NO_ACTIONS, ids=repr)
@pytest.mark.parametrize("env_id", [i for i in IDS if "Joint" not in i])
def test_what_is_no_mec_is_refused_and_nothing_is_placed(env_id, action):
    env = gymnasium.make(env_id, users=3, spaces=2, mecs=3, disable_env_checker=True).unwrapped
    before, _ = env.reset(seed=0)
    with pytest.raises(InputError, match="action"):
        env.step(action)
    assert env.core.cursor[0] == 0
    assert all(np.array_equal(value, before[key]) for key, value in env._look().items())


@pytest.mark.parametrize(
    "actions", [[0, 0, 0.5], [True] * 3, [np.nan] * 3, [0, 0], [0, 0, 3], None, "abc"], ids=repr
)
def test_wrong_batch_of_actions(actions):
    env = gymnasium.make_vec("semverse/SCC-v0", num_envs=3, users=3, spaces=2, mecs=3)
    env.reset(seed=0)
    with pytest.raises(InputError, match="action"):
        env.step(actions)


@pytest.mark.parametrize(
    ("key", "options"),
    [
        ("order", {"order": []}),
        ("preference", {"preference": [1e308, 1e308]}),
        ("dynamics", {"dynamics": 5}),
        ("slots", {"slots": 0}),
        ("departure", {"dynamics": {**DYNAMICS, "departure": True}}),
    ],
    ids=str,
)
def test_wrong_option_of_the_dynamic_environment(key, options):
    with pytest.raises(InputError, match=key) as caught:
        gymnasium.make("semverse/SCCDynamic-v0", **options)
    assert "default.yaml" not in str(caught.value)  # that file is not to blame


@pytest.mark.parametrize("options", [5, [1], "abc"], ids=repr)
def test_reset_options_that_are_no_dictionary(options):
    for env in (
        gymnasium.make("semverse/SCC-v0", users=3, spaces=2, mecs=3),
        gymnasium.make_vec("semverse/SCC-v0", num_envs=2, users=3, spaces=2, mecs=3),
    ):
        with pytest.raises(InputError, match="reset options"):
            env.reset(options=options)


def test_a_batch_has_no_window():
    with pytest.raises(InputError, match="render_mode"):
        SCCVectorEnv(2, render_mode="human")


@pytest.mark.parametrize("cycles", [0, 2.5, "3", True, np.nan], ids=repr)
def test_wrong_max_cycles(cycles):
    with pytest.raises(InputError, match="max_cycles"):
        parallel_env(max_cycles=cycles)
