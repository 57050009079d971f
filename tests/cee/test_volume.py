"""What clips take over the air: interpolation and opponents by hand, a ladder of a real encoder."""

from itertools import pairwise

import numpy as np
import pytest

from semverse.envs.cee.service.volume import LADDER, Rung, bits_at, ladder, opponents, reduction
from semverse.envs.errors import InputError

RUNGS = (Rung(18, 8000, 45.0), Rung(23, 4000, 40.0), Rung(38, 1000, 30.0))


def test_bits_between_rungs() -> None:
    assert bits_at(RUNGS, 40.0) == (pytest.approx(4000.0), 40.0, False)
    assert bits_at(RUNGS, 35.0) == (pytest.approx(2000.0), 35.0, False)  # the geometric mean
    assert bits_at(RUNGS, 20.0) == (pytest.approx(1000.0), 30.0, True)
    assert bits_at(RUNGS, 50.0) == (pytest.approx(8000.0), 45.0, True)


def test_opponents_by_hand() -> None:
    same_file, same_quality, best = opponents(RUNGS, 30.0, snr_db=20.0)
    assert same_file.symbols == 8000
    assert (same_quality.symbols, same_quality.psnr_db) == (pytest.approx(2000.0), 30.0)
    assert best.symbols == pytest.approx(1000 / (6 * 910 / 1024))  # TS 38.214, table 5.1.3.1-1, MCS 27
    assert reduction(400.0, same_file) == pytest.approx(0.95)
    assert reduction(400.0, best) < 0 < reduction(400.0, same_quality)


def test_opponents_need_a_channel_that_carries_them() -> None:
    at_least = opponents(RUNGS, 30.0, snr_db=-1.0)
    assert at_least[2].symbols <= at_least[1].symbols  # never worse than the fixed scheme
    with pytest.raises(InputError, match="--snr"):
        opponents(RUNGS, 30.0, snr_db=-3.0)


def test_a_ladder_falls() -> None:
    pytest.importorskip("av")
    ramp = np.random.default_rng(0).integers(0, 256, (4, 8, 10, 3)).repeat(8, axis=1).repeat(8, axis=2)
    rungs = ladder(ramp.astype(np.uint8), gop=4)
    assert [rung.qp for rung in rungs] == list(LADDER)
    for figure in ([r.bits for r in rungs], [r.psnr_db for r in rungs]):
        assert all(a > b for a, b in pairwise(figure))
