"""What models miss: by hand on curves that are known, and the loss model against the chain itself."""

import numpy as np
import pytest

pytest.importorskip("av")
pytest.importorskip("sionna")

from semverse.envs.codecs import model_errors as errors
from semverse.envs.codecs.classical import encode
from semverse.envs.codecs.fineness import fineness
from semverse.envs.codecs.media import read_source
from semverse.envs.codecs.metrics import psnr_db
from semverse.envs.codecs.rate_model import fit
from semverse.envs.errors import InputError


def test_straight_lines_are_not_missed():
    levels = errors.LEVELS["x264"]
    lines = [{"I": 2e4 * 0.9**x, "P": 1e3 * 0.8**x, "psnr_db": 60 - x} for x in levels]
    for missed in (errors.table_errors("x264", lines), errors.probe_errors("x264", lines)):
        np.testing.assert_allclose(missed.rate, 0, atol=1e-9)
        np.testing.assert_allclose(missed.psnr_db, 0, atol=1e-9)
    assert len(errors.table_errors("x264", lines).psnr_db) == 5  # QP 20, 26, 32, 38, 44
    assert len(errors.probe_errors("x264", lines).rate) == 2 * 4  # QP 26, 29, 35, 38


def test_a_bump_between_the_knots_is_missed():
    bent = [
        {"I": 1000.0 * (1.5 if x == 26 else 1), "psnr_db": 30.0 - 2 * (x == 26)}
        for x in errors.LEVELS["x264"]
    ]
    missed = errors.probe_errors("x264", bent)
    assert errors.worst([missed.rate])[0] == pytest.approx(1 / 3)
    assert errors.worst([missed.psnr_db])[0] == pytest.approx(2)


def test_curves_of_pictures_are_over_their_scale():
    """Straight lines over the logarithm of JPEG's step, which bend over its quality."""
    place = fineness("jpeg", np.array(errors.LEVELS["jpeg"], dtype=float))
    lines = [{"I": 1e4 * np.exp(x), "psnr_db": 30 + 5 * x} for x in place]
    for missed in (errors.table_errors("jpeg", lines), errors.probe_errors("jpeg", lines)):
        np.testing.assert_allclose(missed.rate, 0, atol=1e-9)
        np.testing.assert_allclose(missed.psnr_db, 0, atol=1e-9)
    assert len(errors.table_errors("jpeg", lines).rate) == 22  # 8 to 92 every 4
    assert len(errors.probe_errors("jpeg", lines).rate) == 34  # 16 to 84 every 2, but 50


def test_pictures_are_measured_in_rgb(clip):
    found = errors.measure(clip[:1], "jpeg", 50)
    stream = encode(clip[:1], "jpeg", 50)
    assert found["psnr_db"] == pytest.approx(psnr_db(clip[:1], stream.clean)[0])


def test_without_pictures_their_codecs_are_left_out(semverse, tmp_path, monkeypatch):
    monkeypatch.setenv("SEMVERSE_DATA", str(tmp_path))
    result = semverse("calibrate", "codecs", "--only", "webp", "--out", tmp_path / "codecs.json")
    assert result.code == 2
    assert "kodak: holds no pictures; set SEMVERSE_DATA" in result.err


def test_records_are_kept_and_checked(tmp_path, clip):
    path = tmp_path / "codecs.json"
    assert errors.read_records(path) == {}
    records = {"clip hevc-intra 35": errors.measure(clip[:2], "hevc-intra", 35)}
    assert set(records["clip hevc-intra 35"]) == {"I", "psnr_db"}
    errors.write_records(path, records)
    assert errors.read_records(path) == records
    for text in ("", "[1, 2]", '{"a": 1}'):
        path.write_text(text)
        with pytest.raises(InputError, match="holds no measurements; choose another --out"):
            errors.read_records(path)


def test_the_loss_model_meets_its_bars(carphone):
    """Cliff midpoint within 0.25 dB of the real chain, plateau within 0.1 dB, at a QP in between."""
    frames = read_source(carphone, 15).frames
    model = fit(frames, [encode(frames, "x264", qp, errors.GOP) for qp in (29, 35, 41)])
    found = errors.loss_errors(frames, model, errors.Scheme("x264", 37, "bpsk", 0.5, 512), 3, lambda: None)
    chain, modelled = found.midpoints_db
    assert modelled == pytest.approx(chain, abs=0.25)
    assert found.plateau_error_db == pytest.approx(0, abs=0.1)
    assert found.chain_db[0] < found.middle_db < found.chain_db[-1]


def test_nothing_by_that_name_is_one_line(semverse, tmp_path):
    result = semverse("calibrate", "codecs", "--only", "bpg", "--out", tmp_path / "codecs.json")
    assert (result.code, result.out) == (2, "")
    assert "--only: is 'bpg'; give the beginning of x264, x265, hevc-intra, svt-av1" in result.err
    assert not list(tmp_path.iterdir())
