"""The hyper-parameters an agent ran with."""

from __future__ import annotations

from typing import Any

from semverse.agents.benchmark.plan import BenchmarkConfig
from semverse.envs.config import load_yaml, shipped


def hyperparameters(agent: str, config: BenchmarkConfig) -> dict[str, Any]:
    """Return an agent's shipped settings with the benchmark's own on top."""
    path = shipped("agents", f"{agent}.yaml")
    return {**(load_yaml(path) if path.is_file() else {}), **config.agents[agent]}
