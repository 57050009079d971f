"""Operators of the evolutionary solvers: they work on whole spaces, which is what costs are made of."""

from __future__ import annotations

import numpy as np

from semverse.envs.scc.migration import hosts
from semverse.envs.scc.model import tables
from semverse.envs.scc.reward import raw_weights
from semverse.envs.scc.types import BoolArray, FloatArray, Instance, IntArray
from semverse.solvers.base import preference_grid
from semverse.solvers.construct import construct, repair, space_by_space


def first_population(instance: Instance, size: int, rng: np.random.Generator) -> IntArray:
    """Return placements [size, R]: half greedy over evenly spread preferences, half drawn at random."""
    greedy = raw_weights(instance, preference_grid((size + 1) // 2))
    seeds = construct(instance, greedy, order=space_by_space(instance))
    order = rng.permuted(np.tile(np.arange(instance.num_requests), (size // 2, 1)), axis=1)
    drawn = construct(instance, np.ones((size // 2, 2)), order=order, rng=rng)
    return np.concatenate([seeds, drawn])


def cross(instance: Instance, first: IntArray, second: IntArray, rng: np.random.Generator) -> IntArray:
    """Return children [B, R] that take each space as a whole from one of two parents."""
    take = rng.random((len(first), instance.num_spaces)) < 0.5
    return np.where(take[:, instance.requests.space], first, second)


def mutate(instance: Instance, placements: IntArray, rate: float, rng: np.random.Generator) -> IntArray:
    """Return placements [B, R] in which some spaces gained, lost or swapped a host.

    The requests of a changed space go to its cheapest host under a randomly drawn preference.

    Args:
        instance: the problem.
        placements: parents [B, R].
        rate: expected number of changed spaces a placement.
        rng: source of all randomness.
    """
    batch, spaces = len(placements), instance.num_spaces
    changed = rng.random((batch, spaces)) < rate / spaces
    new = _change_hosts(hosts(instance, placements), rng)
    weights = raw_weights(instance, rng.dirichlet(np.ones(2), batch))
    out = placements.copy()
    row, request = np.nonzero(changed[:, instance.requests.space])
    cost = tables(instance).request[request]
    score = weights[row, :1] * cost.real + weights[row, 1:] * cost.imag
    allowed = new[row, instance.requests.space[request]]
    out[row, request] = np.where(allowed, score, np.inf).argmin(axis=1)
    return out


def _change_hosts(hosted: BoolArray, rng: np.random.Generator) -> BoolArray:
    """Add a random host, drop a random host, or both, in every host set [..., M]."""
    noise = rng.random(hosted.shape)
    added = np.where(hosted, -1.0, noise).argmax(axis=-1)
    dropped = np.where(hosted, noise, -1.0).argmax(axis=-1)
    kind = rng.integers(3, size=hosted.shape[:-1])
    new = hosted.copy()
    index = np.arange(hosted.shape[-1])
    new |= (index == added[..., None]) & (kind != 0)[..., None]
    keep_one = (hosted.sum(axis=-1) > 1) | (kind == 2)
    new &= ~((index == dropped[..., None]) & ((kind != 1) & keep_one)[..., None])
    return np.where(new.any(axis=-1, keepdims=True), new, hosted)


def offspring(
    instance: Instance,
    first: IntArray,
    second: IntArray,
    weights: FloatArray,
    rate: float,
    rng: np.random.Generator,
) -> IntArray:
    """Return repaired children [B, R] of two parents each; ``weights`` [B, 2] guide the repair."""
    children = mutate(instance, cross(instance, first, second, rng), rate, rng)
    return repair(instance, children, weights)
