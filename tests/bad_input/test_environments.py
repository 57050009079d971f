"""Wrong options of environments end in one line that names the key."""

import gymnasium
import numpy as np
import pytest

import semverse.envs
from semverse.envs.errors import InputError
from semverse.envs.registration import list_envs

assert semverse.envs  # importing it registers the ids
IDS = [row.id for row in list_envs() if row.kind != "pettingzoo"]

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
