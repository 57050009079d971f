"""The exact optimum: a primal-dual Newton method on the conditions of Karush, Kuhn and Tucker.

maximise  sum_n sum_i q_i R_ni(W_ni)   subject to   sum_i D_i / R_ni <= T_n for every device n,  sum W = W_max

N devices with a deadline each share one band, so there is ONE multiplier lambda of the band and one mu_n of
each deadline; a state of a single device is N = 1. Rates are concave and times convex, so the conditions are
sufficient. A Newton step is closed-form: the Hessian is diagonal, and lambda and mu_n are eliminated from

    W_ni += (q_i R'_ni - mu_n t'_ni - lambda) / H_ni,  H_ni = -q_i R''_ni + mu_n t''_ni,  mu_n slack_n = tau.

Because every link needs some band to keep its deadline, no bound W >= 0 is ever active; a link that is left
over at mu -> 0 ("vertex") gets the residual by sum W = W_max. Batched arrays are [3, N, B].
"""

from __future__ import annotations

import numpy as np

from semverse.envs.isgc.config import ISGCConfig
from semverse.envs.isgc.links import rate_curvature, rate_slopes
from semverse.envs.isgc.types import FloatArray

STEPS = 20  # fixed, so that a state's answer does not depend on its batch
CENTRING = 0.1  # what a step aims at: this share of the present complementarity
GAP = 1e-12  # relative; below it the multiplier of a deadline that does not bind would underflow
KEEP = 0.1  # of any positive variable that a single step may leave at least


def solve_kkt(
    strength: FloatArray, time_left_s: FloatArray, start: FloatArray, config: ISGCConfig, steps: int = STEPS
) -> tuple[FloatArray, FloatArray]:
    """Return the optimal splits [3, N, B] in MHz and the duality gap [B] in credit/s.

    Args:
        strength: [3, N, B] of `links_of`.
        time_left_s: [N, B] deadlines of the transmission.
        start: [3, N, B] positive splits that sum to the band; need not keep the deadlines.
        config: the profile.
        steps: Newton steps.
    """
    q = np.array(config.q)[:, None, None]
    data = np.array(config.data)[:, None, None]
    split = start
    rates, _ = rate_slopes(strength, split, config)
    slack = np.maximum(time_left_s - (data / rates).sum(axis=0), 0.05 * time_left_s)
    mu = (q * rates).sum(axis=0) / time_left_s
    floor = GAP * (q * rates).sum(axis=(0, 1)) / len(slack)
    for _ in range(steps):
        rates, first = rate_slopes(strength, split, config)
        second = rate_curvature(rates, first, split)
        times = data / rates
        fall = -times * first / rates  # t'
        bend = -2.0 * fall * first / rates - times * second / rates  # t''
        weight = 1.0 / (mu * bend - q * second)  # 1 / H
        gain = q * first
        missing = time_left_s - times.sum(axis=0) - slack
        step, mu_next, slack_step = _newton(weight, gain, fall, mu, slack, missing, floor)
        length = _step_length(split, step, mu, mu_next - mu, slack, slack_step)
        split = split + length * step
        mu = mu + length * (mu_next - mu)
        slack = slack + length * slack_step
    gap = (mu * slack).sum(axis=0)
    return split, gap


def _newton(
    weight: FloatArray,
    gain: FloatArray,
    fall: FloatArray,
    mu: FloatArray,
    slack: FloatArray,
    missing: FloatArray,
    floor: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the steps of splits [3, N, B] and slacks [N, B], and the next multipliers mu [N, B]."""
    inner = weight * fall
    sum_weight, sum_fall, sum_square = weight.sum(axis=0), inner.sum(axis=0), (inner * fall).sum(axis=0)
    sum_gain, sum_gain_fall = (weight * gain).sum(axis=0), (inner * gain).sum(axis=0)
    # mu_next = base - lambda * rate, from  slack mu_next + mu (missing - t' step) = tau
    target = np.maximum(CENTRING * mu * slack, floor)
    scale = slack + mu * sum_square
    base = (target + mu * (sum_gain_fall - missing)) / scale
    rate = mu * sum_fall / scale
    band = (sum_gain - base * sum_fall).sum(axis=0) / (sum_weight - rate * sum_fall).sum(axis=0)  # lambda
    mu_next = base - band * rate
    step = weight * (gain - mu_next * fall - band)
    # rounding may leave a rest, which belongs to the flattest link
    step = step - step.sum(axis=(0, 1)) * (weight / sum_weight.sum(axis=0))
    return step, mu_next, missing - (fall * step).sum(axis=0)


def _step_length(
    split: FloatArray,
    step: FloatArray,
    mu: FloatArray,
    mu_step: FloatArray,
    slack: FloatArray,
    slack_step: FloatArray,
) -> FloatArray:
    """Return the longest step [B], at most 1, that keeps every variable positive by a margin."""
    shrink = np.maximum((-step / split).max(axis=(0, 1)), (-mu_step / mu).max(axis=0))
    shrink = np.maximum(shrink, (-slack_step / slack).max(axis=0))
    return (1.0 - KEEP) / np.maximum(shrink, 1.0 - KEEP)  # type: ignore[no-any-return]
