"""Every environment of the table passes every public kit; a new id is tested by being registered."""

import sys
import warnings
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from semverse.envs import list_envs
from semverse.envs.conformance import check_environment

ROWS = list_envs()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_every_kit_passes_without_advice(row):
    results = check_environment(f"semverse.envs:{row.id}")
    statuses = {result.name: (result.status, result.detail) for result in results}
    skipped = {name for name, (status, _) in statuses.items() if status == "skip"}
    allowed = {"Gymnasium vectorisation"} if row.kind == "mo-gymnasium" else set()
    assert skipped == allowed, statuses
    assert all(statuses[name][0] == "pass" for name in statuses if name not in allowed), statuses
    assert len(results) >= 6


@pytest.mark.parametrize("row", [row for row in ROWS if row.kind == "gymnasium"], ids=lambda row: row.id)
def test_check_env_renders_every_mode(row, monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gymnasium.make(row.id, disable_env_checker=True).unwrapped)


class BrokenEnv(gymnasium.Env[Any, Any]):
    """Ignores its seed and leaves its observation space."""

    observation_space = gymnasium.spaces.Box(0.0, 1.0, (2,), np.float32)
    action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        return np.random.default_rng().random(2).astype(np.float32), {}

    def step(self, action):
        return np.full(2, 3.0, dtype=np.float32), 0.0, False, False, {}


@pytest.fixture
def broken_id():
    name = "semverse-test/Broken-v0"
    gymnasium.register(name, entry_point=BrokenEnv)
    yield name
    del gymnasium.registry[name]


def test_check_finds_what_is_broken(broken_id, semverse: Callable[..., Any]):
    outcome = semverse("check", f"{__name__ if __name__ in sys.modules else 'gymnasium'}:{broken_id}")
    assert outcome.code == 1
    lines = [line for line in outcome.out.splitlines() if "fail" in line]
    assert any("check_env" in line for line in lines)
    assert any("seeding" in line for line in lines)


def test_check_works_on_environments_of_others(semverse):
    outcome = semverse("check", "gymnasium:CartPole-v1")
    assert outcome.code == 0, outcome.out
    assert "Stable-Baselines3" in outcome.out


def test_check_works_on_turn_based_environments_of_others():
    results = {result.name: result.status for result in check_environment("pettingzoo:classic/tictactoe_v3")}
    assert results["PettingZoo parallel_api_test"] == "skip"
    assert results["PettingZoo seed_test (AEC)"] == "pass"
    assert "fail" not in results.values()


@pytest.mark.parametrize(
    "target",
    [
        "nocolon",
        ":x",
        "gymnasium:",
        "gymnasium:Nope-v0",
        "no_such_module:SCC-v0",
        "..up:SCC-v0",
        "a b:SCC-v0",
        "semverse.envs:",
    ],
)
def test_a_bad_name_is_the_users_error(semverse, target):
    outcome = semverse("check", target)
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1
    assert "semverse: error:" in outcome.err


@pytest.mark.parametrize(("name", "text"), [("never_closed", "x = ("), ("raises", "1 / 0")])
def test_a_module_that_cannot_be_run_is_the_users_error(semverse, tmp_path, monkeypatch, name, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"{name}.py").write_text(text)
    outcome = semverse("check", f"{name}:X-v0")
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1
    assert f"{name}:X-v0: MODULE: cannot be imported" in outcome.err
