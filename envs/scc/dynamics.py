"""How the users of an instance change from one time slot to the next: pure functions, randomness in."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from semverse.envs.config import Config
from semverse.envs.scc.config import Count, Share
from semverse.envs.scc.geo import great_circle_km
from semverse.envs.scc.migration import MigrationConfig
from semverse.envs.scc.servable import pack
from semverse.envs.scc.types import BoolArray, Instance, IntArray, Requests

_ATTEMPTS = 100  # redraws of a slot before the users stay as they are


class DynamicsConfig(Config):
    """Rates of the user dynamics a slot, and the price of migration."""

    slots: Count
    initially_online: Share
    departure: Share
    arrival: Share
    transition: Share
    handover: Share
    handover_neighbours: Count
    migration: MigrationConfig


@dataclass(frozen=True, eq=False)
class Population:
    """All users at one time, online or not."""

    everyone: Instance  # the instance in which all users are online
    online: BoolArray  # [U]

    def instance(self) -> Instance:
        """Return the instance of the users that are online."""
        here = self.online[self.everyone.requests.user]
        requests = self.everyone.requests
        kept = Requests(requests.user[here], requests.space[here], requests.probability[here])
        return replace(self.everyone, requests=kept)


def first_slot(everyone: Instance, config: DynamicsConfig, rng: np.random.Generator) -> Population:
    """Draw who is online at first.

    Args:
        everyone: a servable instance.
        config: the rates.
        rng: source of all randomness.

    Returns:
        A servable population; with everyone online if no other was drawn in 100 attempts.
    """
    for _ in range(_ATTEMPTS):
        population = Population(everyone, rng.random(everyone.num_users) < config.initially_online)
        if _servable(population):
            return population
    return Population(everyone, np.ones(everyone.num_users, dtype=np.bool_))


def next_slot(population: Population, config: DynamicsConfig, rng: np.random.Generator) -> Population:
    """Draw the next slot: departures and arrivals, transitions between spaces, handovers.

    A draw that cannot be served is drawn anew; after 100 of them the users stay as they are.
    """
    for _ in range(_ATTEMPTS):
        online = arrive_and_depart(population.online, config, rng)
        everyone = change_spaces(population.everyone, online, config.transition, rng)
        everyone = hand_over(everyone, online, config.handover, config.handover_neighbours, rng)
        drawn = Population(everyone, online)
        if _servable(drawn):
            return drawn
    return population


def _servable(population: Population) -> bool:
    somebody = bool(population.online[population.everyone.requests.user].any())
    return somebody and pack(population.instance()) is not None


def arrive_and_depart(online: BoolArray, config: DynamicsConfig, rng: np.random.Generator) -> BoolArray:
    """Return who is online next [U]: each user comes or goes by itself."""
    draw = rng.random(len(online))
    return np.where(online, draw >= config.departure, draw < config.arrival)


def change_spaces(everyone: Instance, online: BoolArray, rate: float, rng: np.random.Generator) -> Instance:
    """Move one request of some online users to a space they do not ask for yet, chosen by popularity.

    A space's popularity is its share of all request probability, with one request's worth added so that
    an empty space can be found again.
    """
    space = everyone.requests.space.copy()
    movers = np.flatnonzero(online & (rng.random(everyone.num_users) < rate))
    weight = everyone.requests.probability
    popularity = np.bincount(space, weights=weight, minlength=everyone.num_spaces) + weight.mean()
    for user in movers:
        own = np.flatnonzero(everyone.requests.user == user)
        free = np.setdiff1d(np.arange(everyone.num_spaces), space[own])
        if len(own) and len(free):
            moved = own[rng.integers(len(own))]
            space[moved] = rng.choice(free, p=popularity[free] / popularity[free].sum())
    return replace(everyone, requests=replace(everyone.requests, space=space))


def hand_over(
    everyone: Instance, online: BoolArray, rate: float, neighbours: int, rng: np.random.Generator
) -> Instance:
    """Attach some online users to one of the base stations nearest to theirs."""
    mec: IntArray = everyone.users.mec.copy()
    count = min(neighbours, everyone.num_mecs - 1)
    movers = np.flatnonzero(online & (rng.random(everyone.num_users) < rate))
    if count and len(movers):
        km = great_circle_km(everyone.mecs.lon, everyone.mecs.lat)
        np.fill_diagonal(km, np.inf)  # not to itself
        near = np.argsort(km, axis=1, kind="stable")[:, :count]
        mec[movers] = near[mec[movers], rng.integers(count, size=len(movers))]
    return replace(everyone, users=replace(everyone.users, mec=mec))
