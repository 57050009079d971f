"""Benchmarks small enough to run in a test, and a toy environment worked out by hand."""

import os
import signal
import subprocess
import sys
import time
from types import ModuleType

import gymnasium
import numpy as np
import pytest
import yaml

from semverse.agents import registry
from semverse.agents.registry import make_agent, register_agent
from semverse.envs import registration
from semverse.envs.config import Config

TINY = {
    "env": "semverse/SCC-v0",
    "regions": ["california", "virginia"],
    "seeds": 2,
    "budget_s": 0.3,
    "certificate_budget_s": 1.0,
    "preferences": 3,
    "workers": 2,
    "agents": {"random": {}, "local": {}, "greedy": {}},
    "scenario": {"mecs": 4, "users": 6, "spaces": 3},
    "cells": [],
    "traces": None,
}
EPISODES = {
    "env": "semverse/ISGC-v0",
    "settings": {},
    "seeds": 2,
    "episodes": 5,
    "first_seed": 500,
    "budget_s": 0.1,
    "workers": 1,
    "reference_agent": "separate",
    "infos": ["missed_deadline", "feasible"],
    "agents": {"separate": {}, "isgc_exact": {}},
}


@pytest.fixture(scope="session")
def tiny():
    return dict(TINY)


@pytest.fixture(scope="session")
def tiny_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("config") / "tiny.yaml"
    path.write_text(yaml.safe_dump(TINY, sort_keys=False))
    return path


@pytest.fixture(scope="session")
def finished(tmp_path_factory, tiny_file):
    """Folder of a finished tiny benchmark; tests must not change it."""
    out = tmp_path_factory.mktemp("run") / "out"
    from semverse.agents.benchmark.config import load_benchmark
    from semverse.agents.benchmark.progress import show_progress
    from semverse.agents.benchmark.run import run_benchmark, write_results

    write_results(run_benchmark(load_benchmark(tiny_file, {}), out, False, show_progress))
    return out


@pytest.fixture
def stop_run():
    """Start ``semverse benchmark`` and signal it when some files are there; Ctrl-C reaches its workers too.

    Returns the process, ended, with what it and its workers wrote to stderr until all had ended.
    """

    def call(arguments, out, pattern, count, number):
        command = [sys.executable, "-m", "semverse.scripts.benchmark", "--out", str(out), *arguments]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
        deadline = time.monotonic() + 60
        while len(list(out.glob(pattern))) < count and time.monotonic() < deadline:
            time.sleep(0.005)
        if number == signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        _, errors = process.communicate(timeout=20)
        return process, errors

    return call


@pytest.fixture
def invoke(semverse):
    """Run a command in this process: returns exit code, stdout, stderr."""

    def call(*arguments):
        outcome = semverse(*arguments)
        return outcome.code, outcome.out, outcome.err

    return call


@pytest.fixture(scope="session")
def policies(tmp_path_factory):
    """Folder with two checkpoints of an untrained policy, of the seeds 0 and 3."""
    import torch

    folder = tmp_path_factory.mktemp("policies")
    for seed in (0, 3):
        torch.manual_seed(seed)
        make_agent("ppo", "semverse/ISGC-v0", hidden=[4]).save(folder / f"seed_{seed}", {"seed": seed})
    return folder


@pytest.fixture(scope="session")
def episodes(policies):
    """Values of a benchmark of episodes: two rules and one learned agent of two trainings."""
    return {
        **EPISODES,
        "agents": {**EPISODES["agents"], "mine": {"agent": "ppo", "checkpoint": str(policies)}},
    }


@pytest.fixture(scope="session")
def played(tmp_path_factory, episodes):
    """Folder of a finished benchmark of episodes; tests must not change it."""
    from semverse.agents.benchmark.episodes.config import EpisodeConfig
    from semverse.agents.benchmark.progress import show_progress
    from semverse.agents.benchmark.run import run_benchmark, write_results

    out = tmp_path_factory.mktemp("played") / "out"
    write_results(run_benchmark(EpisodeConfig(**episodes), out, False, show_progress))
    return out


TOY = "semverse_tests/Toy-v0"


class ToyEnv(gymnasium.Env):
    """Three steps; each earns the action times the seed, the last one twice."""

    observation_space = gymnasium.spaces.Box(0.0, 10.0, (1,), np.float32)
    action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.factor, self.left = float(seed), 3
        return np.ones(1, dtype=np.float32), {}

    def step(self, action):
        self.left -= 1
        over = self.left == 0
        reward = float(action[0]) * self.factor * (2.0 if over else 1.0)
        info = {"late": over, "left": self.left, "nothing": np.nan, "several": np.ones(2), "word": "x"}
        if over:
            info["last"] = 7
        return np.ones(1, dtype=np.float32), reward, over, False, info


class HalfAgent:
    """Always does half of what is best."""

    class Config(Config):
        pass

    def __init__(self, config, env_id, env_settings):
        pass

    def begin(self, env):
        pass

    def act(self, observation, *, deterministic=True):
        return np.full(np.shape(observation), 0.5, dtype=np.float32)


@pytest.fixture
def toy(monkeypatch):
    """Id of an environment that somebody registered, with an agent ``half`` and a bound of their own."""
    module = ModuleType("toy_world")
    module.HalfAgent = HalfAgent
    module.bound = lambda env: 4.0 * env.factor
    monkeypatch.setitem(sys.modules, "toy_world", module)
    monkeypatch.setattr(registry, "_AGENTS", dict(registry._AGENTS))  # forgotten after the test
    register_agent("half", "toy_world:HalfAgent", supports=[TOY], acts=True)
    row = registration.EnvRow(TOY, "gymnasium", "", "", bound=registration.Bound("toy_world:bound"))
    monkeypatch.setattr(registration, "_TABLE", (*registration._TABLE, row))
    gymnasium.register(TOY, entry_point=ToyEnv)
    yield TOY
    del gymnasium.registry[TOY]
