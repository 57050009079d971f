"""Making and checking the agents of a benchmark."""

from __future__ import annotations

import re

from semverse.agents.base import Agent
from semverse.agents.benchmark.config import BenchmarkConfig, Variant
from semverse.agents.registry import make_agent
from semverse.envs.errors import InputError

_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+]*")  # names become parts of file names, joined by "-"


def make_variant(variant: Variant, env: str) -> Agent:
    """Make the agent of a variant.

    Raises:
        InputError: as `make_agent`, naming the label.
    """
    try:
        return make_agent(variant.agent, env, **variant.settings)
    except InputError as error:
        raise below(f"agents.{variant.label}", error) from error


def check_labels(config: BenchmarkConfig, taken: str | None = None) -> None:
    """Make sure that labels can name files.

    Args:
        config: the benchmark.
        taken: the TensorBoard run that is no agent, if there is one.

    Raises:
        InputError: names the label.
    """
    for label in config.agents:
        check_name("agents", label)
        if label == taken:
            raise InputError(f"the label {label!r} is taken", key="agents", remedy="choose another")


def check_reference(config: BenchmarkConfig) -> None:
    """Make sure that the reference agent, if there is one, is one of the agents.

    Raises:
        InputError: it is not.
    """
    if config.reference_agent not in (None, *config.agents):
        raise InputError(
            f"no agent is labelled {config.reference_agent!r:.60}",
            key="reference_agent",
            remedy=f"choose from {', '.join(config.agents)}, or null",
        )


def check_name(key: str, name: str) -> None:
    """Make sure that a name can be part of a file's name.

    Raises:
        InputError: it cannot.
    """
    if not _SAFE_NAME.fullmatch(name):
        raise InputError(f"name {name!r:.60}", key=key, remedy="use letters, digits, '_', '.' and '+'")


def below(where: str, error: InputError) -> InputError:
    """Return an error with the entry of the configuration named before the file or flag it came from."""
    return error.at(where if error.source is None else f"{where}: {error.source}")
