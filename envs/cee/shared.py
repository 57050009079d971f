"""Users that share band, edge and cloud: who gives way, the best epoch as a mixed-integer programme, bounds.

Every user has a channel of its own rate and takes computing at full speed, one after the other; what all need
together each frame must fit into ``shared_capacity`` times what as many users alone would have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from semverse.envs.cee.dynamic import backward
from semverse.envs.cee.enumeration import epoch_table, every_action, link_options, nondominated
from semverse.envs.cee.model import evaluate, keeps_up, needs, next_quality, repair, reward
from semverse.envs.cee.problem import Problem
from semverse.envs.cee.types import Conditions, Episode, FloatArray, IntArray, State
from semverse.envs.errors import InputError

RESOURCES = ("uplink", "downlink", "edge", "cloud", "cluster")
_ROUNDING = 1e-9


def capacities(users: int, edge_load: float, cloud_load: float, problem: Problem) -> FloatArray:
    """Return what all users may take each frame [5], in the units of `semverse.envs.cee.model.needs`."""
    rates, share = problem.config.rates, users * problem.config.shared_capacity * problem.interval_s
    edge, cloud = 1.0 - edge_load, 1.0 - cloud_load
    return share * np.array([1.0, 1.0, rates.edge * edge, rates.cloud * cloud, rates.cluster * cloud])


def check_shared(problem: Problem) -> None:
    """Demand that the lightest decisions of many users fit under the largest load.

    Raises:
        InputError: they do not.
    """
    peak = problem.config.dynamics.load_max
    lightest = [
        int(np.where(k.allowed, k.airtime_s, np.inf).argmin()) for k in (problem.uplink, problem.downlink)
    ]
    worst = needs(np.array([*lightest, 0, 0, 0]), problem)
    worst[2] = problem.uplink.edge_tflop.max() + problem.downlink.edge_tflop.max()
    if (worst > capacities(1, peak, peak, problem)).any():
        raise InputError("is too little for the lightest decisions", key="shared_capacity", remedy="raise it")


def share(actions: IntArray, conditions: Conditions, problem: Problem) -> IntArray:
    """Return decisions [N, 5] that fit together: whoever takes most of what is overfull gives way.

    A link goes to the next smaller option of its codec, or to the smallest of all; rendering, then matting,
    move to the headset; preprocessing falls by a level.

    Args:
        actions: [N, 5] asked for.
        conditions: [N], with the same loads for all.
        problem: constants.
    """
    done, _ = repair(actions, conditions, problem)
    room = capacities(len(done), float(conditions.edge_load[0]), float(conditions.cloud_load[0]), problem)
    while True:
        needed = needs(done, problem)
        over = np.flatnonzero(needed.sum(axis=0) > room * (1 + _ROUNDING))
        if not len(over):
            return done
        resource = int(over[0])
        _give_way(done, resource, needed[:, resource], problem)


def _give_way(actions: IntArray, resource: int, needed: FloatArray, problem: Problem) -> None:
    """Change the decision [5] of the user that needs most of a resource, in place."""
    action = actions[needed.argmax()]
    if resource < 2:
        action[resource] = _lighter(int(action[resource]), resource, problem)
    elif resource == 4:
        action[3] -= 1
    else:  # edge is tier 1, the cloud tier 2
        moved = np.flatnonzero(actions[:, 4] == resource - 1), np.flatnonzero(actions[:, 2] == resource - 1)
        decision, users = (4, moved[0]) if len(moved[0]) else (2, moved[1])
        actions[users[needed[users].argmax()], decision] = 0


def _lighter(option: int, resource: int, problem: Problem) -> int:
    """Return the next smaller option of the same codec, or the smallest of all."""
    link, table = (problem.uplink, problem.downlink)[resource], problem.table
    smaller = link.allowed & (link.airtime_s < link.airtime_s[option])
    same = smaller & (table.semantic == table.semantic[option])
    if same.any():
        return int(np.where(same, link.airtime_s, -np.inf).argmax())
    return int(np.where(smaller, link.airtime_s, np.inf).argmin())


@dataclass(frozen=True, eq=False)
class SharedOptimum:
    """The best epoch of all users."""

    actions: IntArray  # [N, 5]
    value: float  # sum of rewards, scored by the model
    bound: float  # of the linear relaxation, at least the value


def epoch_optimum(
    conditions: Conditions,
    state: State,
    preferences: FloatArray,
    problem: Problem,
    after: FloatArray | None = None,
) -> SharedOptimum:
    """Return the decisions of all users with the largest sum of rewards in an epoch, exactly.

    A multiple-choice knapsack with five resources, solved as a mixed-integer programme (OR-Tools).

    Args:
        conditions: [N], with the same loads for all.
        state: [N].
        preferences: [N, 5].
        problem: constants.
        after: [N, 3, Q] worth of the states that decisions lead to, or None.

    Raises:
        InputError: OR-Tools is missing.
    """
    count = len(preferences)
    choices = [
        _choices(_row(conditions, i), _row_state(state, i), preferences[i], problem) for i in range(count)
    ]
    worth = [c[1] if after is None else c[1] + after[i][c[0][:, 4], c[2]] for i, c in enumerate(choices)]
    needed = [needs(c[0], problem) for c in choices]
    room = capacities(count, float(conditions.edge_load[0]), float(conditions.cloud_load[0]), problem)
    picked, _ = _knapsack(worth, needed, room, whole=True)
    _, bound = _knapsack(worth, needed, room, whole=False)
    actions = np.array([choice[0][index] for choice, index in zip(choices, picked, strict=True)])
    outcomes = evaluate(actions, conditions, state, problem)
    value = float(reward(outcomes, preferences, problem).sum())
    if after is not None:
        value += float(
            sum(after[i][a[4], q] for i, (a, q) in enumerate(zip(actions, outcomes.quality, strict=True)))
        )
    return SharedOptimum(actions, value, bound)


def _row(conditions: Conditions, row: int) -> Conditions:
    c = conditions
    values = (c.uplink_db, c.downlink_db, c.edge_load, c.cloud_load, c.motion)
    return Conditions(*(np.asarray(value[row]) for value in values))


def _row_state(state: State, row: int) -> State:
    return State(np.asarray(state.tier[row]), np.asarray(state.quality[row]))


def _choices(
    conditions: Conditions, state: State, preference: FloatArray, problem: Problem
) -> tuple[IntArray, FloatArray, IntArray]:
    """Return decisions [n, 5] that could be best, their rewards and the scene qualities they lead to.

    Left out is what earns no more than another decision with the same tiers and level that needs no more.
    """
    ups = link_options(float(conditions.uplink_db), problem.uplink, problem)
    downs = link_options(float(conditions.downlink_db), problem.downlink, problem)
    actions = every_action(problem, ups, downs)
    actions = actions[keeps_up(actions, conditions, problem)]
    outcomes = evaluate(actions, conditions, state, problem)
    earned, needed = reward(outcomes, preference, problem), needs(actions, problem)
    group, kept = actions[:, 2:] @ np.array([100, 10, 1]), []
    for one in np.unique(group):
        members = np.flatnonzero(group == one)
        kept.append(members[nondominated(np.column_stack([-earned[members], needed[members, :3]]))])
    chosen = np.concatenate(kept)
    return actions[chosen], earned[chosen], outcomes.quality[chosen]


def _knapsack(
    worth: Sequence[FloatArray], needed: Sequence[FloatArray], room: FloatArray, *, whole: bool
) -> tuple[list[int], float]:
    """Return a choice for each user, and the largest total worth; the relaxation's if not whole.

    Raises:
        InputError: OR-Tools is missing.
    """
    solver = _solver("SCIP" if whole else "GLOP")
    chosen = [
        [solver.IntVar(0, 1, "") if whole else solver.NumVar(0, 1, "") for _ in values] for values in worth
    ]
    for variables in chosen:
        solver.Add(sum(variables) == 1)
    for resource, limit in enumerate(room):
        row = solver.Constraint(-solver.infinity(), 1.0)
        for variables, rows in zip(chosen, needed, strict=True):
            for variable, need in zip(variables, rows[:, resource].tolist(), strict=True):
                row.SetCoefficient(variable, need / float(limit))
    objective = solver.Objective()
    objective.SetMaximization()
    for variables, values in zip(chosen, worth, strict=True):
        for variable, value in zip(variables, values.tolist(), strict=True):
            objective.SetCoefficient(variable, value)
    if solver.Solve() != solver.OPTIMAL:
        raise RuntimeError("the knapsack was not solved to its optimum")
    picked = [int(np.argmax([variable.solution_value() for variable in variables])) for variables in chosen]
    return picked, float(objective.Value())


def _solver(name: str) -> Any:
    try:
        from ortools.linear_solver import pywraplp
    except ModuleNotFoundError as error:
        remedy = "pip install 'semverse[solvers]'"
        raise InputError("needs the package 'ortools'", key="epoch_optimum", remedy=remedy) from error
    solver = pywraplp.Solver.CreateSolver(name)
    if name == "SCIP":
        solver.SetSolverSpecificParametersAsString("limits/gap = 1e-9")
    return solver


def horizon_bound(
    episodes: Sequence[Episode], problem: Problem, start: tuple[int, int], iterations: int
) -> tuple[float, FloatArray]:
    """Return a bound on the sum of all users' returns, and the prices that prove it [T, 5].

    Lagrange: resources get prices, every user plans alone against them (one dynamic programme), and what the
    prices of all room come to is added. Any prices of 0 or more bound; a subgradient method lowers the bound.

    Args:
        episodes: of each user, with the same loads.
        problem: constants.
        start: tier and scene quality of everybody before the first epoch.
        iterations: of the subgradient method.
    """
    epochs, count = episodes[0].epochs, len(episodes)
    loads = episodes[0].load.tolist()
    room = np.array([capacities(count, edge, cloud, problem) for edge, cloud in loads])
    price, best, best_price = np.zeros((epochs, 5)), np.inf, np.zeros((epochs, 5))
    for iteration in range(max(iterations, 1)):
        plans = [_priced_plan(episode, price, problem, start) for episode in episodes]
        value = sum(plan[0] for plan in plans) + float((price * room).sum())
        if value < best:
            best, best_price = value, price.copy()
        over = (sum(plan[1] for plan in plans) - room) / room  # share of the room that is missing
        price = np.maximum(price + over / (room * np.sqrt(iteration + 1.0)) * _STEP, 0.0)
    return best, best_price


_STEP = 0.05  # reward that all of an epoch's room costs after one iteration in which twice of it is wanted


def _priced_plan(
    episode: Episode, price: FloatArray, problem: Problem, start: tuple[int, int]
) -> tuple[float, FloatArray]:
    """Return the largest return net of prices, and what the plan needs [T, 5]."""
    tables = [
        epoch_table(episode.conditions(t), episode.preference, problem, price[t])
        for t in range(episode.epochs)
    ]
    after, choices = np.zeros((3, problem.top_quality + 1)), []
    for table, motion in zip(reversed(tables), reversed(episode.motion.tolist()), strict=True):
        after, choice = backward(table, int(motion), after, problem)
        choices.append(choice)
    tier, quality, needed = *start, []
    for table, choice, motion in zip(tables, reversed(choices), episode.motion, strict=True):
        chosen, level = (int(v) for v in choice[tier, quality])
        quality = int(next_quality(np.asarray(quality), motion, np.asarray(level), problem))
        needed.append(needs(table.step(chosen, quality, level, tier)[1], problem))
        tier = chosen
    return float(after[start]), np.array(needed)
