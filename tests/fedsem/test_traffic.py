"""Bits of a round: sizes by hand, who can take part, and that nothing is trained twice."""

from dataclasses import replace

import numpy as np
import pytest

from semverse.envs.errors import InputError
from semverse.envs.fedsem import traffic
from semverse.envs.fedsem.setting import DIGITS, MNIST, setting_of
from semverse.envs.fedsem.traffic import Scheme, measure, measured, schemes
from semverse.envs.fedsem.types import Release

SHORT = replace(DIGITS, rounds=1)


@pytest.mark.parametrize(
    ("scheme", "upload", "clients"),
    [
        (Scheme(("cnn",), "fd", 32), 400 * 10 * 32, 40),
        (Scheme(("cnn",), "fd", 4), 400 * 10 * 4 + 32, 40),
        (Scheme(("cnn",), "fedavg", 8), 1898 * 8 + 32, 40),
        (Scheme(("cnn", "mlp"), "fd", 32), 400 * 10 * 32, 40),
        (Scheme(("cnn", "mlp"), "fedavg", 32), 1898 * 32, 20),
    ],
)
def test_sizes_by_hand(scheme, upload, clients):
    found = measure(scheme, "digits", 0, SHORT)
    assert (found.upload_bits, found.clients, found.broadcast_bits) == (upload, clients, 1898 * 32)
    assert 0 < found.accuracy < 1


def test_parameters_of_different_structures_cannot_be_averaged():
    rng = np.random.default_rng(0)
    federation = DIGITS.begin("digits", "fedavg", rng, ("cnn", "mlp"))
    with pytest.raises(InputError, match="cnn and mlp cannot be averaged"):
        federation.play(np.array([0, 1]), Release(1.0, 0.0, 32, 400), rng)


def test_every_scheme_has_files_of_its_own():
    plan = list(schemes())
    assert len({scheme.key for scheme in plan}) == len(plan)
    assert {scheme.models for scheme in plan} == {("cnn",), ("mlp",), ("cnn", "mlp")}


def test_what_is_there_is_not_trained_again(tmp_path, monkeypatch):
    monkeypatch.setattr(traffic, "setting_of", lambda _: SHORT)
    scheme = Scheme(("cnn",), "fedavg", 4)
    first = measured(scheme, "digits", 0, tmp_path)
    monkeypatch.setattr(traffic, "measure", None)
    assert measured(scheme, "digits", 0, tmp_path) == first
    with pytest.raises(InputError, match="another study"):
        measured(scheme, "mnist", 0, tmp_path)


def test_sizes_of_the_paper():
    """Section III-C: 100 clients of 300 samples, 30,000 more to distil from, ten clients a round."""
    paper = setting_of("mnist")
    assert paper is MNIST
    assert (paper.clients, paper.samples, paper.public, paper.chosen) == (100, 300, 30_000, 10)
