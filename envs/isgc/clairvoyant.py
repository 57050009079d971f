"""What somebody who knows all gains and arrivals of an episode could earn at most.

With served data S and v_it = q_i (1 + holding (T - t)), what serving a unit in slot t is worth,

    maximise  sum v_it S_it - holding sum q_i A_it^cum    s. t.  S_it <= R_it(W_it),  sum_i W_it <= W_max,
                                                                 sum_{u <= t} S_iu <= A_it^cum

is convex. Prices nu_it >= 0 on the last constraint leave slots that have nothing to do with each other, so
every nu gives an upper bound, with pi_it = v_it - sum_{u >= t} nu_iu what a unit is worth at that price:

    D(nu) = sum_t max_W sum_i max(pi_it, 0) R_it(W_i) + sum nu_it A_it^cum - holding sum q_i A_it^cum

L-BFGS-B makes it the least. The bound holds however far the minimisation went.
"""

from __future__ import annotations

import numpy as np

from semverse.envs.errors import InputError
from semverse.envs.isgc.config import ISGCConfig
from semverse.envs.isgc.dynamics import DynamicsConfig, Episode
from semverse.envs.isgc.links import link_rates, links_of, total
from semverse.envs.isgc.types import FloatArray, State
from semverse.envs.isgc.waterfill import share_band

ITERATIONS = 300


def clairvoyant_bound(
    episode: Episode, config: ISGCConfig, dynamics: DynamicsConfig, iterations: int = ITERATIONS
) -> float:
    """Return an upper bound on the total reward of an episode, in credit.

    Args:
        episode: its gains and arrivals.
        config: the profile.
        dynamics: the price of waiting.
        iterations: of the minimisation; fewer give a looser bound.

    Raises:
        InputError: scipy is missing.
    """
    try:
        from scipy.optimize import minimize
    except ModuleNotFoundError as error:
        raise InputError(
            "needs the package 'scipy'", key="clairvoyant_bound", remedy="pip install 'semverse[solvers]'"
        ) from error
    slots = episode.slots
    price = np.array(config.q)[:, None]
    worth = price * (1.0 + dynamics.holding_cost * np.arange(slots, 0, -1.0))  # [3, T]
    arrived = episode.arrivals.cumsum(axis=0).T
    strength = links_of(State.of(episode.states), config).strength

    def dual(prices: FloatArray) -> tuple[float, FloatArray]:
        nu = prices.reshape(3, slots)
        weights = worth - nu[:, ::-1].cumsum(axis=1)[:, ::-1]
        split = share_band(strength, weights, config)
        rates = link_rates(strength, split, config) * (weights > 0)
        value = float(total(np.maximum(weights, 0.0) * rates).sum() + (nu * arrived).sum())
        return value, (arrived - rates.cumsum(axis=1)).ravel()

    found = minimize(
        dual,
        np.zeros(3 * slots),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, None)] * (3 * slots),
        options={"maxiter": iterations, "maxfun": 4 * iterations, "maxcor": 30},
    )
    return float(found.fun - dynamics.holding_cost * (price * arrived).sum())
