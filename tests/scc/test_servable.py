"""Whether an instance can be served: by construction, by exact search, or refused with the reason."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semverse.envs.errors import InputError
from semverse.envs.scc.model import evaluate
from semverse.envs.scc.servable import find_placement, pack
from semverse.envs.scc.toy import toy_instance


def with_limits(cache_gb, max_tasks, space_gb=(2.0, 1.5)):
    toy = toy_instance()
    mecs = replace(toy.mecs, cache_gb=np.array(cache_gb), max_tasks=np.array(max_tasks))
    return replace(toy, mecs=mecs, spaces=replace(toy.spaces, cache_gb=np.array(space_gb)))


def brute_force_servable(instance):
    axes = np.meshgrid(*[np.arange(instance.num_mecs)] * instance.num_requests)
    placements = np.stack([axis.ravel() for axis in axes], axis=1)
    return bool(evaluate(instance, placements).feasible.any())


def test_found_placement_is_feasible():
    placement = find_placement(toy_instance())
    assert evaluate(toy_instance(), placement[None]).feasible[0]


@pytest.mark.parametrize(
    ("cache_gb", "max_tasks", "key"),
    [
        ((4.0, 3.0, 2.0), (1, 1, 1), "mecs.max_tasks"),
        ((1.9, 1.9, 1.9), (2, 2, 2), "spaces.cache_gb"),
        ((9.0, 1.9, 1.9), (0, 2, 2), "spaces.cache_gb"),
        ((2.0, 1.0, 0.4), (2, 2, 2), "mecs.cache_gb"),
        # each bound holds, but the second space fits beside the first nowhere
        ((2.5, 1.2, 1.2), (4, 4, 4), "mecs.cache_gb, mecs.max_tasks"),
    ],
)
def test_unservable_names_the_reason(cache_gb, max_tasks, key):
    instance = with_limits(cache_gb, max_tasks)
    assert not brute_force_servable(instance)
    with pytest.raises(InputError) as caught:
        find_placement(instance)
    assert caught.value.key == key


def test_exact_search_finds_what_packing_misses(monkeypatch):
    # space 0 (2 GB, two requests) must share MEC 0 with nothing, packing is made to give up
    monkeypatch.setattr("semverse.envs.scc.servable.pack", lambda instance: None)
    instance = with_limits((2.0, 1.5, 0.0), (2, 2, 0))
    assert evaluate(instance, find_placement(instance)[None]).feasible[0]


def test_without_ortools_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ortools.sat.python", None)
    with pytest.raises(InputError, match=r"semverse\[solvers\]"):
        find_placement(with_limits((2.5, 1.2, 1.2), (4, 4, 4)))


@given(seed=st.integers(0, 2**32 - 1))
def test_answers_agree_with_brute_force(seed):
    rng = np.random.default_rng(seed)
    instance = with_limits(
        np.round(rng.uniform(0.5, 4, 3), 1), rng.integers(0, 4, 3), np.round(rng.uniform(0.5, 3, 2), 1)
    )
    servable = brute_force_servable(instance)
    if pack(instance) is not None:
        assert servable
    try:
        placement = find_placement(instance)
    except InputError:
        assert not servable
    else:
        assert evaluate(instance, placement[None]).feasible[0]


def test_exact_fit_of_decimals():
    # 0.1 + 0.2 is not 0.3 in binary; both spaces must fit on the one MEC
    instance = with_limits((0.3, 0.0, 0.0), (4, 0, 0), (0.1, 0.2))
    assert find_placement(instance).tolist() == [0, 0, 0, 0]
