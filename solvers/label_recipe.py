"""A recipe for a label set: which instances, how many, how much work; every item has its own seed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pydantic

from semverse.envs.config import Config, load_yaml, parse
from semverse.envs.scc.config import CountRange, load_scenario
from semverse.envs.scc.generator import sample_instance
from semverse.envs.scc.types import Instance
from semverse.solvers.labels import LabelConfig, Labels, label, label_preferences

__all__ = ["LabelRecipe", "LabelledInstance", "load_recipe", "make_item"]

# independent random streams of one item
_INSTANCE, _SIZES, _PREFERENCES, _SOLVER = range(4)


class Group(Config):
    """Instances of one region whose sizes are drawn from ranges, each size anew an instance."""

    region: str  # a region that ships, or a YAML file
    count: Annotated[int, pydantic.Field(ge=1, le=10_000_000, strict=True)]
    users: CountRange
    spaces: CountRange
    mecs: CountRange


class LabelRecipe(Config):
    """What a label set is made of."""

    env: str  # environment id
    seed: Annotated[int, pydantic.Field(ge=0, strict=True)]
    groups: Annotated[tuple[Group, ...], pydantic.Field(min_length=1)]
    labels: LabelConfig

    @property
    def count(self) -> int:
        """Number of items."""
        return sum(group.count for group in self.groups)

    def group_of(self, index: int) -> Group:
        """Return the group of an item; items are numbered group by group."""
        for group in self.groups:
            if index < group.count:
                return group
            index -= group.count
        raise IndexError(index)


@dataclass(frozen=True, eq=False)
class LabelledInstance:
    """One item of a label set."""

    index: int
    instance: Instance
    labels: Labels | None  # None if the solver found no feasible placement


def load_recipe(path: str | Path) -> LabelRecipe:
    """Read and validate a recipe.

    Raises:
        InputError: unreadable file, unknown key or bad value.
    """
    return parse(LabelRecipe, load_yaml(path), source=path)


def make_item(recipe: LabelRecipe, index: int) -> LabelledInstance:
    """Draw one instance and label it; the same recipe and index give the same item anywhere.

    Raises:
        InputError: the group's sizes cannot be served, or its region is unknown.
    """
    group = recipe.group_of(index)
    sizes = np.random.default_rng([recipe.seed, index, _SIZES])
    users, spaces, mecs = (
        int(sizes.integers(low, high + 1)) for low, high in (group.users, group.spaces, group.mecs)
    )
    scenario = load_scenario(group.region, users=users, spaces=spaces, mecs=mecs)
    instance = sample_instance(scenario, np.random.default_rng([recipe.seed, index, _INSTANCE]))
    preferences = label_preferences(
        recipe.labels.preferences, np.random.default_rng([recipe.seed, index, _PREFERENCES])
    )
    seed = int(np.random.default_rng([recipe.seed, index, _SOLVER]).integers(2**31))
    return LabelledInstance(index, instance, label(instance, preferences, recipe.labels, seed))
