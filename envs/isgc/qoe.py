"""The ISGC problem with several good answers: discrete subchannels and sigmoid quality of experience.

Quality of a link is ``1 / (1 + exp(-(R_i / R_i(W_max) - demand) / width))``: worth little until the rate
comes near what the service demands (a share of what the whole band would give), and no more beyond. The band
has M equal subchannels. As it cannot satisfy all three links, the best answers satisfy two of them: up to
three separate optima of nearly the same value, which is what a policy of one mode cannot represent.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pydantic

from semverse.envs.config import Config, load_yaml, parse, shipped
from semverse.envs.isgc.config import ISGCConfig
from semverse.envs.isgc.links import link_rates, links_of, prices
from semverse.envs.isgc.model import check_states
from semverse.envs.isgc.types import FloatArray, IntArray, State

CHUNK = 256  # states enumerated at once


class QoEConfig(Config):
    """Subchannels and the shape of the quality."""

    subchannels: Annotated[int, pydantic.Field(ge=3, le=200, strict=True)]
    demand: Annotated[float, pydantic.Field(gt=0, le=1, strict=True)]
    width: Annotated[float, pydantic.Field(ge=0.001, le=1, strict=True)]


def load_qoe(qoe: str | Path | None = None, **overrides: Any) -> QoEConfig:
    """Read the quality's shape: the shipped file, or a path; keyword arguments replace its values.

    Raises:
        InputError: unreadable file, unknown key or bad value.
    """
    path = shipped("isgc", "qoe", "default.yaml") if qoe is None else Path(qoe)
    given = {key: value for key, value in overrides.items() if value is not None}
    return parse(QoEConfig, {**load_yaml(path), **given}, source=qoe or "qoe")


@cache
def allocations(subchannels: int) -> IntArray:
    """Return every way to give all M subchannels to three links [(M + 1)(M + 2) / 2, 3]."""
    first, second = np.meshgrid(np.arange(subchannels + 1), np.arange(subchannels + 1), indexing="ij")
    inside = first + second <= subchannels
    ways = np.stack([first[inside], second[inside], (subchannels - first - second)[inside]], axis=-1)
    ways.setflags(write=False)
    return ways


def round_split(split_mhz: FloatArray, config: ISGCConfig, qoe: QoEConfig) -> IntArray:
    """Round splits [..., 3] in MHz to M subchannels, by the largest remainders (ties: the first link)."""
    exact = split_mhz * (qoe.subchannels / config.bandwidth_mhz)
    whole = np.floor(exact + 1e-9).astype(np.int64)
    rest = qoe.subchannels - whole.sum(axis=-1, keepdims=True)
    rank = np.argsort(np.argsort(-(exact - whole), axis=-1, kind="stable"), axis=-1, kind="stable")
    rounded: IntArray = whole + (rank < rest)
    return rounded


def quality_table(states: npt.ArrayLike, config: ISGCConfig, qoe: QoEConfig) -> FloatArray:
    """Return q_i times the quality of link i with k subchannels, over the sum of the prices [B, 3, M + 1]."""
    strength = links_of(State.of(check_states(states).reshape(-1, 10)), config).strength
    widths = np.linspace(0.0, config.bandwidth_mhz, qoe.subchannels + 1)
    many = np.repeat(strength[:, :, None], len(widths), axis=2).reshape(3, -1)
    rates = link_rates(many, np.tile(widths, (3, strength.shape[1])), config)
    rates = rates.reshape(3, strength.shape[1], len(widths))
    share = rates / np.maximum(rates[:, :, -1:], 1e-12)
    quality = 1.0 / (1.0 + np.exp((qoe.demand - share) / qoe.width))
    table: FloatArray = (quality * (prices(config)[:, :, None] / sum(config.q))).transpose(1, 0, 2)
    return table


def qoe_utilities(table: FloatArray, ways: IntArray) -> FloatArray:
    """Return the utilities [B, A] of allocations [A, 3]."""
    utilities: FloatArray = sum(table[:, i, ways[:, i]] for i in range(3))  # type: ignore[assignment]
    return utilities


def evaluate_qoe(
    states: npt.ArrayLike, subchannels: IntArray, config: ISGCConfig, qoe: QoEConfig
) -> FloatArray:
    """Return the utilities [B] in [0, 1] of allocations [B, 3] to states [B, 10]."""
    table = quality_table(states, config, qoe)
    rows = np.arange(len(table))
    utility: FloatArray = table[rows[:, None], np.arange(3), subchannels].sum(axis=1)
    return utility


def qoe_optimum(states: npt.ArrayLike, config: ISGCConfig, qoe: QoEConfig) -> tuple[IntArray, FloatArray]:
    """Return the best allocations [B, 3] and utilities [B] of states [B, 10], by enumeration."""
    given, ways = check_states(states).reshape(-1, 10), allocations(qoe.subchannels)
    best, value = [], []
    for at in range(0, len(given), CHUNK):
        utilities = qoe_utilities(quality_table(given[at : at + CHUNK], config, qoe), ways)
        best.append(utilities.argmax(axis=1))
        value.append(utilities.max(axis=1))
    return ways[np.concatenate(best)], np.concatenate(value)


def local_optima(states: npt.ArrayLike, config: ISGCConfig, qoe: QoEConfig, within: float = 0.02) -> IntArray:
    """Return how many separate optima [B] each state has whose value is within a share of the best.

    An optimum is an allocation that no move of one subchannel from one link to another betters.
    """
    ways = allocations(qoe.subchannels)
    size = qoe.subchannels + 1
    utilities = qoe_utilities(quality_table(states, config, qoe), ways)
    grid = np.full((len(utilities), size + 2, size + 2), -np.inf)
    rows, columns = ways[:, 0] + 1, ways[:, 1] + 1
    grid[:, rows, columns] = utilities
    moves = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, -1), (-1, 1)]
    around = np.max([grid[:, rows + a, columns + b] for a, b in moves], axis=0)
    good = (utilities >= around) & (utilities >= (1.0 - within) * utilities.max(axis=1, keepdims=True))
    count: IntArray = good.sum(axis=1)
    return count
