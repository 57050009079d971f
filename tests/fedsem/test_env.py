"""The FedSem environments: budgets that nothing can overdraw, selection and costs by hand, determinism."""

import gymnasium
import mo_gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import semverse.envs  # noqa: F401  registers the ids
from semverse.envs.errors import InputError
from semverse.envs.fedsem.accountant import gdp_epsilon
from semverse.envs.fedsem.core import Trainings
from semverse.envs.fedsem.env import FedSemEnv
from semverse.envs.fedsem.generator import draw_shares
from semverse.envs.fedsem.holdings import Holdings
from semverse.envs.fedsem.model import Situation, order, ordered, placed, play_round
from semverse.envs.fedsem.problem import Problem
from semverse.envs.fedsem.types import CLASSES, Decision

TOY = Problem.of("toy")
ACTIONS = st.tuples(*(st.integers(0, int(size) - 1) for size in TOY.sizes))


class NoLearner:
    """Learns nothing, and notes the releases it was asked for."""

    def __init__(self, num, problem=TOY):
        self.problem, self.accuracy = problem, np.zeros((num, CLASSES), dtype=np.float32)
        self.releases = []

    def begin(self, rows, generators):
        return Holdings.of(draw_shares([generators[row] for row in rows], np.full(CLASSES, 30), self.problem))

    def play(self, decision, played, context, active, generators):
        self.releases.append((played.chosen.copy(), played.mu.copy()))


def trainings(num=2, seed=0, **overrides):
    problem = Problem.of("toy", **overrides)
    rng = [np.random.default_rng([seed, row]) for row in range(num)]
    found = Trainings(num, problem, NoLearner(num, problem))
    found.begin(rng, np.arange(num))
    return found, rng


@settings(max_examples=60, deadline=None)
@given(
    plan=st.lists(st.tuples(ACTIONS, ACTIONS), min_size=12, max_size=12),
    epsilon=st.sampled_from([0.5, 4.0, 8.0]),
    seed=st.integers(0, 9),
)
def test_no_sequence_of_actions_overdraws_privacy_or_time(plan, epsilon, seed):
    both, rng = trainings(seed=seed, epsilon=epsilon, rounds=12)
    for actions in plan:
        both.play(np.array(actions), rng)
    total = np.zeros((2, 10))  # accounted for anew, from what was really released
    for chosen, mu in both.learner.releases:
        total += np.where(chosen, mu[:, None] ** 2, 0.0)
    largest = max(gdp_epsilon(np.sqrt(value), both.problem.config.delta) for value in total.ravel())
    assert largest <= epsilon
    assert (both.epsilon() <= epsilon * (1 + 1e-9)).all()
    assert (both.seconds_left >= 0).all()


@pytest.mark.parametrize("payment", [1, 2, 4])
def test_a_budget_pays_for_as_many_rounds_as_said(payment):
    one, rng = trainings(1, deadline_s=1e5, radio={"least_efficiency": 1e-6})
    option = one.problem.config.actions.payments.index(payment)
    took = [one.play(np.array([[3, 0, 0, 0, option]]), rng).round.chosen.sum() for _ in range(4)]
    assert took == [10] * payment + [0] * (4 - payment)


def situation(efficiency, covered=None, can_pay=None, seconds=1e9):
    """Return five clients: two of class 0, three of class 1."""
    covered = np.zeros(CLASSES, int) if covered is None else covered
    groups, ties = np.array([[0, 0, 1, 1, 1]]), np.array([[0.1, 0.2, 0.5, 0.4, 0.3]], dtype=np.float32)
    payers = np.ones(5, dtype=bool) if can_pay is None else np.array(can_pay)
    first = np.array([[0, 0, 2, 2, 2]])
    return Situation(
        groups,
        first,
        covered[None],
        np.array([efficiency], np.float32),
        ties,
        payers[None],
        np.array([seconds]),
    )


FIVE = Problem.of("toy", clients=5, actions={"counts": [0, 5]})
GOOD = [2.0, 3.0, 1.0, 5.0, 4.0]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [(0, [0, 1, 4, 3, 2]), (1, [3, 4, 1, 0, 2]), (2, [0, 4, 1, 3, 2]), (3, [3, 1, 4, 0, 2])],
)
def test_order_by_hand(rule, expected):
    assert order(np.array([rule]), situation(GOOD), FIVE)[0].tolist() == [expected]


def test_coverage_makes_up_for_what_took_part_before():
    covered = np.zeros(CLASSES, int)
    covered[0] = 5
    assert order(np.array([2]), situation(GOOD, covered), FIVE)[0].tolist() == [[4, 3, 2, 0, 1]]


def test_who_cannot_pay_or_be_reached_comes_last():
    now = situation([2.0, 0.0, 1.0, 5.0, 4.0], can_pay=[1, 1, 1, 0, 1])
    ranking, eligible = order(np.array([1]), now, FIVE)
    assert eligible.tolist() == [3]
    assert ranking[0, :3].tolist() == [4, 0, 2]


def test_costs_by_hand():
    decision = Decision(*(np.array([value]) for value in (5, 1, 20, 8, 2)))
    bits = 20 * 10 * 8 + 32
    played = play_round(decision, np.array([1.0]), situation([2.0, 4.0, 0.1, 1.0, 8.0]), FIVE)
    air = bits / 1e6 * (1 / 8 + 1 / 4 + 1 / 2 + 1 / 1)
    assert played.chosen.tolist() == [[True, True, False, True, True]]
    assert played.seconds == pytest.approx(0.5 + air)
    assert played.upload_mbit == pytest.approx(4 * bits / 1e6)
    assert played.energy_j == pytest.approx(4 * 0.1 + 0.2 * air)


def test_uploads_that_end_too_late_are_left_out():
    decision = Decision(*(np.array([value]) for value in (5, 1, 20, 8, 2)))
    time = 0.5 + 1632e-6 * (1 / 8 + 1 / 4) + 1e-9
    played = play_round(decision, np.array([1.0]), situation([2.0, 4.0, 1.0, 1.0, 8.0], seconds=time), FIVE)
    assert played.chosen.tolist() == [[False, True, False, False, True]]
    none = play_round(decision, np.array([1.0]), situation(GOOD, seconds=0.4), FIVE)
    assert not none.chosen.any()
    assert none.seconds == 0


def test_shares_are_those_of_sorted_pictures():
    shares = draw_shares([np.random.default_rng(1)], np.full(CLASSES, 30), TOY)[0]
    assert shares.sum(axis=1) == pytest.approx(np.ones(10), abs=1e-6)
    held = shares.sum(axis=0) * 20
    labels = np.repeat(np.arange(CLASSES), np.rint(held).astype(int)).reshape(10, 20)
    assert shares == pytest.approx((labels[..., None] == np.arange(CLASSES)).mean(axis=1), abs=1e-6)


def test_rows_are_independent():
    both, rng = trainings(2)
    single, alone = trainings(1)
    actions = np.array([[3, 3, 1, 0, 1], [2, 2, 0, 1, 0]])
    for _ in range(4):
        assert both.play(actions, rng).reward[0] == single.play(actions[:1], alone).reward[0]
        assert np.array_equal(both.observe()[0], single.observe()[0])


def rollout(env, seed, options=None):
    observation, info = env.reset(seed=seed, options=options)
    yield observation, info
    over = False
    while not over:
        observation, reward, over, _, info = env.step(np.array([3, 3, 1, 1, 2]))
        yield observation, reward, info["epsilon"]


def test_training_is_real_and_repeatable():
    env = gymnasium.make("semverse/FedSem-v0", profile="toy")
    first, second = ([np.hstack([row[0], row[1]]) for row in list(rollout(env, 3))[1:]] for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, [np.hstack(row[:2]) for row in list(rollout(env, 4))[1:]])


def test_the_vector_reward_adds_up_to_the_episode():
    env = mo_gymnasium.make("semverse/MO-FedSem-v0", profile="toy")
    _, before = env.reset(seed=0)
    total, over = np.zeros(4), False
    while not over:
        _, reward, over, _, info = env.step(np.array([3, 3, 1, 1, 2]))
        assert reward in env.unwrapped.reward_space
        total += reward
    assert total[0] == pytest.approx(info["accuracy"] - before["accuracy"], abs=1e-6)
    assert -total[2] == pytest.approx(info["epsilon"], rel=1e-5)
    assert 0 < info["epsilon"] <= 8.0
    assert -total[3] == pytest.approx(
        env.unwrapped.problem.config.deadline_s - info["seconds_left"], rel=1e-5
    )


def test_a_budget_can_be_chosen_at_reset():
    env = gymnasium.make("semverse/FedSem-v0", profile="toy", epsilon=(2.0, 16.0)).unwrapped
    observation, _ = env.reset(seed=0, options={"epsilon": 2.0})
    assert observation[52] == pytest.approx(1.0)
    assert observation in env.observation_space


@pytest.mark.parametrize(
    ("make", "key"),
    [
        ({"profile": "nope"}, "profile"),
        ({"epsilon": 0.0}, "epsilon"),
        ({"actions": {"counts": [101]}}, "counts"),
        ({"samples": 1000}, "data"),
        ({"render_mode": "ansi"}, "render_mode"),
        ({"rates": 3}, "rates"),
    ],
)
def test_wrong_settings_are_one_line(make, key):
    with pytest.raises(InputError, match=key):
        FedSemEnv(**make)


@pytest.mark.parametrize("action", [[0, 0, 0, 0], [0, 0, 0, 0, 9], [0.0] * 5, [-1, 0, 0, 0, 0]])
def test_wrong_actions_are_one_line(action):
    env = gymnasium.make("semverse/FedSem-v0", profile="toy", disable_env_checker=True).unwrapped
    env.reset(seed=0)
    with pytest.raises(InputError, match="action"):
        env.step(action)
    with pytest.raises(InputError, match="seed"):
        env.reset(options={"seed": 1})


@pytest.mark.parametrize("columns", [1, 2, 5, 100, 128, 129])
def test_order_by_the_bits_of_keys_is_that_of_a_stable_sort(columns: int) -> None:
    """Keys with many ties, infinite ones among them, in both kinds of numbers."""
    keys = np.random.default_rng(columns).integers(0, 30, (40, columns)) / 7.0
    keys[keys > 4] = np.inf
    expected = np.argsort(keys, axis=1, kind="stable")
    for kind in (np.float32, np.float64):
        assert np.array_equal(ordered(keys.astype(kind)), expected)
    back = placed(expected, np.take_along_axis(keys, expected, axis=1))
    assert np.array_equal(back, keys)
