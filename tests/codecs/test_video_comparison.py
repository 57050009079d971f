"""The comparison of video codecs: a small run from end to end, and verdicts that can be no."""

import json

import numpy as np
import pytest

from semverse.envs.codecs.comparison.config import ComparisonConfig
from semverse.envs.codecs.comparison.run import compare_codecs
from semverse.envs.codecs.comparison.video_findings import BEST, best_rows, video_findings
from semverse.envs.codecs.media import read_source
from semverse.envs.codecs.vlscc.checkpoint import save_codec
from semverse.envs.codecs.vlscc.pictures import to_tensor
from semverse.envs.codecs.vst.codec import VideoCodec
from semverse.envs.codecs.vst.config import VideoConfig
from semverse.envs.config import load_config, parse, shipped


@pytest.fixture(scope="module")
def tiny(carphone, tmp_path_factory):
    """A comparison of seconds, with untrained codecs."""
    data = load_config(ComparisonConfig, shipped("comparison", "videos.yaml")).model_dump(mode="json")
    video = data["videos"]
    clip = to_tensor(read_source(carphone, 4).frames)
    for name, frames in (("VST", 4), ("independent frames", 1)):
        config = {"kind": "video", "frames": frames, "side": 8, "channels": 80, "width": 4, "levels": 12}
        config |= {"common_level": 8, "rates": [0.03, 0.1], "rate": 0.0625}
        codec = VideoCodec(parse(VideoConfig, config))
        codec.begin(clip.unflatten(0, (-1, frames)))
        folder = tmp_path_factory.mktemp("codec")
        save_codec(codec, folder, {})
        video["learned"][name] = str(folder)
    video |= {
        "clips": ["carphone_pristine"],
        "frames": 4,
        "judged": 1,
        "snr_db": [-5, 0],
        "seeds": 2,
        "rate": 0.15,
    }
    video["chains"] = [video["chains"][0], video["chains"][2], video["chains"][3]]
    return parse(ComparisonConfig, data)


def test_end_to_end(tiny, tmp_path):
    found = compare_codecs(tiny, tmp_path / "out")
    rows = json.loads((tmp_path / "out" / "videos.json").read_text())
    methods = [*(chain.method for chain in tiny.videos.chains), *tiny.videos.learned]
    assert list(dict.fromkeys(row["method"] for row in rows)) == methods
    assert len(rows) == len(methods) * 2 * 2 * 2  # channels, SNR, seeds
    for row in rows:
        if "QP 28" not in row["method"]:
            assert row["symbols_per_pixel"] <= 0.15 + 1e-4
    # bits at rate 1/2 do not arrive at -5 dB
    lost = {row["psnr_db"] for row in rows if row["method"] == methods[0] and row["snr_db"] == -5}
    assert len(lost) == 1
    means = json.loads((tmp_path / "out" / "video_means.json").read_text())
    assert {row["method"] for row in means} == {*methods, BEST}
    assert (tmp_path / "out" / "videos.png").is_file()
    assert {finding["source"] for finding in found} == {"Fig. 6", "Fig. 7", "section 3.2", "section 2.1"}
    assert compare_codecs(tiny, tmp_path / "out", resume=True) == found


def means(tiny, ours, chain):
    """Rows of means: PSNR by SNR for our codec, and for every other method."""
    others = [chain.method for chain in tiny.videos.chains]
    values = {"VST": ours, "independent frames": chain} | dict.fromkeys(others, chain)
    return [
        {"channel": channel, "method": method, "snr_db": snr_db, "psnr_db": psnr, "ms_ssim": psnr / 100}
        for channel in ("awgn", "rayleigh")
        for method, curve in values.items()
        for snr_db, psnr in curve.items()
    ]


def test_verdicts_can_be_yes_and_no(tiny):
    yes = video_findings(means(tiny, {-5: 21.0, 0: 29.0}, {-5: 12.0, 0: 20.0}), tiny.videos)
    assert all(found["reproduced"] for found in yes)
    no = video_findings(means(tiny, {-5: 21.0, 0: 24.5}, {-5: 12.0, 0: 25.0}), tiny.videos)
    assert not any(found["reproduced"] for found in no)
    (gain,) = [f for f in no if f["source"] == "section 3.2" and f["claim"].startswith("awgn")][:1]
    assert gain["figures"]["higher by"] == pytest.approx(-0.02)
    narrow = video_findings(means(tiny, {-5: 21.0, 0: 25.9}, {-5: 12.0, 0: 25.0}), tiny.videos)
    split = [found["reproduced"] for found in narrow if found["source"] == "section 2.1"]
    assert split == [False, False]  # 0.9 dB are less than 1


def test_the_best_scheme_is_that_of_each_clip(tiny):
    adaptive = [chain.method for chain in tiny.videos.chains if chain.adaptive]
    values = np.array([[[20.0, 24.0], [30.0, 10.0]], [[22.0, 26.0], [28.0, 8.0]]])  # clip, method, seed
    rows = [
        {"clip": clip, "channel": "awgn", "snr_db": 0, "method": adaptive[m], "repeat": seed}
        | {"psnr_db": values[clip, m, seed], "ms_ssim": 0.5, "symbols_per_pixel": 0.06}
        for clip in range(2)
        for m in range(2)
        for seed in range(2)
    ]
    (best,) = best_rows(rows, tiny.videos)
    assert best["method"] == BEST
    assert best["psnr_db"] == (22 + 24) / 2
