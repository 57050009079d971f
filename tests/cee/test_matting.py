"""Matting and fusion: by hand, and the command on real clips."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from semverse.envs.cee.matting.fusion import fuse, matched, read_pair
from semverse.envs.cee.matting.segmenter import VARIABLE, check_person, model_path, overlap
from semverse.envs.codecs.media import Source, write_clip
from semverse.envs.errors import InputError


def frames_of(*values: int, height: int = 2, width: int = 3) -> np.ndarray:
    """Return plain frames [F, H, W, 3]."""
    return np.stack([np.full((height, width, 3), value, dtype=np.uint8) for value in values])


def test_fusion_by_hand() -> None:
    user, background = frames_of(200), frames_of(100)
    matte = np.array([[[0.0, 0.25, 0.5], [1.0, 0.75, 0.004]]], dtype=np.float32)
    assert fuse(user, background, matte)[0, :, :, 1].tolist() == [[100, 125, 150], [200, 175, 100]]


def test_fusion_wants_equal_sizes() -> None:
    with pytest.raises(InputError, match="as many frames of one size"):
        fuse(frames_of(1, 2), frames_of(1), np.zeros((2, 2, 3), np.float32))


def test_a_short_background_plays_to_and_fro() -> None:
    user = Source(frames_of(*range(8)), Fraction(25))
    behind = Source(frames_of(10, 20, 30), Fraction(25))
    with pytest.raises(InputError, match="has 3 frames, the user 8"):
        matched(user, behind, "b.mp4", fit=False)
    shown = matched(user, behind, "b.mp4", fit=True)[:, 0, 0, 0]
    assert shown.tolist() == [10, 20, 30, 20, 10, 20, 30, 20]


def test_a_larger_background_is_cropped_in_the_middle() -> None:
    wide = np.zeros((1, 4, 16, 3), dtype=np.uint8)
    wide[:, :, 1:15] = 200
    user = Source(frames_of(0), Fraction(25))
    with pytest.raises(InputError, match="is 16 x 4, the user 3 x 2"):
        matched(user, Source(wide, Fraction(25)), "b.mp4", fit=False)
    assert (matched(user, Source(wide, Fraction(25)), "b.mp4", fit=True) == 200).all()


def test_pairs_of_clips_are_checked(tmp_path: Path) -> None:
    pytest.importorskip("av")
    for name, count, width in (("long", 5, 32), ("short", 3, 32), ("one", 1, 32), ("wide", 5, 48)):
        shown = frames_of(*[100] * count, height=32, width=width)
        write_clip(tmp_path / f"{name}.mp4", shown, Fraction(25))
    for user, behind, fewest, message in (
        ("one", "long", 2, r"one\.mp4: has 1 of 2 frames"),
        ("long", "one", 2, r"one\.mp4: has 1 of 2 frames"),
        ("short", "long", 4, r"short\.mp4: has 3 of 4 frames"),
        ("long", "wide", 2, r"wide\.mp4: is 48 x 32, the user 32 x 32"),
        ("long", "short", 2, r"short\.mp4: has 3 frames, the user 5"),
    ):
        with pytest.raises(InputError, match=message):
            read_pair(tmp_path / f"{user}.mp4", tmp_path / f"{behind}.mp4", 10, fit=False, fewest=fewest)
    person, background = read_pair(tmp_path / "long.mp4", tmp_path / "wide.mp4", 4, fit=True)
    assert person.frames.shape == background.shape == (4, 32, 32, 3)


def test_overlap_by_hand() -> None:
    one, other = np.zeros((2, 4), np.float32), np.zeros((2, 4), np.float32)
    assert overlap(one, other) == 1.0
    one[:, :2], other[:, 1:3] = 0.9, 0.6
    assert overlap(one, other) == pytest.approx(1 / 3)


def test_nobody_in_view() -> None:
    matte = np.zeros((1, 10, 100), np.float32)
    matte[0, 0, :4] = 1.0
    with pytest.raises(InputError, match=r"a\.mp4: shows no person"):
        check_person(matte, "a.mp4")
    matte[0, 0, 4] = 1.0
    check_person(matte, "a.mp4")


def test_a_missing_model_says_where_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(InputError, match="npm install"):
        model_path(None)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none.tflite"))
    with pytest.raises(InputError, match=r"none\.tflite: there is no such portrait model"):
        model_path(None)
    (tmp_path / "there").write_bytes(b"x")
    assert model_path(tmp_path / "there") == tmp_path / "there"


def test_no_model(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    from semverse.envs.cee.matting.segmenter import Segmenter

    for content in (b"", b"hello" * 1000):
        (tmp_path / "wrong.tflite").write_bytes(content)
        with pytest.raises(InputError, match=r"wrong\.tflite: is no TensorFlow Lite network"):
            Segmenter(tmp_path / "wrong.tflite")


def test_command(semverse, portrait_model, data_dir, tmp_path) -> None:
    pytest.importorskip("av")
    from semverse.envs.codecs.clips import clip_paths
    from semverse.envs.codecs.media import read_source

    akiyo, bikes = data_dir / "video" / "akiyo_cif.mp4", clip_paths()["bikes"]
    common = ("--frames", "4", "--fit", "--out", tmp_path / "new")
    for user, code in ((akiyo, 0), (bikes, 2)):
        done = semverse("matte", "--user", user, "--background", bikes, *common)
        assert done.code == code, done.err
    assert "shows no person" in done.err
    figures = json.loads((tmp_path / "new" / "figures.json").read_text())
    assert figures["frames"] == 4
    assert 0.3 < figures["person_share"] < 0.45
    fused, filmed = (read_source(path, 4).frames for path in (tmp_path / "new" / "fused.mp4", akiyo))
    difference = np.abs(fused.astype(int) - filmed).mean(axis=(0, 3))
    assert difference[120:160, 150:200].mean() < 4  # the face stays
    assert difference[:60, :100].mean() > 20  # what was behind does not
