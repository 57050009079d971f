"""Measuring block error rates: to the accuracy asked for, stopped and carried on with, by the command."""

import numpy as np
import pytest

pytest.importorskip("sionna")

from semverse.envs.channels.bler_points import Scheme, fit_points, load_points
from semverse.envs.codecs import calibration
from semverse.envs.codecs.calibration import fill, measure
from semverse.envs.errors import InputError

SCHEMES = [Scheme("qpsk", 0.5, 64), Scheme("qpsk", 0.6, 64), Scheme("16qam", 0.5, 64)]


@pytest.fixture
def coarse(monkeypatch):
    """A decibel of accuracy: a batch or two a scheme."""
    monkeypatch.setattr(calibration, "ACCURACY_DB", {0.1: 0.15, 0.01: 0.3})
    monkeypatch.setattr(calibration, "BATCH", (32, 100))


def test_accuracy_is_reached(monkeypatch):
    monkeypatch.setattr(calibration, "ACCURACY_DB", {0.1: 0.06, 0.01: 0.12})
    scheme = Scheme("qpsk", 0.5, 256)
    measured = measure(scheme, 0)
    fit = fit_points(scheme, measured.points)
    assert fit.standard_error_db(0.1) <= 0.06
    assert fit.standard_error_db(0.01) <= 0.12
    sent, lost = (sum(point[i] for point in measured.points) for i in (1, 2))
    assert lost >= calibration.LEAST_LOST
    assert sent < 5000
    assert np.abs(measured.esno_db(0.1) - 1.65) < 0.3


def test_stopped_and_carried_on_with_is_the_same_file(tmp_path, coarse):
    whole, parts = tmp_path / "whole.json", tmp_path / "parts.json"
    assert [measured.scheme for measured in fill(whole, SCHEMES, 0)] == SCHEMES
    first = fill(parts, SCHEMES, 0)
    next(first)
    first.close()  # as an interrupt does
    assert [measured.scheme for measured in load_points(parts).measured] == SCHEMES[:1]
    list(fill(parts, SCHEMES[:0:-1], 0))
    assert parts.read_bytes() == whole.read_bytes()
    with pytest.raises(InputError, match=r"parts\.json: is of other settings"):
        next(fill(parts, SCHEMES, 1))


def test_the_command(tmp_path, coarse, semverse):
    path = tmp_path / "points.json"
    arguments = ("calibrate", "bler", "--only", "qpsk 0.5000 64", "--out", path)
    outcome = semverse(*arguments)
    assert outcome.code == 0, outcome.err
    assert outcome.out == f"1 schemes in {path}\n"
    before = path.stat().st_mtime_ns
    assert semverse(*arguments).code == 0
    assert path.stat().st_mtime_ns == before
    (measured,) = load_points(path).measured
    assert measured.scheme == Scheme("qpsk", 0.5, 64)
