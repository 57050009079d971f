"""Paper 003, eqs. 20-34, against numbers worked out by hand or by enumeration."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from scipy.stats import kstest

from semverse.agents.cmpo import loss
from semverse.agents.cmpo.config import CMPOConfig
from semverse.agents.cmpo.fine_tuning import FineTuner, draw_preferences, final_reward
from semverse.agents.cmpo.graph import make_graph, weigh
from semverse.agents.cmpo.network import GridNet
from semverse.agents.cmpo.noise import (
    betas,
    corrupt,
    cosine_levels,
    keep_probability,
    marginal,
    posterior,
    transition_matrix,
)
from semverse.envs.config import load_yaml, parse, shipped
from semverse.envs.scc.config import load_scenario
from semverse.envs.scc.generator import sample_instance
from semverse.envs.scc.model import evaluate
from semverse.envs.scc.reward import scale
from semverse.solvers.relink import space_costs


def small(seed):
    scenario = load_scenario("california", users=8, spaces=4, mecs=5)
    return sample_instance(scenario, np.random.default_rng(seed))


def generator_of(seed):
    return torch.Generator().manual_seed(seed)


def logits_of(*rows):
    """Return logits [N, 1, M] of given probabilities."""
    return torch.tensor(rows, dtype=torch.float32).log()[:, None, :]


# noise


def test_eq_21_transitions_are_stochastic_and_end_uniform():
    matrix = transition_matrix(0.3, 4)
    assert matrix[1].tolist() == pytest.approx([0.075, 0.775, 0.075, 0.075])
    torch.testing.assert_close(matrix.sum(dim=1), torch.ones(4))
    torch.testing.assert_close(matrix, matrix.T)
    torch.testing.assert_close(torch.linalg.matrix_power(matrix, 60), torch.full((4, 4), 0.25))


@pytest.mark.parametrize("upto", [1, 4, 9, 10])
def test_eq_22_the_marginal_is_the_product_of_the_transitions(upto):
    steps, mecs = 10, 3
    product = torch.eye(mecs)
    for beta in betas(steps)[:upto]:
        assert 0.0 < beta <= 1.0
        product = product @ transition_matrix(float(beta), mecs)
    found = marginal(torch.arange(mecs)[None], torch.tensor([upto / steps]), mecs)[0]
    torch.testing.assert_close(found, product, atol=1e-6, rtol=0)


def test_the_cosine_schedule_keeps_all_then_half_then_nothing():
    keep = keep_probability(torch.tensor([0.0, 0.5, 1.0]))
    assert keep.tolist() == pytest.approx([1.0, 0.5, 0.0])
    assert cosine_levels(3).tolist() == pytest.approx([1.0, math.sqrt(3) / 2, 0.5])


@pytest.mark.parametrize("t", [0.2, 0.5, 0.8])
def test_noise_follows_the_marginal(t):
    draws, mecs = 40_000, 4
    source = generator_of(0)
    uniform = (torch.rand((1, draws), generator=source), torch.rand((1, draws), generator=source))
    level, clean = torch.tensor([t]), torch.full((1, draws), 2)
    noisy = corrupt(clean, level, mecs, uniform)
    share = torch.bincount(noisy[0], minlength=mecs) / draws
    torch.testing.assert_close(share, marginal(clean[:, :1], level, mecs)[0, 0], atol=0.01, rtol=0)


def test_no_noise_changes_nothing_and_full_noise_leaves_no_trace():
    source = generator_of(1)
    uniform = (torch.rand((2, 500), generator=source), torch.rand((2, 500), generator=source))
    first, second = torch.zeros((2, 500), dtype=torch.int64), torch.full((2, 500), 3)
    assert torch.equal(corrupt(first, torch.zeros(2), 4, uniform), first)
    ones = torch.ones(2)
    assert torch.equal(corrupt(first, ones, 4, uniform), corrupt(second, ones, 4, uniform))


def test_two_levels_of_a_trajectory_share_their_draws():
    """What is noisy at the lower level is the same noise at the higher one."""
    source = generator_of(2)
    uniform = (torch.rand((1, 2000), generator=source), torch.rand((1, 2000), generator=source))
    clean = torch.zeros((1, 2000), dtype=torch.int64)
    low = corrupt(clean, torch.tensor([0.3]), 5, uniform)
    high = corrupt(clean, torch.tensor([0.7]), 5, uniform)
    moved = low != clean
    assert 0 < moved.sum() < (high != clean).sum()
    assert torch.equal(low[moved], high[moved])


@pytest.mark.parametrize(("t", "before"), [(1.0, 0.6), (0.7, 0.3), (0.4, 0.0)])
def test_the_posterior_is_bayes_rule(t, before):
    """Against the sum over x_0 of p(x_0) q(x_s | x_0) q(x_t | x_s) / q(x_t | x_0), entry by entry."""
    mecs, rows = 3, 4
    belief = torch.rand((1, rows, mecs), generator=generator_of(3), dtype=torch.float64)
    belief = belief / belief.sum(dim=2, keepdim=True)
    noisy = torch.tensor([[0, 1, 2, 1]])

    def chance(keep, start, end):
        return keep * (start == end) + (1 - keep) / mecs

    keep_t, keep_s = (math.cos(x * math.pi / 2) ** 2 for x in (t, before))
    expected = np.zeros((rows, mecs))
    for r in range(rows):
        x_t = int(noisy[0, r])
        for x_s in range(mecs):
            for x_0 in range(mecs):
                joint = chance(keep_s, x_0, x_s) * chance(keep_t / keep_s, x_s, x_t)
                expected[r, x_s] += float(belief[0, r, x_0]) * joint / chance(keep_t, x_0, x_t)
    found = posterior(noisy, belief, torch.tensor([t]), torch.tensor([before]))[0].numpy()
    np.testing.assert_allclose(found, expected, atol=1e-6)


# supervised losses


def test_eq_23_adds_the_distances_of_both_levels():
    logits = torch.stack([logits_of([0.5, 0.5], [0.25, 0.75])[:, 0], logits_of([0.1, 0.9], [0.8, 0.2])[:, 0]])
    solution = torch.tensor([[0, 1]])
    at_first = -(math.log(0.5) + math.log(0.75)) / 2
    at_second = -(math.log(0.1) + math.log(0.2)) / 2
    assert loss.consistency_loss(logits, solution).item() == pytest.approx(at_first + at_second, rel=1e-5)
    both = loss.denoising_loss(logits, solution.repeat(2, 1)).item()
    assert both == pytest.approx((at_first + at_second) / 2, rel=1e-5)


# preferences and rewards


def test_eq_20_preferences_sum_to_one():
    torch.manual_seed(0)
    for objectives in (2, 3):
        drawn = draw_preferences(100, objectives)
        assert drawn.shape == (100, objectives)
        assert (drawn >= 0).all()
        torch.testing.assert_close(drawn.sum(dim=1), torch.ones(100))


def test_eqs_25_to_27_preferences_are_uniform_on_the_simplex():
    torch.manual_seed(1)
    pairs = draw_preferences(4000)[:, 0].numpy()
    assert kstest(pairs, "uniform").pvalue > 0.01
    triples = draw_preferences(4000, 3)
    torch.testing.assert_close(triples.mean(dim=0), torch.full((3,), 1 / 3), atol=0.01, rtol=0)
    assert kstest(triples[:, 1].numpy(), "beta", args=(1, 2)).pvalue > 0.01


def test_eq_24_the_final_reward_is_minus_the_normalised_objectives_without_access():
    instance = small(0)
    room = np.random.default_rng(0).integers(5, size=(4000, instance.num_requests))
    feasible = room[evaluate(instance, room).feasible][:6]
    assert len(feasible) == 6
    reward = final_reward(instance, torch.as_tensor(feasible))
    assert reward.shape == (2, 6, instance.num_spaces)
    costs = evaluate(instance, feasible)
    access = np.stack([costs.access_latency_ms, costs.access_energy_j], axis=1)
    expected = -(costs.objectives - access) / scale(instance)
    np.testing.assert_allclose(reward.sum(dim=2).numpy().T, expected, rtol=1e-5)


def test_what_is_not_feasible_costs_twice_as_much():
    instance = small(0)
    mecs = dataclasses.replace(instance.mecs, max_tasks=np.ones(5, dtype=np.int64))
    instance = dataclasses.replace(instance, mecs=mecs)
    all_on_one = torch.zeros((1, instance.num_requests), dtype=torch.int64)
    assert not evaluate(instance, all_on_one.numpy()).feasible.any()
    cost = space_costs(instance, all_on_one.numpy())[0] / scale(instance)
    assert (cost > 0).any()
    np.testing.assert_allclose(final_reward(instance, all_on_one)[:, 0].numpy().T, -2 * cost, rtol=1e-5)


def test_eq_28_a_rollout_holds_every_state_and_the_action_drawn_in_it():
    torch.manual_seed(0)
    instance = small(1)
    config = parse(CMPOConfig, {**load_yaml(shipped("agents", "mo_cmpo.yaml")), "steps": 3})
    graph = make_graph(instance)
    tuner = FineTuner(config, GridNet(8, 4, 2))
    rollout = tuner._collect(instance, graph)
    batch, requests = config.fine_tuning.preferences, instance.num_requests
    assert rollout.preference.shape == (3 * batch, 2)
    for tensor in (rollout.noisy, rollout.action, rollout.log_probability):
        assert tensor.shape == (3 * batch, requests)
    for tensor in (rollout.noisy, rollout.action):
        assert 0 <= tensor.min() <= tensor.max() < instance.num_mecs
    assert rollout.reward.shape == (2, batch, instance.num_spaces)
    assert (rollout.reward <= 0).all()
    assert rollout.t.reshape(3, batch)[:, 0].tolist() == pytest.approx(cosine_levels(3).tolist())
    # preferences stay through a trajectory, and the log-probabilities are those of the policy
    assert torch.equal(rollout.preference[:batch], rollout.preference[batch : 2 * batch])
    with torch.no_grad():
        weighted = weigh(graph, rollout.preference)
        logits = tuner.policy(graph, weighted, rollout.preference, rollout.noisy, rollout.t)
    again = loss.log_probability(logits, rollout.action)
    torch.testing.assert_close(again, rollout.log_probability, atol=1e-5, rtol=1e-4)


# reinforcement learning


def test_eq_29_adds_its_three_terms():
    terms = (torch.tensor(2.0), torch.tensor(3.0), torch.tensor(5.0))
    assert loss.policy_loss(*terms, value_weight=0.5, entropy_weight=0.1).item() == pytest.approx(-1.0)


def test_log_probability_is_that_of_the_chosen_mec():
    logits = logits_of([0.2, 0.3, 0.5], [0.6, 0.3, 0.1])
    found = loss.log_probability(logits, torch.tensor([[2], [1]]))
    assert found[:, 0].tolist() == pytest.approx([math.log(0.5), math.log(0.3)])


@pytest.mark.parametrize(
    ("ratio", "advantage", "objective", "slope"),
    [
        (1.1, 2.0, 2.2, 2.2),  # inside
        (1.5, 2.0, 2.4, 0.0),  # good and much likelier already: no more gain
        (0.5, 2.0, 1.0, 1.0),  # good but less likely: pulled back
        (0.5, -2.0, -1.6, 0.0),  # bad and much less likely already
        (1.5, -2.0, -3.0, -3.0),  # bad but likelier: pulled back
    ],
)
def test_eq_30_the_clip_stops_the_gradient_in_both_directions(ratio, advantage, objective, slope):
    old = torch.tensor([[math.log(0.3)]])
    new = (old + math.log(ratio)).requires_grad_()
    value = loss.clipped_objective(new, old, torch.tensor([[advantage]]), 0.2)
    value.backward()
    assert value.item() == pytest.approx(objective, rel=1e-5)
    assert new.grad.item() == pytest.approx(slope, rel=1e-5)


def test_eq_31_advantages_are_the_discounted_reward_less_the_value():
    reward = torch.tensor([-4.0, 8.0])
    value = torch.tensor([[1.0, 1.0], [-2.0, 0.0], [0.5, 8.0]])
    assert loss.discounted_return(reward, 3, 0.5).tolist() == [[-1.0, 2.0], [-2.0, 4.0], [-4.0, 8.0]]
    assert loss.advantage(reward, value, 0.5).tolist() == [[-2.0, 1.0], [0.0, 4.0], [-4.5, 0.0]]
    by_space = loss.discounted_return(torch.ones((2, 5)), 3, 1.0)
    assert torch.equal(by_space, torch.ones((3, 2, 5)))


def test_eq_32_entropy():
    fair, sure, skew = logits_of([0.25] * 4), torch.tensor([[[80.0, 0, 0, 0]]]), logits_of([0.9, 0.1])
    assert loss.entropy(fair).item() == pytest.approx(math.log(4))
    assert loss.entropy(sure).item() == pytest.approx(0.0, abs=1e-6)
    assert loss.entropy(skew).item() == pytest.approx(-0.9 * math.log(0.9) - 0.1 * math.log(0.1))
    assert loss.entropy(torch.cat([fair, sure])).item() == pytest.approx(math.log(4) / 2)


def test_eq_33_value_error():
    assert loss.value_loss(torch.tensor([1.0, -2.0]), torch.tensor([0.0, 1.0])).item() == pytest.approx(5.0)


def test_divergence_is_zero_for_equal_policies_only():
    logits = torch.randn((3, 4, 5), generator=generator_of(4))
    torch.testing.assert_close(loss.divergence(logits, logits + 7.0), torch.zeros(3), atol=1e-6, rtol=0)
    assert (loss.divergence(logits, torch.zeros_like(logits)) > 0.01).all()
    found = loss.divergence(logits_of([0.5, 0.5]), logits_of([0.25, 0.75])).item()
    assert found == pytest.approx(0.5 * math.log(2) + 0.5 * math.log(2 / 3), rel=1e-5)


def test_eq_34_weighs_each_direction_by_the_preference():
    policy = logits_of([0.5, 0.5], [0.5, 0.5])
    first, second = logits_of([0.25, 0.75], [0.25, 0.75]), logits_of([0.1, 0.9], [0.1, 0.9])
    previous = logits_of([0.4, 0.6], [0.4, 0.6])
    to_first, to_second, to_previous = (
        loss.divergence(policy, x)[0].item() for x in (first, second, previous)
    )
    preference = torch.tensor([[1.0, 0.0], [0.3, 0.7]])
    found = loss.distillation_loss(policy, [first, second], previous, preference, 2.0).item()
    rows = (to_first, 0.3 * to_first + 0.7 * to_second)
    assert found == pytest.approx(sum(rows) / 2 + 2.0 * to_previous, rel=1e-5)
    assert to_first < to_second
    only = loss.distillation_loss(policy, [policy, policy], policy, preference, 2.0)
    assert only.item() == pytest.approx(0.0, abs=1e-6)
