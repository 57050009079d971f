"""Training of video codecs: GOPs, resumption to the bit, wrong input."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from PIL import Image

from semverse.envs.codecs.clips import load_clips
from semverse.envs.codecs.media import Source, write_received
from semverse.envs.codecs.trainings import load_training, make_trainer
from semverse.envs.codecs.vst.checkpoint import load_video_codec
from semverse.envs.codecs.vst.gops import GopSource
from semverse.envs.codecs.vst.training_config import VideoTraining
from semverse.envs.config import parse, shipped
from semverse.envs.errors import InputError


@pytest.fixture
def clips(clip, tmp_path, monkeypatch):
    """Two small clips by name, in place of the real ones."""
    folders = {name: tmp_path / name for name in ("seen", "unseen")}
    for folder in folders.values():
        folder.mkdir()
    paths = {
        name: write_received(folder, Source(clip, Fraction(25)), clip) for name, folder in folders.items()
    }
    monkeypatch.setattr("semverse.envs.codecs.clips.clip_paths", lambda: paths)


def tiny(**change):
    """A training of seconds."""
    data = load_training(shipped("codecs", "video_vst.yaml")).model_dump(mode="json")
    data["codec"] |= {"frames": 2, "side": 8, "channels": 80, "width": 8}
    data |= {"clips": ["seen"], "held_out": ["unseen"], "photographs": 0.0, "patch": 32}
    data |= {"steps": 6, "batch": 2, "checkpoint_every": 2}
    data["evaluation"] = {"samples": 2, "seed": 1, "snr_db": [0]}
    return parse(VideoTraining, {**data, **change})


def test_interrupted_training_ends_with_the_same_bits(clips, train_in_parts, tmp_path):
    whole, parts = train_in_parts(tiny(), 3)
    assert parts["evaluation"] == whole["evaluation"]
    assert load_video_codec(tmp_path / "whole").config == tiny().codec


def test_training_learns_more_than_the_linear_code(clips):
    trainer = make_trainer(tiny(steps=60, snr_db=[5, 5], learning_rate=0.003))
    gops = trainer.source.sample(16, torch.Generator().manual_seed(9))

    def error():
        generator = torch.Generator().manual_seed(3)
        with torch.inference_mode():
            snr_db, rate = torch.full((16,), 5.0), torch.full((16,), 0.06)
            found = trainer.codec(gops, snr_db, rate, generator).received
        return float((found - gops).square().mean((1, 2, 3, 4)).log().mean())

    before = error()
    for _ in range(60):
        trainer.train_step()
    assert error() < before - 0.005


def test_crops_of_photographs_move_in_straight_lines(tmp_path, monkeypatch):
    monkeypatch.setenv("SEMVERSE_DATA", str(tmp_path))
    for part in ("train", "val"):
        folder = tmp_path / "images" / "bsds500" / part
        folder.mkdir(parents=True)
        y, x = np.mgrid[:40, :50]
        Image.fromarray(np.stack([y, x, 0 * x], -1).astype(np.uint8)).save(folder / "a.png")
    source = GopSource([np.zeros((4, 40, 40, 3), np.uint8)], 1.0, 4, 16)
    corner = (source.sample(64, torch.Generator().manual_seed(0))[:, :, :2, 0, 0] * 255).round()
    assert corner[..., 0].max() <= 24
    assert corner[..., 1].max() <= 34
    steps = corner.diff(dim=1).abs()
    still = (steps.sum((1, 2)) == 0).float().mean()
    assert 0.2 < still < 0.7  # some stand, and slow ones need not reach the next pixel
    assert steps.max() > 1


def test_clips_are_read_by_name(clips):
    assert load_clips(["seen", "unseen"], 8)[1].shape == (8, 64, 80, 3)
    with pytest.raises(InputError, match="has 8 frames"):
        load_clips(["seen"], 9)
    with pytest.raises(InputError, match="there is no 'casablanca'"):
        load_clips(["casablanca"], 1)


def test_large_clips_are_halved(clips, monkeypatch):
    monkeypatch.setattr("semverse.envs.codecs.clips._MAX_HEIGHT", 63)
    (half,) = load_clips(["seen"], 8)
    monkeypatch.setattr("semverse.envs.codecs.clips._MAX_HEIGHT", 64)
    (whole,) = load_clips(["seen"], 8)
    assert half.shape == (8, 32, 40, 3)
    expected = whole[3, 10:12, 20:22].astype(float).mean((0, 1))
    assert np.abs(half[3, 5, 10] - expected).max() <= 0.5


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"patch": 36}, "patch"),
        ({"held_out": ["seen"]}, "held_out"),
        ({"snr_db": [10, 0]}, "snr_db"),
        ({"photographs": 2}, "photographs"),
        ({"framez": 1}, "framez"),
    ],
)
def test_wrong_configurations_are_one_line(change, named):
    with pytest.raises(InputError, match=named):
        tiny(**change)


def test_a_patch_larger_than_a_clip_is_one_line(clips):
    with pytest.raises(InputError, match="patch: is more than 64"):
        make_trainer(tiny(patch=72))
