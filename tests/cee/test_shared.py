"""Users that share: who gives way, the mixed-integer programme against brute force, and its bounds."""

import numpy as np
import pytest

from semverse.envs.cee.dynamic import optimum
from semverse.envs.cee.enumeration import every_action
from semverse.envs.cee.generator import draw_episodes
from semverse.envs.cee.model import evaluate, keeps_up, needs, reward
from semverse.envs.cee.problem import Problem
from semverse.envs.cee.shared import capacities, epoch_optimum, horizon_bound, share
from semverse.envs.cee.types import Conditions, Episode, State

PROBLEM = Problem.of()


def several(count, seed, edge=0.4, cloud=0.4):
    rng = np.random.default_rng(seed)
    there = Conditions(
        rng.normal(6, 6, count),
        rng.normal(10, 6, count),
        np.full(count, edge),
        np.full(count, cloud),
        rng.integers(1, 4, count),
    )
    return (
        there,
        State(rng.integers(3, size=count), rng.integers(7, size=count)),
        rng.dirichlet(np.ones(5), count),
    )


def room(there, problem):
    return capacities(len(there.motion), float(there.edge_load[0]), float(there.cloud_load[0]), problem)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_shared_fits(seed):
    there, _, _ = several(6, seed, edge=0.1 * seed, cloud=0.7 - 0.1 * seed)
    rng = np.random.default_rng(seed)
    asked = np.stack([rng.integers(n, size=6) for n in (92, 92, 3, 5, 3)], axis=1)
    done = share(asked, there, PROBLEM)
    assert keeps_up(done, there, PROBLEM).all()
    assert (needs(done, PROBLEM).sum(axis=0) <= room(there, PROBLEM) * (1 + 1e-9)).all()
    assert np.array_equal(share(done, there, PROBLEM), done)


def test_who_takes_most_gives_way():
    """Two users of 22 and 11 TFLOP a frame share 0.6 of 2 x 20 TFLOP a frame."""
    there, _, _ = several(2, 0, edge=0.0, cloud=0.4)
    light = PROBLEM.table.names.index("h264 64qam 0.75 QP 42 GOP 24")
    asked = np.array([[light, light, 0, 4, 0], [light, light, 0, 3, 0]])
    done = share(asked, there, PROBLEM)
    assert done[:, 3].tolist() == [3, 3]
    assert np.array_equal(done[:, [0, 1, 2, 4]], asked[:, [0, 1, 2, 4]])


@pytest.mark.parametrize("seed", range(4))
def test_the_programme_finds_the_best_of_all_joint_decisions(small, seed):
    problem = small(1, shared_capacity=0.35)
    there, state, preferences = several(2, seed, edge=0.7)
    every = every_action(problem, *(np.flatnonzero(k.allowed) for k in (problem.uplink, problem.downlink)))
    pairs = np.stack(np.meshgrid(np.arange(len(every)), np.arange(len(every)), indexing="ij"), -1).reshape(
        -1, 2
    )
    joint = every[pairs]  # [n, 2, 5]
    fits = keeps_up(joint, there, problem).all(axis=1)
    fits &= (needs(joint, problem).sum(axis=1) <= room(there, problem)).all(axis=1)
    joint = joint[fits]
    wide = State(*(np.broadcast_to(v, joint.shape[:2]) for v in (state.tier, state.quality)))
    best = reward(evaluate(joint, there, wide, problem), preferences, problem).sum(axis=1).max()
    found = epoch_optimum(there, state, preferences, problem)
    assert found.value == pytest.approx(best, abs=1e-7)
    assert found.bound >= found.value - 1e-7
    assert (needs(found.actions, problem).sum(axis=0) <= room(there, problem) + 1e-9).all()


def test_four_users_at_full_size():
    there, state, preferences = several(4, 3)
    found = epoch_optimum(there, state, preferences, PROBLEM)
    assert found.value <= found.bound + 1e-7
    assert found.bound - found.value < 0.05 * abs(found.value)
    greedy = []
    for i in range(4):  # everybody for itself, then whoever takes most gives way
        one = Conditions(*(getattr(there, key)[i : i + 1] for key in there.__dataclass_fields__))
        alone = epoch_optimum(
            one, State(state.tier[i : i + 1], state.quality[i : i + 1]), preferences[i : i + 1], PROBLEM
        )
        greedy.append(alone.actions[0])
    shared = share(np.array(greedy), there, PROBLEM)
    assert reward(evaluate(shared, there, state, PROBLEM), preferences, PROBLEM).sum() <= found.value + 1e-7


def test_prices_bound_what_users_can_have_together(small):
    """Prices of 0 bound by the sum of what everybody alone could have; better prices bound lower."""
    problem = small(2, shared_capacity=0.35)
    drawn = draw_episodes([np.random.default_rng(i) for i in range(2)], problem, None)
    episodes = [
        Episode(r.snr_db, drawn.row(0).load, r.motion, r.preference) for r in map(drawn.row, range(2))
    ]
    alone = sum(optimum(episode, problem, (1, 3)).value for episode in episodes)
    free, price = horizon_bound(episodes, problem, (1, 3), 1)
    assert free == pytest.approx(alone)
    assert not price.any()
    bound, price = horizon_bound(episodes, problem, (1, 3), 30)
    assert bound <= free
    assert (price >= 0).all()
    played = _play(episodes, problem)
    assert played <= bound + 1e-9


def _play(episodes, problem):
    """Return what users earn that solve every epoch exactly, one after the other."""
    total, state = 0.0, State(np.array([1, 1]), np.array([3, 3]))
    preferences = np.array([episode.preference for episode in episodes])
    for t in range(episodes[0].epochs):
        rows = [episode.conditions(t) for episode in episodes]
        there = Conditions(
            *(np.array([getattr(r, key) for r in rows]) for key in rows[0].__dataclass_fields__)
        )
        found = epoch_optimum(there, state, preferences, problem)
        outcomes = evaluate(found.actions, there, state, problem)
        total += found.value
        state = State(found.actions[:, 4], outcomes.quality)
    return total
