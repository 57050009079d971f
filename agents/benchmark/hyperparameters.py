"""The hyper-parameters an agent ran with."""

from __future__ import annotations

from typing import Any

from semverse.agents.benchmark.config import Variant
from semverse.envs.config import load_yaml, shipped


def hyperparameters(variant: Variant) -> dict[str, Any]:
    """Return an agent's shipped settings with the benchmark's own on top."""
    path = shipped("agents", f"{variant.agent}.yaml")
    return {**(load_yaml(path) if path.is_file() else {}), **variant.settings}
