"""A round in which clients decide for themselves: who takes part with what privacy and rate, what it earns.

The server's noise is the same for all. A client that wants more privacy shortens its own upload: clipped to
c, it is (c / sigma)-GDP (personalised privacy by clipping), counts for as much less in the sum, and earns as
much less of the bounty.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semverse.envs.fedsem.federation import Federation
from semverse.envs.fedsem.mechanism import clip, quantise, release, upload_bits
from semverse.envs.fedsem.problem import Problem, release_mu
from semverse.envs.fedsem.types import CLASSES, BoolArray, Float32, FloatArray, IntArray, Release


@dataclass(frozen=True, eq=False)
class Offer:
    """What each of K clients is ready to do."""

    payment: IntArray  # [K] so many rounds like this spend its privacy budget; 0: it stays away
    bits: IntArray  # [K] of a logit

    @staticmethod
    def of(actions: IntArray, problem: Problem) -> Offer:
        """Return what actions [K] stand for: 0 to stay away, else 1 + payment * number of bits + bits."""
        a = problem.config.actions
        level, bit = np.divmod(np.maximum(actions - 1, 0), len(a.bits))
        payment = np.where(actions > 0, np.array(a.payments)[level], 0)
        return Offer(payment, np.array(a.bits)[bit])


@dataclass(frozen=True, eq=False)
class Served:
    """What a round came to for each of K clients."""

    chosen: BoolArray  # [K] took part
    weight: FloatArray  # [K] of its upload over that of the largest payment; 0: none
    mu: FloatArray  # [K] Gaussian differential privacy of its upload; 0: none
    air_s: FloatArray  # [K] time of its upload
    energy_j: FloatArray  # [K]


def options(problem: Problem) -> int:
    """Return how many actions a client has."""
    return 1 + len(problem.config.actions.payments) * len(problem.config.actions.bits)


def serve(
    offer: Offer, can_pay: BoolArray, efficiency: Float32, seconds_left: float, problem: Problem
) -> Served:
    """Admit clients, the quickest upload first, until the time is up; nobody, if they are below the quorum.

    Args:
        offer: of each client.
        can_pay: who has the privacy budget for it [K].
        efficiency: of the uplinks [K], bit/s/Hz.
        seconds_left: of all rounds.
        problem: constants.
    """
    c = problem.config
    bits = upload_bits(np.full(len(efficiency), c.market.public * CLASSES), offer.bits)
    air = bits / (c.radio.bandwidth_mhz * 1e6 * np.maximum(efficiency, 1e-6).astype(np.float64))
    reachable = efficiency >= np.float32(c.radio.least_efficiency)
    ready = (offer.payment > 0) & can_pay & reachable
    queue = np.argsort(np.where(ready, air, np.inf), kind="stable")
    ends = np.cumsum(np.where(ready, air, 0.0)[queue]) + c.training_s
    chosen = np.zeros_like(ready)
    chosen[queue] = ends <= seconds_left
    chosen &= ready
    chosen &= chosen.sum() >= c.quorum
    weight = np.where(chosen, np.sqrt(c.actions.payments[0] / np.maximum(offer.payment, 1)), 0.0)
    budget = np.full(len(weight), problem.budgets[-1])
    mu = np.where(chosen, release_mu(budget, np.maximum(offer.payment, 1)), 0.0)
    energy = np.where(chosen, c.training_j + c.radio.transmit_w * air, 0.0)
    return Served(chosen, weight, mu, np.where(chosen, air, 0.0), energy)


def teach(
    federation: Federation, served: Served, offer: Offer, problem: Problem, rng: np.random.Generator
) -> None:
    """Let the clients that take part train, and the server learn from the sum of their uploads."""
    c, clients = problem.config, np.flatnonzero(served.chosen)
    public = rng.permutation(c.public)[: c.market.public]
    uploads = federation.uploads(clients, public, rng)
    bound = c.label_clip * c.market.public**0.5
    rows = [
        clip(quantise(upload[None], int(offer.bits[client])), bound * float(served.weight[client]))
        for client, upload in zip(clients.tolist(), uploads, strict=True)
    ]
    strongest = float(release_mu(problem.budgets[-1:], np.array([c.actions.payments[0]]))[0])
    rule = Release(bound, 1.0 / strongest, 32, c.market.public)
    total = release(np.concatenate(rows), rule, rng)
    federation.learn(total / np.float32(served.weight.sum()), public, rng)


def own_worth(served: Served, problem: Problem) -> FloatArray:
    """Return what a round costs each client [K], in accuracy: energy and privacy, as a negative number."""
    market = problem.config.market
    privacy = served.mu**2 / problem.budgets[-1]
    found: FloatArray = -market.price_j * served.energy_j - market.price_privacy * privacy
    return found
