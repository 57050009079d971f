"""A benchmark small enough to run in a test."""

import pytest
import yaml

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
def invoke(semverse):
    """Run a command in this process: returns exit code, stdout, stderr."""

    def call(*arguments):
        outcome = semverse(*arguments)
        return outcome.code, outcome.out, outcome.err

    return call
