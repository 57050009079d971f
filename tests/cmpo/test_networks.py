"""The networks do not depend on how things are numbered; the graph holds the numbers of the instance."""

import dataclasses

import numpy as np
import pytest
import torch

from semverse.agents.cmpo.graph import make_graph, weigh
from semverse.agents.cmpo.network import GridNet
from semverse.envs.scc.config import load_scenario
from semverse.envs.scc.generator import sample_instance
from semverse.envs.scc.model import tables


def small(seed, users=8, spaces=4, mecs=5):
    scenario = load_scenario("california", users=users, spaces=spaces, mecs=mecs)
    return sample_instance(scenario, np.random.default_rng(seed))


def grid_net():
    return GridNet(8, 4, 2)


def hetero_net():
    pytest.importorskip("torch_geometric")
    from semverse.agents.cmpo.hetero import HeteroNet

    return HeteroNet(8, 2)


@pytest.fixture(params=[grid_net, hetero_net])
def net(request):
    """A network with no weight at its initial zero."""
    torch.manual_seed(0)
    made = request.param()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return made


@pytest.fixture
def instance():
    return small(5)


PREFERENCE = torch.tensor([[0.2, 0.8], [0.7, 0.3]])


def logits(net, instance, noisy, preference=PREFERENCE, level=(0.9, 0.4)):
    graph = make_graph(instance)
    with torch.no_grad():
        return net(graph, weigh(graph, preference), preference, torch.as_tensor(noisy), torch.tensor(level))


def noise(instance):
    return np.random.default_rng(0).integers(instance.num_mecs, size=(2, instance.num_requests))


def rearranged(table, order):
    """Return a table with every array in another order along all axes."""
    values = {f.name: getattr(table, f.name) for f in dataclasses.fields(table)}
    changed = {k: v[np.ix_(*[order] * v.ndim)] for k, v in values.items() if isinstance(v, np.ndarray)}
    return dataclasses.replace(table, **changed)


def test_renumbered_mecs_renumber_the_logits(net, instance):
    order = np.random.default_rng(1).permutation(instance.num_mecs)
    number = np.argsort(order)
    other = dataclasses.replace(
        instance,
        mecs=rearranged(instance.mecs, order),
        links=rearranged(instance.links, order),
        users=dataclasses.replace(instance.users, mec=number[instance.users.mec]),
    )
    noisy = noise(instance)
    before, after = logits(net, instance, noisy), logits(net, other, number[noisy])
    torch.testing.assert_close(after, before[:, :, order], atol=1e-4, rtol=1e-4)
    assert (before - before[:, :, order]).abs().max() > 0.01


def test_requests_in_another_order_are_logits_in_that_order(net, instance):
    order = np.random.default_rng(2).permutation(instance.num_requests)
    other = dataclasses.replace(instance, requests=rearranged(instance.requests, order))
    noisy = noise(instance)
    before, after = logits(net, instance, noisy), logits(net, other, noisy[:, order])
    torch.testing.assert_close(after, before[:, order], atol=1e-4, rtol=1e-4)
    assert (before - before[:, order]).abs().max() > 0.01


def test_renumbered_spaces_change_nothing(net, instance):
    order = np.array([2, 0, 3, 1])
    wanted = np.argsort(order)[instance.requests.space]
    other = dataclasses.replace(
        instance,
        spaces=rearranged(instance.spaces, order),
        requests=dataclasses.replace(instance.requests, space=wanted),
    )
    noisy = noise(instance)
    torch.testing.assert_close(logits(net, other, noisy), logits(net, instance, noisy), atol=1e-4, rtol=1e-4)


def test_rows_do_not_see_each_other_but_their_condition(net, instance):
    noisy = noise(instance)
    both = logits(net, instance, noisy)
    alone = logits(net, instance, noisy[1:], PREFERENCE[1:], (0.4,))
    torch.testing.assert_close(both[1:], alone, atol=1e-4, rtol=1e-4)
    same = np.repeat(noisy[:1], 2, axis=0)
    by_preference = logits(net, instance, same, level=(0.5, 0.5))
    by_level = logits(net, instance, same, PREFERENCE[:1].repeat(2, 1))
    for rows in (by_preference, by_level):
        assert (rows[0] - rows[1]).abs().max() > 1e-3


def test_the_graph_of_torch_geometric_holds_the_numbers_of_the_instance(instance):
    pytest.importorskip("torch_geometric")
    from semverse.agents.cmpo.graph_data import LINK_COLUMNS, MEC_COLUMNS, SPACE_COLUMNS, to_hetero

    placement = noise(instance)[0]
    placement[0] = -1
    data = to_hetero(instance, preference=[1, 3], placement=placement, dtype=torch.float64)
    for i, name in enumerate(MEC_COLUMNS):
        np.testing.assert_array_equal(data["mec"].x[:, i], getattr(instance.mecs, name))
    for i, name in enumerate(SPACE_COLUMNS):
        np.testing.assert_array_equal(data["space"].x[:, i], getattr(instance.spaces, name))
    syncs = data["mec", "syncs_with", "mec"]
    for i, name in enumerate(LINK_COLUMNS):
        table = np.zeros((instance.num_mecs,) * 2)
        table[tuple(syncs.edge_index.numpy())] = syncs.edge_attr[:, i]
        np.testing.assert_array_equal(table, getattr(instance.links, name))
    runs = data["request", "may_run_on", "mec"]
    table = np.zeros((instance.num_requests, instance.num_mecs), dtype=np.complex128)
    table[tuple(runs.edge_index.numpy())] = runs.edge_attr[:, 0] + 1j * runs.edge_attr[:, 1]
    np.testing.assert_array_equal(table, tables(instance).request)
    wanted = data["user", "requests", "space"]
    np.testing.assert_array_equal(wanted.edge_index[0], instance.requests.user)
    np.testing.assert_array_equal(wanted.edge_index[1], instance.requests.space)
    np.testing.assert_array_equal(wanted.edge_attr[:, 0], instance.requests.probability)
    np.testing.assert_array_equal(data["user", "attached_to", "mec"].edge_index[1], instance.users.mec)
    assert data.preference.tolist() == [[0.25, 0.75]]
    np.testing.assert_array_equal(data["request"].mec, placement)
    chosen = runs.edge_index[:, runs.chosen]
    np.testing.assert_array_equal(chosen[0], np.flatnonzero(placement >= 0))
    np.testing.assert_array_equal(chosen[1], placement[placement >= 0])
