"""Fresh Monte Carlo against the shipped models; minutes, so ``make test-slow`` alone runs it."""

import pytest

pytest.importorskip("sionna")

from semverse.envs.codecs.verification import (
    IN_TABLE,
    OUTSIDE,
    check_block_fading,
    check_fast_fading,
    check_waterfall,
)

pytestmark = pytest.mark.slow
SEED = 2  # not the table's, nor that of the printed report


@pytest.mark.parametrize("scheme", IN_TABLE, ids=lambda scheme: scheme.key)
def test_table(scheme):
    tenth, hundredth = check_waterfall(scheme, SEED).table_db
    assert abs(tenth) <= 0.1
    assert abs(hundredth) <= 0.15


@pytest.mark.parametrize("scheme", OUTSIDE, ids=lambda scheme: scheme.key)
def test_fallback_outside_of_the_table(scheme):
    check = check_waterfall(scheme, SEED)
    assert check.table_db == check.fallback_db
    assert abs(check.table_db[0]) <= 0.25


def test_block_fading():
    for check in check_block_fading(8000, SEED):
        assert check.standard_error < 0.05
        assert abs(check.relative) <= 0.1


@pytest.mark.parametrize("scheme", IN_TABLE[:3], ids=lambda scheme: scheme.key)
def test_fast_fading(scheme):
    assert abs(check_fast_fading(scheme, 16, 30, SEED).error_db) <= 0.25
