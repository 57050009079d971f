"""Projection of beliefs: always feasible, faithful where it can be, host sets against brute force."""

import dataclasses

import numpy as np
import pytest

from semverse.agents.cmpo.config import ProjectionConfig
from semverse.agents.cmpo.projection import _near_rows, best_prefixes, project, project_by_request
from semverse.envs.scc.config import load_scenario
from semverse.envs.scc.generator import sample_instance
from semverse.envs.scc.model import evaluate
from semverse.solvers.base import preference_grid
from semverse.solvers.neighbourhood import SpaceCosts

WAYS = ("space", "request")


def small(seed):
    """Draw an instance in which every MEC has room for few requests more than its share."""
    scenario = load_scenario("california", users=8, spaces=4, mecs=5)
    drawn = sample_instance(scenario, np.random.default_rng(seed))
    room = np.full(5, drawn.num_requests // 5 + 2)
    return dataclasses.replace(drawn, mecs=dataclasses.replace(drawn.mecs, max_tasks=room))


def config(by, **changes):
    values = {"candidates": 8, "neighbours": 1, "trust": 0.005, "cost_weight": 0.3}
    return ProjectionConfig(by=by, **{**values, **changes})


def random_beliefs(rng, instance, batch, sharpness):
    logits = sharpness * rng.normal(size=(batch, instance.num_requests, instance.num_mecs))
    beliefs = np.exp(logits)
    return beliefs / beliefs.sum(axis=2, keepdims=True)


def feasible_placements(instance, count):
    drawn = np.random.default_rng(0).integers(instance.num_mecs, size=(20_000, instance.num_requests))
    found = drawn[evaluate(instance, drawn).feasible][:count]
    assert len(found) == count
    return found


@pytest.mark.parametrize("by", WAYS)
@pytest.mark.parametrize("sharpness", [0.1, 3.0, 30.0])
@pytest.mark.parametrize("seed", range(4))
def test_what_comes_out_is_feasible(by, sharpness, seed):
    rng, instance = np.random.default_rng(seed), small(seed)
    beliefs = [random_beliefs(rng, instance, 5, sharpness) for _ in range(2)]
    out = project(instance, preference_grid(5), beliefs, config(by))
    assert out.shape == (5, instance.num_requests)
    assert evaluate(instance, out).feasible.all()


@pytest.mark.parametrize("by", WAYS)
def test_all_on_one_mec_is_made_feasible(by):
    instance = small(0)
    beliefs = np.zeros((3, instance.num_requests, instance.num_mecs))
    beliefs[:, :, 2] = 1.0
    assert not evaluate(instance, beliefs.argmax(axis=2)).feasible.any()
    out = project(instance, preference_grid(3), [beliefs], config(by, cost_weight=0.0, trust=1e4))
    assert evaluate(instance, out).feasible.all()


@pytest.mark.parametrize("by", WAYS)
@pytest.mark.parametrize("seed", range(3))
def test_certain_beliefs_in_a_feasible_placement_come_back_unchanged(by, seed):
    instance = small(seed)
    placements = feasible_placements(instance, 4)
    beliefs = np.eye(instance.num_mecs)[placements]
    out = project(instance, preference_grid(4), [beliefs], config(by, trust=1e4, cost_weight=0.0))
    np.testing.assert_array_equal(out, placements)


def test_without_trust_or_with_cost_alone_beliefs_do_not_decide():
    """By request: a heavy cost weight overrules a sure belief, none obeys it."""
    instance = small(1)
    placements = feasible_placements(instance, 4)
    beliefs = np.eye(instance.num_mecs)[placements]
    cheap = project_by_request(instance, preference_grid(4), beliefs, 1e4)
    assert (cheap != placements).any()
    assert evaluate(instance, cheap).objectives[0, 1] < evaluate(instance, placements).objectives[0, 1]


def test_by_request_the_most_certain_get_what_they_want():
    instance = small(2)
    requests, mecs = instance.num_requests, instance.num_mecs
    roomy = dataclasses.replace(
        instance.mecs, cache_gb=np.full(mecs, 1e3), max_tasks=np.array([2, *[requests] * (mecs - 1)])
    )
    instance = dataclasses.replace(instance, mecs=roomy)
    sure = np.random.default_rng(0).permutation(np.linspace(0.5, 0.9, requests))
    beliefs = np.repeat(((1.0 - sure) / (mecs - 1))[None, :, None], mecs, axis=2)
    beliefs[0, :, 0] = sure
    out = project_by_request(instance, np.array([[0.5, 0.5]]), beliefs, 0.0)
    assert set(np.flatnonzero(out[0] == 0)) == set(np.argsort(sure)[-2:])


def test_without_neighbours_rows_do_not_see_each_other():
    rng, instance = np.random.default_rng(5), small(3)
    preferences, beliefs = preference_grid(4), random_beliefs(rng, instance, 4, 3.0)
    others = beliefs.copy()
    others[1:] = random_beliefs(rng, instance, 3, 3.0)
    alone = config("space", neighbours=0, trust=1.0)
    first, second = (project(instance, preferences, [b], alone) for b in (beliefs, others))
    np.testing.assert_array_equal(first[0], second[0])
    assert (first[1:] != second[1:]).any()


def test_neighbours_are_the_rows_of_the_next_preferences():
    preferences = np.array([[0.9, 0.1], [0.1, 0.9], [0.5, 0.5]])
    assert _near_rows(preferences, 0).tolist() == [[0], [1], [2]]
    assert _near_rows(preferences, 1).tolist() == [[2, 0, 0], [1, 1, 2], [1, 2, 0]]


def optimistic(costs, row, hosts):
    """Return the cost of a host set when every request has its cheapest host."""
    pairs = sum(costs.pair[row, a, b] for i, a in enumerate(hosts) for b in hosts[:i])
    return costs.serve[row][:, hosts].min(axis=1).sum() + costs.host[row, hosts].sum() + pairs


def prefixes(score, length):
    """Return the sets of the one, two, ... MECs of best score in each ranking [P, M]."""
    for ranking in score:
        best_first = sorted(range(len(ranking)), key=lambda m: -ranking[m])
        yield from (frozenset(best_first[: n + 1]) for n in range(length))


@pytest.mark.parametrize("seed", range(8))
def test_best_prefixes_are_those_of_brute_force(seed):
    rng = np.random.default_rng(seed)
    batch, proposals, mecs, requests, keep = 3, 4, 6, 5, 4
    pair = rng.uniform(0, 1, (batch, mecs, mecs))
    pair = (pair + pair.transpose(0, 2, 1)) * (1 - np.eye(mecs))
    costs = SpaceCosts(rng.uniform(0, 5, (batch, requests, mecs)), rng.uniform(0, 3, (batch, mecs)), pair)
    score = rng.random((batch, proposals, mecs))
    score[:, 1] = score[:, 0]  # the same proposals twice
    allowed = rng.random((batch, mecs)) < 0.8
    room = rng.integers(1, 5, (batch, mecs))
    found = best_prefixes(costs, score, allowed, room, keep)
    assert found.shape == (batch, keep + 1, mecs)
    for row in range(batch):
        np.testing.assert_array_equal(found[row, -1], allowed[row])
        usable = {
            hosts: optimistic(costs, row, sorted(hosts))
            for hosts in prefixes(np.where(allowed[row], score[row], -1.0), keep)
            if allowed[row][sorted(hosts)].all() and room[row][sorted(hosts)].sum() >= requests
        }
        expected = sorted(usable, key=usable.__getitem__)[:keep]
        got = [frozenset(np.flatnonzero(hosts).tolist()) for hosts in found[row, :-1]]
        assert got[: len(expected)] == expected
