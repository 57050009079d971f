"""Labels against brute force, their bounds, and that the seed alone decides them."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from semverse.envs.errors import InputError
from semverse.envs.scc.model import evaluate
from semverse.envs.scc.reward import raw_weights
from semverse.envs.scc.toy import toy_instance
from semverse.solvers.label_codec import pack
from semverse.solvers.label_recipe import load_recipe, make_item
from semverse.solvers.label_run import process_pool
from semverse.solvers.labels import label, label_preferences


def values(instance, preferences, costs):
    """Preference-weighted normalised cost."""
    return (raw_weights(instance, preferences) * costs.objectives).sum(axis=1)


def test_toy_labels_are_the_optima(recipe):
    toy = toy_instance()
    preferences = label_preferences(5, np.random.default_rng(0))
    labels = label(toy, preferences, recipe.labels.model_copy(update={"visits": 20}), seed=1)
    costs = evaluate(toy, np.array(list(itertools.product(range(3), repeat=4))))
    every = raw_weights(toy, preferences) @ costs[costs.feasible].objectives.T
    got = values(toy, preferences, labels.costs)
    np.testing.assert_allclose(got, every.min(axis=1), rtol=1e-9)
    np.testing.assert_allclose(labels.lower_bounds, got, rtol=1e-6)


def test_bounds_lie_below_feasible_placements(items):
    gaps = []
    for item in items:
        labels = item.labels
        assert labels.costs.feasible.all()
        assert labels.placements.shape == (4, item.instance.num_requests)
        value = values(item.instance, labels.preferences, labels.costs)
        assert (labels.lower_bounds <= value * (1 + 1e-12)).all()
        gaps += list(1 - labels.lower_bounds / value)
    assert np.median(gaps) < 1e-6  # most are proved


def test_every_label_is_at_least_as_good_as_those_of_other_preferences(items):
    for item in items:
        weights = raw_weights(item.instance, item.labels.preferences)
        every = weights @ item.labels.costs.objectives.T  # [preference, placement]
        assert (np.diag(every) <= every.min(axis=1) * (1 + 1e-9)).all()


def test_an_instance_without_placement_has_no_labels(recipe):
    toy = toy_instance()
    full = replace(toy, mecs=replace(toy.mecs, max_tasks=np.zeros(3, dtype=np.int64)))
    assert label(full, label_preferences(3, np.random.default_rng(0)), recipe.labels, seed=0) is None


@pytest.mark.parametrize("count", [2, 3, 10])
def test_preferences_are_the_extremes_and_one_of_each_slice(count):
    preferences = label_preferences(count, np.random.default_rng(3))
    np.testing.assert_array_equal(preferences[[0, -1]], [[1, 0], [0, 1]])
    np.testing.assert_allclose(preferences.sum(axis=1), 1)
    inner = preferences[1:-1, 0][::-1] * max(count - 2, 1)
    assert np.floor(inner).tolist() == list(range(count - 2))


def test_other_processes_make_the_same_items(recipe, items):
    for item in process_pool(1)(recipe, [2, 9]):
        assert pack([item]) == pack([items[item.index]])


def test_seed_and_index_decide(recipe, items):
    assert pack([make_item(recipe, 3)]) == pack([items[3]])
    other = make_item(recipe.model_copy(update={"seed": 6}), 3)
    assert not np.array_equal(other.instance.mecs.lon, items[3].instance.mecs.lon)
    assert len({item.instance.mecs.lon[0] for item in items}) == recipe.count


def test_groups_follow_each_other(recipe, items):
    assert [item.instance.name for item in items] == ["california"] * 7 + ["virginia"] * 6
    for item in items:
        assert 6 <= item.instance.num_users <= 9
        assert 3 <= item.instance.num_spaces <= 4
        assert 4 <= item.instance.num_mecs <= 5
    with pytest.raises(IndexError):
        recipe.group_of(recipe.count)


def test_recipe_names():
    assert load_recipe("scc").count == 420
    with pytest.raises(InputError, match="choose scc"):
        load_recipe("atlantis")
