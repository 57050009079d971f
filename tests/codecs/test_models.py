"""Models for step(): exact at their probes, close between, and losses as counted by hand and by drawing."""

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("av")

from semverse.envs.codecs import rate_distortion
from semverse.envs.codecs.bitstream import CODECS
from semverse.envs.codecs.classical import encode
from semverse.envs.codecs.fineness import fineness
from semverse.envs.codecs.loss_model import (
    expected_psnr_db,
    frame_bits,
    lag_probabilities,
    sample_lags,
    shown_psnr_db,
)
from semverse.envs.codecs.media import read_source
from semverse.envs.codecs.metrics import luma, psnr_db
from semverse.envs.codecs.rate_model import Curve, copy_lag_table, fit, mean_bits
from semverse.envs.errors import InputError


@pytest.fixture(scope="module")
def model(clip):
    return fit(clip, [encode(clip, "x264", qp, gop=4) for qp in (23, 32, 41)])


def test_it_is_exact_at_the_probes(model, clip):
    for qp in (23, 32, 41):
        stream = encode(clip, "x264", qp, gop=4)
        assert model.bits(qp, "I") == pytest.approx(mean_bits(stream, "I"))
        assert model.bits(qp, "P") == pytest.approx(mean_bits(stream, "P"))
        assert model.psnr_db(qp) == pytest.approx(psnr_db(luma(clip), luma(stream.clean)).mean())


def test_arrays_of_levels(model):
    levels = np.array([[23, 27.5], [32, 41]])
    assert model.bits(levels, "P").shape == (2, 2)
    assert (np.diff(model.psnr_db(np.arange(23, 42))) < 0).all()
    assert (np.diff(model.bits(np.arange(23, 42), "I")) < 0).all()


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=6))
def test_curves_stay_between_their_points(values):
    knots = np.arange(len(values)) * 3.0
    curve = Curve.through(knots, values)
    np.testing.assert_allclose(curve(knots), values, atol=1e-9)
    for index, (left, right) in enumerate(pairwise(values)):
        between = curve(knots[index] + np.linspace(0, 3, 7))
        assert (between >= min(left, right) - 1e-9).all()
        assert (between <= max(left, right) + 1e-9).all()


def test_of_equal_knots_the_first_counts():
    curve = Curve.through(np.array([0.0, 1.0, 1.0, 2.0]), [0.0, 1.0, 5.0, 2.0])
    np.testing.assert_allclose(curve(np.array([0.0, 0.5, 1.0, 2.0])), [0, 0.5, 1, 2])


def test_a_real_clip_that_was_never_seen(carphone):
    """The bars: rate within 10 % at the 90th percentile, PSNR within 0.5 dB at worst."""
    source = read_source(carphone, 30)
    model = rate_distortion(carphone, frames=30, gop=15)
    rate, psnr = [], []
    for qp in range(24, 41, 4):
        stream = encode(source.frames, "x264", qp, gop=15)
        rate += [model.bits(qp, kind) / mean_bits(stream, kind) - 1 for kind in "IP"]
        psnr.append(model.psnr_db(qp) - psnr_db(luma(source.frames), luma(stream.clean)).mean())
    assert np.percentile(np.abs(rate), 90) < 0.10
    assert np.abs(psnr).max() < 0.5


@pytest.mark.parametrize("codec", [name for name, codec in CODECS.items() if codec.kind == "picture"])
def test_a_real_picture_that_was_never_seen(codec, carphone, tmp_path):
    """The bars: rate within 10 % at the 90th percentile, PSNR within 0.5 dB at worst."""
    from PIL import Image

    frame = read_source(carphone, 1).frames
    Image.fromarray(frame[0]).save(tmp_path / "picture.png")
    model = rate_distortion(tmp_path / "picture.png", codec)
    levels = range(model.probes[0] + 1, model.probes[-1], 3)
    streams = [encode(frame, codec, level) for level in levels]
    rate = [model.bits(stream.level, "I") / stream.bits[0] - 1 for stream in streams]
    psnr = [model.psnr_db(stream.level) - psnr_db(frame, stream.clean)[0] for stream in streams]
    assert np.percentile(np.abs(rate), 90) < 0.10
    assert np.abs(psnr).max() < 0.5


def test_scales_of_quality_by_hand():
    # steps of JPEG's tables: doubled at quality 25, halved at 75; of WebP: 4 + 127 at its index 127, 4 at 0
    np.testing.assert_allclose(fineness("jpeg", np.array([25.0, 50, 75])), [-np.log(2), 0, np.log(2)])
    np.testing.assert_allclose(fineness("webp", np.array([0.0, 100])), [-np.log(131), -np.log(4)])
    assert fineness("webp", np.array(75.0)) == pytest.approx(-np.log(131 - 127 * 0.5 ** (1 / 3)))
    assert fineness("x264", np.array(28.0)) == 28
    for codec in ("jpeg", "jpeg2000", "webp", "avif"):
        assert (np.diff(fineness(codec, np.arange(1, 100.5, 0.5))) >= 0).all()


def test_equal_qualities_of_avif_make_equal_files(clip):
    from PIL import features

    if features.version("avif") != "1.4.2":
        pytest.skip("the scale is that of libavif 1.4.2")
    files = [encode(clip[:1], "avif", quality).packets for quality in range(40, 60)]
    places = fineness("avif", np.arange(40.0, 60))
    assert [a == b for a, b in pairwise(files)] == [a == b for a, b in pairwise(places)]
    with pytest.raises(InputError, match=r"probes: are \[50, 51\]"):
        rate_distortion("none.png", "avif", probes=(50, 51))


def test_wrong_questions_are_one_line(model, clip, tmp_path):
    for qp in (22.9, 41.1, float("nan")):
        with pytest.raises(InputError, match=r"^qp: is outside the probes; give 23 to 41"):
            model.psnr_db(qp)
    with pytest.raises(InputError, match="frame_type: is 'B'; give I or P"):
        model.bits(30, "B")
    with pytest.raises(InputError, match=r"probes: are \[30\]"):
        rate_distortion(tmp_path / "none.mp4", probes=(30, 30))
    with pytest.raises(InputError, match="qp: is 99 for x265"):
        rate_distortion(tmp_path / "none.mp4", "x265", probes=(30, 99))


def test_copy_lags_by_hand():
    ramp = np.arange(6.0)[:, None, None] * np.ones((1, 2, 2))  # a lag of n is an error of n
    lags, psnr = copy_lag_table(ramp)
    assert lags == (1, 2, 4)
    np.testing.assert_allclose(psnr, 20 * np.log10(255 / np.array([1, 2, 4])))


def test_losses_by_hand():
    # four frames of one block each, two groups of two; half of the blocks are lost
    chances = lag_probabilities(np.full(4, 8), gop=2, k=8, bler=0.5)
    expected = [
        [0.5, 0, 0, 0, 0.5],
        [0.25, 0.25, 0, 0, 0.5],
        # lost with chance 1/2, then frame 1 or 0 stays
        [0.5, 0.125, 0.125, 0, 0.25],
        [0.25, 0.25, 0.125, 0.125, 0.25],
    ]
    np.testing.assert_allclose(chances, expected)


@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=10),
    st.integers(1, 5),
    st.integers(4, 40),
    st.lists(st.floats(0, 1), min_size=1, max_size=3),
)
def test_chances_sum_to_one(lengths, gop, k, bler):
    chances = lag_probabilities(np.array(lengths), gop, k, np.array(bler))
    assert chances.shape == (len(bler), len(lengths), len(lengths) + 1)
    assert chances.min() > -1e-12
    np.testing.assert_allclose(chances.sum(-1), 1)
    no_loss = lag_probabilities(np.array(lengths), gop, k, 0.0)
    np.testing.assert_array_equal(no_loss[:, 0], 1)


def test_drawn_losses_agree_with_the_chances():
    bits, gop, k, bler, draws = np.array([40, 16, 8, 24, 40, 8, 16, 8]), 4, 8, 0.1, 20_000
    rng = np.random.default_rng(0)
    seen = np.zeros((8, 9))
    for _ in range(draws):
        seen[np.arange(8), sample_lags(bits, gop, k, bler, rng)] += 1 / draws
    np.testing.assert_allclose(seen, lag_probabilities(bits, gop, k, bler), atol=4 * np.sqrt(0.25 / draws))


def test_expected_quality_runs_from_grey_to_clean(model, clip):
    arguments = {"frames": len(clip), "gop": 4, "k": 64}
    psnr = expected_psnr_db(model, 30, bler=np.linspace(0, 1, 21), **arguments)
    assert psnr[0] == pytest.approx(float(model.psnr_db(30)))
    assert psnr[-1] == pytest.approx(model.grey_psnr_db)
    assert (np.diff(psnr) <= 1e-9).all()


def test_frozen_frames_are_as_bad_as_they_are(model, clip):
    stream = encode(clip, "x264", 32, gop=4)
    predicted = shown_psnr_db(model, 32, len(clip))
    for lag in (1, 2, 3):
        measured = psnr_db(luma(clip)[lag:], luma(stream.clean)[:-lag]).mean()
        assert predicted[lag] == pytest.approx(measured, abs=0.5)
    assert predicted[-1] == pytest.approx(psnr_db(luma(clip), luma(np.full_like(clip, 130))).mean())


def test_frame_bits_follow_the_groups(model):
    bits = frame_bits(model, 32, 6, 4)
    assert (bits[[0, 4]] == bits[0]).all()
    assert (bits[[1, 2, 3, 5]] == bits[1]).all()
    assert bits[0] == pytest.approx(float(model.bits(32, "I")), abs=4)
    assert bits[1] % 8 == 0


@pytest.mark.parametrize("codec", [name for name, codec in CODECS.items() if codec.kind == "picture"])
def test_picture_codecs_have_models_too(codec, clip, tmp_path):
    from PIL import Image

    Image.fromarray(clip[0]).save(tmp_path / "picture.png")
    model = rate_distortion(tmp_path / "picture.png", codec)
    stream = encode(clip[:1], codec, model.probes[1])
    assert model.bits(model.probes[1], "I") == pytest.approx(stream.bits[0])
    assert model.psnr_db(model.probes[1]) == pytest.approx(psnr_db(clip[:1], stream.clean)[0])
    assert set(model.log_bits) == {"I"}


def test_stepping_needs_numpy_alone():
    code = "import sys, semverse.envs.codecs.loss_model, semverse.envs.codecs\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"torch", "sionna", "av", "PIL", "scipy"}
