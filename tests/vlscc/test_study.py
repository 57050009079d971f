"""The study of rate control agents: shares of the optimum's gain, and their intervals."""

import pytest

from semverse.agents.registry import make_agent
from semverse.agents.vlscc_study import Row, study

ENV = "semverse/VLSCC-v0"
TOY = {"profile": "toy"}


def rows(episodes: int) -> dict[str, Row]:
    players = {name: [make_agent(name, ENV, env_settings=TOY)] * 2 for name in ("causal", "vlscc_random")}
    return {row.agent: row for row in study(ENV, TOY, players, episodes, 7)}


def test_shares_are_of_what_the_optimum_gains_over_the_fixed_level():
    found = rows(12)
    worst, best = found["fixed"].reward, found["optimum"].reward
    for row in found.values():
        assert row.gain == pytest.approx((row.reward - worst) / (best - worst))
        assert row.gain == pytest.approx(sum(row.gains) / len(row.gains))
        low, high = row.interval
        assert low - 1e-9 <= row.gain <= high + 1e-9
    assert found["optimum"].interval == pytest.approx((1.0, 1.0))
    assert found["fixed"].interval == pytest.approx((0.0, 0.0))
    low, high = found["vlscc_random"].interval
    assert high - low > 0.01


def test_in_one_episode_only_trainings_are_resampled():
    for row in rows(1).values():
        assert row.interval == pytest.approx((min(row.gains), max(row.gains)))
