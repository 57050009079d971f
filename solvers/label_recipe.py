"""A recipe for a label set: which instances, how many, how much work; every item has its own seed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import pydantic

from semverse.envs.config import Config, load_config, shipped
from semverse.envs.errors import InputError
from semverse.envs.scc.config import CountRange, load_scenario
from semverse.envs.scc.generator import sample_instance
from semverse.envs.scc.types import Instance
from semverse.solvers.label_types import LabelledInstance
from semverse.solvers.labels import LabelConfig, label, label_preferences

__all__ = ["LabelRecipe", "LabelledInstance", "check_recipe", "draw_instance", "load_recipe", "make_item"]

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


def load_recipe(recipe: str | Path) -> LabelRecipe:
    """Read and validate a recipe.

    Args:
        recipe: name of one that ships, or a path ending in .yaml.

    Raises:
        InputError: unknown name, unreadable file, unknown key or bad value.
    """
    if str(recipe).endswith((".yaml", ".yml")):
        return load_config(LabelRecipe, recipe)
    known = {file.stem: file for file in sorted(shipped("labels").glob("*.yaml"))}
    if str(recipe) not in known:
        raise InputError(
            f"unknown recipe {str(recipe)!r:.60}",
            source="--config",
            remedy=f"choose {', '.join(known)} or a YAML file",
        )
    return load_config(LabelRecipe, known[str(recipe)])


def check_recipe(recipe: LabelRecipe) -> None:
    """Make sure, before a long computation, that every group can be drawn.

    Raises:
        InputError: a group's region is unknown, or its sizes cannot be served.
    """
    first = 0
    for group in recipe.groups:
        draw_instance(recipe, first)
        first += group.count


def draw_instance(recipe: LabelRecipe, index: int) -> Instance:
    """Draw the instance of one item.

    Raises:
        InputError: the group's sizes cannot be served, or its region is unknown.
    """
    group = recipe.group_of(index)
    sizes = np.random.default_rng([recipe.seed, index, _SIZES])
    users, spaces, mecs = (
        int(sizes.integers(low, high + 1)) for low, high in (group.users, group.spaces, group.mecs)
    )
    scenario = load_scenario(group.region, users=users, spaces=spaces, mecs=mecs)
    return sample_instance(scenario, np.random.default_rng([recipe.seed, index, _INSTANCE]))


def make_item(recipe: LabelRecipe, index: int) -> LabelledInstance:
    """Draw one instance and label it; the same recipe and index give the same item anywhere.

    Raises:
        InputError: the group's sizes cannot be served, or its region is unknown.
    """
    instance = draw_instance(recipe, index)
    preferences = label_preferences(
        recipe.labels.preferences, np.random.default_rng([recipe.seed, index, _PREFERENCES])
    )
    seed = int(np.random.default_rng([recipe.seed, index, _SOLVER]).integers(2**31))
    return LabelledInstance(index, instance, label(instance, preferences, recipe.labels, seed))
