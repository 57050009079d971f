"""What ships of the video codec: common and individual features against independent frames, and size."""

import numpy as np
import pytest

from semverse.envs.codecs.clips import clip_paths
from semverse.envs.codecs.media import read_source
from semverse.envs.codecs.metrics import luma, psnr_db
from semverse.envs.codecs.vlscc.checkpoint import find_codec
from semverse.envs.codecs.vst.checkpoint import load_video_codec
from semverse.envs.codecs.vst.sending import send
from semverse.envs.errors import InputError
from semverse.envs.weights import WEIGHTS, read_card

NAMES = ("vst", "vst_frames")
HELD_OUT = ("carphone_pristine", "akiyo")


@pytest.fixture(scope="module", params=HELD_OUT)
def unseen(request):
    """Sixteen frames of a clip that no training has seen, 128 x 128 pixels of its middle."""
    try:
        paths = clip_paths()
    except InputError as error:
        pytest.skip(str(error))
    if request.param not in paths:
        pytest.skip("SEMVERSE_DATA has no video/akiyo_cif.mp4")
    frames = read_source(paths[request.param], 16).frames
    top, left = ((side - 128) // 2 for side in frames.shape[1:3])
    return np.ascontiguousarray(frames[:, top : top + 128, left : left + 128])


def quality(clip, name, seed, **options):
    found = send(clip, seed=seed, codec=load_video_codec(name), **options)
    return float(psnr_db(luma(clip), luma(found.frames)).mean()), found.symbols


def test_common_and_individual_features_beat_independent_frames_at_0_db(unseen):
    gains = []
    for seed in range(3):
        ours, symbols = quality(unseen, "vst", seed, snr_db=0.0)
        independent, others = quality(unseen, "vst_frames", seed, snr_db=0.0)
        assert symbols <= others <= 0.0625 * unseen.size / 3 + 1
        gains.append(ours - independent)
    assert min(gains) >= 1.0


def test_there_is_no_cliff(unseen):
    found = [quality(unseen, "vst", 0, snr_db=snr_db)[0] for snr_db in (-10, -5, 0, 5, 10, 20)]
    steps = np.diff(found)
    assert (steps > 0).all()
    assert max(steps[:4]) < 6  # dB for 5 dB


@pytest.mark.parametrize("name", NAMES)
def test_checkpoints_are_small_and_say_where_they_come_from(name):
    folder = find_codec(name)
    assert 100_000 < (folder / WEIGHTS).stat().st_size < 2_000_000
    card = read_card(folder)
    assert card["command"].startswith("semverse train-codec --config configs/codecs/video_")
    assert card["seed"] == 0
    assert card["seconds"] > 0
    assert card["evaluation"]["psnr_db/0_db"] > 18
