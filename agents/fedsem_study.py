"""Live federated trainings under agents: what each came to, kept in files, so that none is played twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from semverse.agents.base import Agent
from semverse.agents.training.play import play_episode
from semverse.agents.training.statistics import FloatArray, crossed_interval
from semverse.agents.training.vector import make_env
from semverse.envs.errors import InputError
from semverse.envs.files import make_folder, read_text, write_atomic

ENV = "semverse/FedSem-v0"


@dataclass(frozen=True)
class Outcome:
    """What a live training under an agent came to."""

    total: float  # return of the episode
    accuracy: float  # of the server at the end, mean over classes
    epsilon: float  # largest privacy loss of a client
    seconds: float  # that were left of the deadline


def play_live(agent: Agent, settings: Mapping[str, Any], seed: int, path: Path) -> Outcome:
    """Return the outcome of a seed: that of a file if it is there, else train and write it.

    Raises:
        InputError: the file is damaged or of other settings, or cannot be written.
    """
    expected = {"settings": dict(settings), "seed": seed}
    if path.exists():
        try:
            found = json.loads(read_text(path))
            if {key: found[key] for key in expected} != expected:
                raise KeyError("other settings")
            return Outcome(**found["outcome"])
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"is no outcome of this ({error})", source=path, remedy="give another folder"
            ) from error
    env = make_env(ENV, settings)
    played = play_episode(agent, env, seed)
    env.close()
    last = played.last
    outcome = Outcome(played.total, last["accuracy"], last["epsilon"], last["seconds_left"])
    make_folder(path.parent)
    write_atomic(path, json.dumps({**expected, "outcome": asdict(outcome)}).encode())
    return outcome


@dataclass(frozen=True)
class Verdict:
    """An agent's outcomes, on average over seeds, with intervals of 95 % (paired bootstrap over seeds)."""

    agent: str
    total: float
    total_interval: tuple[float, float]
    accuracy: float
    epsilon: float
    seconds: float
    gain: float  # of the return over the reference
    gain_interval: tuple[float, float]


def judge_live(
    players: Mapping[str, Sequence[Agent]],
    settings: Mapping[str, Any],
    seeds: range,
    folder: Path,
    reference: str,
    watch: Callable[[Iterable[int], str], Iterable[int]] = lambda seeds, _: seeds,
) -> list[Verdict]:
    """Play all agents live on the same seeds.

    Args:
        players: label to the same agent from one or several trainings.
        settings: of the environment.
        seeds: of the episodes.
        folder: of the outcomes.
        reference: label of the agent that the others are compared with.
        watch: shows the seeds of an agent as they are played.

    Raises:
        InputError: something in the folder is wrong.
    """
    found: dict[str, list[list[Outcome]]] = {}
    for label, agents in players.items():
        found[label] = [
            [play_live(agent, settings, seed, folder / f"{_safe(label)}_{run}_{seed}.json") for seed in shown]
            for run, agent in enumerate(agents)
            for shown in [watch(seeds, label)]
        ]
    totals = {label: _values(runs, "total") for label, runs in found.items()}
    return [_verdict(label, runs, totals[label], totals[reference]) for label, runs in found.items()]


def _safe(label: str) -> str:
    return Path(label).name


def _values(runs: list[list[Outcome]], name: str) -> FloatArray:
    """Return values of outcomes [runs, seeds]."""
    return np.array([[getattr(outcome, name) for outcome in run] for run in runs])


def _verdict(label: str, runs: list[list[Outcome]], mine: FloatArray, base: FloatArray) -> Verdict:
    def gain(ours: FloatArray, theirs: FloatArray) -> float:
        return float(ours.mean() - theirs.mean())

    accuracy, epsilon, seconds = (
        float(_values(runs, name).mean()) for name in ("accuracy", "epsilon", "seconds")
    )
    return Verdict(
        label,
        float(mine.mean()),
        crossed_interval([mine], lambda ours: float(ours.mean())),
        accuracy,
        epsilon,
        seconds,
        gain(mine, base),
        crossed_interval([mine, base], gain),
    )
