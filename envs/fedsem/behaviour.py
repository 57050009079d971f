"""How recorded trainings decide: at random, but with an eye on what good agents do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pydantic

from semverse.envs.config import Config, load_yaml, parse, shipped
from semverse.envs.errors import InputError
from semverse.envs.fedsem.problem import Problem
from semverse.envs.fedsem.types import RULES, IntArray

CHANGE = 0.3  # probability that a part of the action is drawn anew in a round
IDLE = 0.05  # probability that nobody is asked in a round
Count = Annotated[int, pydantic.Field(ge=1)]
Choice = tuple[Count, str, Count, Count, Count]  # count, rule, public pictures, bits, payment


def action_of(choice: Choice, problem: Problem, source: str) -> IntArray:
    """Return the action [5] that stands for values of a profile.

    Raises:
        InputError: a value that the profile does not offer.
    """
    a = problem.config.actions
    known = {"count": a.counts, "rule": RULES, "public": a.public, "bits": a.bits, "payment": a.payments}
    found = []
    for value, (key, values) in zip(choice, known.items(), strict=True):
        if value not in values:
            remedy = "choose from " + ", ".join(map(str, values))
            raise InputError(f"is {value!r}", source=source, key=key, remedy=remedy)
        found.append(values.index(value))
    return np.array(found)


@dataclass(frozen=True, eq=False)
class Behaviour:
    """A way to decide: a constant action, or a plan, with changes here and there.

    Many clients are more likely than few, for few of them drown in noise. In every other episode nobody is
    asked any more once a client that took part in every round has spent its budget.

    Args:
        name: of its recordings.
        greedy: only the upper half of counts, public pictures and bits, where good agents are found.
        plan: actions [R, 5] instead of a constant one; nobody is asked after them.
    """

    name: str
    greedy: bool = False
    plan: IntArray | None = None

    def actions(self, problem: Problem, rng: np.random.Generator) -> IntArray:
        """Return the actions of an episode [T, 5]."""
        base, stops, actions = self._draw(problem, rng), rng.random() < 0.5, list[IntArray]()
        counts, payments, spent = problem.config.actions.counts, problem.config.actions.payments, 0.0
        for t in range(problem.config.rounds):
            if self.plan is not None:
                base = self.plan[t] if t < len(self.plan) else np.zeros_like(base)
            action = np.where(rng.random(len(base)) < CHANGE, self._draw(problem, rng), base)
            if rng.random() < IDLE or (stops and spent > 0.99):
                action[0] = 0
            if counts[action[0]] > 0:
                spent += 1.0 / payments[action[4]]
            actions.append(action)
        return np.array(actions)

    def _draw(self, problem: Problem, rng: np.random.Generator) -> IntArray:
        sizes = problem.sizes
        counts = np.arange(int(sizes[0]))
        least = np.where([self.greedy, False, self.greedy, self.greedy, False], sizes // 2, 0)
        likely = np.where(counts < least[0], 0, counts**2) / (counts[least[0] :] ** 2).sum()
        rest = rng.integers(least[1:], sizes[1:])
        return np.array([rng.choice(counts, p=likely), *rest])


BROAD, GREEDY = Behaviour("broad"), Behaviour("greedy", greedy=True)


class Explored(Config):
    """Schedules by name, one decision a round."""

    schedules: dict[str, Annotated[list[Choice], pydantic.Field(min_length=1)]]


def explored(problem: Problem) -> list[Behaviour]:
    """Return the behaviours that deviate from the schedules of ``configs/fedsem/explored.yaml``.

    Raises:
        InputError: the file is damaged, or has a value that the profile does not offer.
    """
    path: Path = shipped("fedsem", "explored.yaml")
    plans = parse(Explored, load_yaml(path), source=path.name).schedules
    return [
        Behaviour(name, True, np.array([action_of(choice, problem, path.name) for choice in plan]))
        for name, plan in plans.items()
    ]
