"""A label set of four small instances."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from semverse.envs.config import parse
from semverse.solvers.label_recipe import LabelRecipe, load_recipe, make_item
from semverse.solvers.label_set import open_set
from semverse.solvers.label_types import LabelledInstance


def compute(recipe: LabelRecipe, indices: Sequence[int]) -> Iterator[LabelledInstance]:
    for index in indices:
        yield make_item(recipe, index)


@pytest.fixture(scope="session")
def label_folder(tmp_path_factory) -> Path:
    shipped = load_recipe("scc").model_dump(mode="json")
    sizes = {"users": [6, 8], "spaces": [3, 4], "mecs": [4, 5]}
    shipped["groups"] = [{"region": region, "count": 2, **sizes} for region in ("california", "virginia")]
    shipped["labels"] |= {"preferences": 4, "visits": 1, "candidates": 5}
    folder = tmp_path_factory.mktemp("labels") / "set"
    for _ in open_set(folder, parse(LabelRecipe, shipped)).fill(compute):
        pass
    return folder
