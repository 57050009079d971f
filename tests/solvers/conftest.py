"""Label sets that take a second."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import yaml

from semverse.solvers.label_recipe import LabelRecipe, load_recipe, make_item
from semverse.solvers.label_types import LabelledInstance

SIZES = {"users": [6, 9], "spaces": [3, 4], "mecs": [4, 5]}


@pytest.fixture(scope="session")
def recipe_file(tmp_path_factory) -> Path:
    """The recipe that ships, of 13 small instances with less work each."""
    shipped = load_recipe("scc").model_dump(mode="json")
    shipped["seed"] = 5
    shipped["groups"] = [{"region": r, "count": n, **SIZES} for r, n in (("california", 7), ("virginia", 6))]
    shipped["labels"] |= {"preferences": 4, "visits": 2, "candidates": 5, "restarts": 1}
    shipped["labels"]["exact"] |= {"variety_sets": 10, "variety_draws": 2}
    path = tmp_path_factory.mktemp("recipe") / "quick.yaml"
    path.write_text(yaml.safe_dump(shipped))
    return path


@pytest.fixture(scope="session")
def recipe(recipe_file) -> LabelRecipe:
    return load_recipe(recipe_file)


@pytest.fixture(scope="session")
def items(recipe) -> list[LabelledInstance]:
    """Every item of the recipe, computed here."""
    return [make_item(recipe, index) for index in range(recipe.count)]


class Recorder:
    """A backend that hands out finished items and may be interrupted; it notes what it was asked for."""

    def __init__(self, items: list[LabelledInstance], stop_after: int | None = None) -> None:
        self.items, self.stop_after = items, stop_after
        self.asked: list[int] = []

    def __call__(self, recipe: LabelRecipe, indices: Sequence[int]) -> Iterator[LabelledInstance]:
        self.asked = list(indices)
        for done, index in enumerate(reversed(indices)):  # any order is allowed
            if done == self.stop_after:
                raise KeyboardInterrupt
            yield self.items[index]


@pytest.fixture
def recorder(items):
    return lambda stop_after=None: Recorder(items, stop_after)
