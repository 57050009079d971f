"""Checkpoints of the video codec that are missing, damaged or another's: one line, nothing written."""

import shutil

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("stlpips_pytorch")

from PIL import Image

from semverse.envs.codecs.vlscc.checkpoint import find_codec
from semverse.envs.weights import CONFIG, WEIGHTS


def without(name):
    def spoil(folder):
        (folder / name).unlink()

    return spoil


def replaced(old, new):
    def spoil(folder):
        text = (folder / CONFIG).read_text()
        assert old in text
        (folder / CONFIG).write_text(text.replace(old, new))

    return spoil


def cut(folder):
    data = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(data[: len(data) // 2])


def another_s(folder):
    shutil.copy(find_codec("vst_frames") / WEIGHTS, folder / WEIGHTS)


CASES = {
    "no weights": (without(WEIGHTS), "is no codec"),
    "no configuration": (without(CONFIG), "is no codec"),
    "half the weights": (cut, "is damaged"),
    "another's weights": (another_s, "weights do not fit the network"),
    "unknown key": (replaced("width:", "widht:"), "codec.widht"),
    "no frames": (replaced("frames: 8", "frames: 0"), "codec.frames"),
    "too many channels": (replaced("channels: 192", "channels: 769"), "'channels' must be at most 768"),
    "falling rates": (replaced("- 0.03\n", "- 0.9\n"), "'rates' must rise"),
    "another kind": (replaced("kind: video", "kind: mesh"), "is no video codec"),
    "no mapping": (replaced("codec:", "- codec:"), CONFIG),
}


@pytest.mark.parametrize("case", CASES)
def test_wrong_checkpoints(semverse, tmp_path, case):
    spoil, message = CASES[case]
    folder = tmp_path / "codec"
    shutil.copytree(find_codec("vst"), folder)
    spoil(folder)
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(tmp_path / "picture.png")
    source, out = tmp_path / "picture.png", tmp_path / "out"
    result = semverse("transmit", "--codec", "vst", "--checkpoint", folder, "--source", source, "--out", out)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert str(folder) in result.err
    assert result.err.count("\n") == 1
    assert not out.exists()
