"""What clips take over the air: interpolation and opponents by hand, a ladder of a real encoder."""

from itertools import pairwise

import numpy as np
import pytest

from semverse.envs.cee.service.air import Sent
from semverse.envs.cee.service.volume import (
    LADDER,
    Rung,
    as_text,
    bits_at,
    compare,
    ladder,
    opponents,
    reduction,
)
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


def test_a_comparison_by_hand() -> None:
    figures = {"symbols": 400, "psnr_db": 30.0, "ms_ssim": 0.9, "lpips": 0.1}
    row = compare(Sent(np.zeros((1, 2, 2, 3), np.uint8), figures), RUNGS, 20.0, mhz=0.5)
    assert row["delay_s"] == 400 / 0.5e6
    assert [other["reduction"] for other in row["opponents"]][:2] == pytest.approx([0.95, 0.8])
    text = as_text({"person": [row]})
    assert text.count("\n") == 5
    assert "95.0 %" in text


def test_command(portrait_model, data_dir, write_codec, tmp_path, capsys) -> None:
    pytest.importorskip("av")
    from semverse.envs.codecs.clips import clip_paths
    from semverse.envs.codecs.media import read_source
    from semverse.scripts.cee_volume import command

    akiyo, bikes = data_dir / "video" / "akiyo_cif.mp4", clip_paths()["bikes"]
    write_codec(tmp_path, read_source(akiyo, 4).frames)
    asked = {"checkpoint": str(tmp_path), "rate": None, "frames": 2, "gop": 2, "model": portrait_model}
    for _ in range(2):  # the second time from what is there
        command(akiyo, bikes, "10", **asked, out=tmp_path / "new")
    first, again = np.array_split(capsys.readouterr().out.splitlines(), 2)
    assert first.tolist() == again.tolist()
    assert sum(" vst " in line for line in first) == 3
    with pytest.raises(InputError, match="--snr"):
        command(akiyo, bikes, "high", **asked, out=tmp_path / "new")
