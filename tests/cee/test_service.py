"""The service: tracks and depth by hand, stages on a small clip, interruption and resumption, the command."""

import dataclasses
import json
from contextlib import contextmanager
from fractions import Fraction

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("av")
pytest.importorskip("sionna")
pytest.importorskip("stlpips_pytorch")
ndimage = pytest.importorskip("scipy.ndimage")
pytest.importorskip("safetensors")

from semverse.envs.cee.config import load_profile  # noqa: E402
from semverse.envs.cee.gaussians.start import start  # noqa: E402
from semverse.envs.cee.service.air import Air, check_link, delay_s, send_clip  # noqa: E402
from semverse.envs.cee.service.config import load_service  # noqa: E402
from semverse.envs.cee.service.run import as_text, run_stages, summary  # noqa: E402
from semverse.envs.cee.service.scene import depth_of, lift, scene_size  # noqa: E402
from semverse.envs.cee.service.stages import STAGES, Job, fibre_s  # noqa: E402
from semverse.envs.cee.service.tracking import flow, follow_points  # noqa: E402
from semverse.envs.config import shipped  # noqa: E402
from semverse.envs.errors import InputError  # noqa: E402

CONFIG = load_service()


@pytest.fixture(autouse=True)
def one_thread():
    """Tiny tensors gain nothing from more."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def texture(height: int, width: int) -> np.ndarray:
    """Return a smooth random grey picture from 0 to 1."""
    smooth = ndimage.gaussian_filter(np.random.default_rng(0).random((height, width)), 1.5)
    return (smooth - smooth.min()) / (smooth.max() - smooth.min())


@pytest.mark.parametrize("moved", [(0.4, -0.3), (2.5, 1.2)])
def test_flow_of_a_shift(moved) -> None:
    large = texture(100, 120)
    shifted = ndimage.shift(large, moved[::-1], order=3)
    found = flow(large[20:-20, 20:-20], shifted[20:-20, 20:-20])[8:-8, 8:-8]
    assert np.abs(found - moved).mean() < 0.1


def test_points_are_followed_and_lost() -> None:
    large = texture(64, 120)
    grey = np.stack([large[:, 20 - 2 * t : 84 - 2 * t] for t in range(5)])  # moves right by 2 a frame
    pixels = np.array([[20.0, 30.0], [60.0, 30.0]])
    tracks, seen = follow_points(grey, [(1, pixels)])
    np.testing.assert_allclose(tracks[:, 0], [[18 + 2 * t, 30] for t in range(5)], atol=0.5)
    assert seen[:, 0].all()
    assert seen[:, 1].tolist() == [True, True, True, False, False]  # it leaves at column 63


def test_depth_of_a_silhouette() -> None:
    person = np.zeros((20, 20), dtype=bool)
    person[5:14, 5:14] = True
    depth = depth_of(person, CONFIG.scene)
    assert depth[0, 0] == 3.0
    assert depth[9, 9] == pytest.approx(1.5 - 0.2)  # farthest from the outline
    assert 1.5 > depth[5, 5] > depth[7, 7] > depth[9, 9]
    assert (depth_of(np.zeros((4, 4), dtype=bool), CONFIG.scene) == 3.0).all()


def test_scene_sizes_are_even_and_never_larger() -> None:
    assert scene_size(288, 352, 72) == (72, 88)
    assert scene_size(64, 80, 72) == (64, 80)
    assert scene_size(1080, 1921, 75) == (76, 134)


def test_a_scene_at_rest_can_start() -> None:
    """More motions than the clip has: some get no track; what never arrived is one grey still."""
    frames = np.full((4, 40, 50, 3), 130, dtype=np.uint8)
    scene = CONFIG.scene.model_copy(update={"height": 40, "tracks": 80})
    clip = lift(frames, np.zeros((4, 40, 50), np.float32), scene, seed=0)
    found = start(clip, count=50, bases=20, seed=0)
    assert all(bool(part.isfinite().all()) for part in found.state_dict().values())


def test_delays_by_hand() -> None:
    constants = load_profile()
    air = Air("x264", 10.0, "awgn", 4.0, True, 0, CONFIG.chain)
    assert delay_s(4_000_000, 10, 1000, air, constants) == pytest.approx(1.0 + 10 * 0.009)
    for up, codec_s in ((True, 7.9e3 / 1.3e12 + 11.5e3 / 35e12), (False, 7.9e3 / 35e12 + 11.5e3 / 1.3e12)):
        learned = dataclasses.replace(air, codec="vst", up=up)
        assert delay_s(0, 10, 10**6, learned, constants) == pytest.approx(10 * 1e6 * codec_s)
    assert fibre_s(1e9, constants) == pytest.approx(1.012)


class Disc:
    """Stands in for the portrait model: a disc in the middle is the person."""

    def matte(self, frames, advance=None):
        y, x = np.indices(frames.shape[1:3])
        inside = np.hypot(y - frames.shape[1] / 2, x - frames.shape[2] / 2) < frames.shape[1] / 3
        for _ in frames if advance else ():
            advance()
        return np.repeat(inside[None].astype(np.float32), len(frames), axis=0)


@pytest.fixture(scope="module")
def job() -> Job:
    grey = texture(64, 140)
    colour = (255 * np.stack([grey, grey[::-1], 1 - grey], axis=-1)).round().astype(np.uint8)
    user = np.stack([colour[:, 20 - t : 100 - t] for t in range(4)])
    background = np.stack([colour[:, 30 + t : 110 + t] for t in range(4)])
    fit = CONFIG.fit.model_copy(update={"gaussians": 80, "bases": 3, "steps": 4})
    scene = CONFIG.scene.model_copy(update={"height": 32, "tracks": 80})
    config = CONFIG.model_copy(update={"fit": fit, "scene": scene})
    links = [Air("x264", 3.0, "awgn", 4.0, seed < 2, seed, config.chain) for seed in range(3)]
    matte = Disc().matte(user)
    return Job(user, background, matte, Fraction(25), *links, Disc(), config, load_profile(), seed=0)


def bars(broken: str | None = None):
    """Return a bar that is interrupted in a stage."""

    @contextmanager
    def bar(name):
        def advance(done, total):
            if name == broken and done == 2:
                raise KeyboardInterrupt

        yield advance

    return bar


def timeless(records):
    return [{k: v for k, v in r.items() if k != "seconds" or r["delay"] == "model"} for r in records]


def test_stages_and_resumption(job, tmp_path) -> None:
    whole, halved = tmp_path / "whole", tmp_path / "halved"
    whole.mkdir()
    halved.mkdir()
    records = run_stages(job, whole, bars())
    assert [r["stage"] for r in records] == [s.name for s in STAGES]
    assert records[3]["iou"] == 1.0  # the stand-in looks at sizes alone
    assert all(r["seconds"] > 0 for r in records)
    assert records[0]["frames_decoded"] == 4
    with pytest.raises(KeyboardInterrupt):
        run_stages(job, halved, bars("reconstruction"))
    finished = {path: path.stat().st_mtime_ns for path in halved.iterdir()}
    assert {path.name[0] for path in finished} == set("12345")
    again = run_stages(job, halved, bars())
    assert timeless(again) == timeless(records)
    assert {path: path.stat().st_mtime_ns for path in finished} == finished
    for path in whole.glob("*.npz"):
        with np.load(path) as one, np.load(halved / path.name) as other:
            assert all(np.array_equal(one[name], other[name]) for name in one.files)
    text = as_text(summary(records, 4))
    assert text.count("\n") == len(STAGES) + 2
    assert "nobody filmed this view" in text
    (halved / "5_fusion.npz").write_bytes(b"x")
    with pytest.raises(InputError, match=r"5_fusion\.npz: is damaged"):
        run_stages(job, halved, bars())


def test_the_learned_codec_carries_the_clips(job, write_codec, tmp_path) -> None:
    write_codec(tmp_path, job.user)
    air = dataclasses.replace(job.uplink, codec="vst", checkpoint=str(tmp_path), snr_db=20.0)
    check_link(air)
    sent = send_clip(job.user, job.fps, air, lambda done, total: None)
    assert sent.frames.shape == job.user.shape
    assert sent.figures["psnr_db"] > 20
    assert sent.figures["symbols"] == pytest.approx(0.2 * job.user[..., 0].size, rel=0.01)
    assert send_clip(job.user, job.fps, air, lambda *_: None).figures == sent.figures


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"codec": "jpeg"}, "--codec"),
        ({"codec": "vst", "checkpoint": "nowhere"}, "nowhere"),
        ({"rate": 0.1}, "--rate"),
        ({"snr_db": float("nan")}, "snr"),
        ({"snr_db": 1e9}, "snr"),
        ({"channel": "rain"}, "channel"),
        ({"chain": CONFIG.chain.model_copy(update={"modulation": "am"})}, "modulation"),
        ({"chain": CONFIG.chain.model_copy(update={"code_rate": 2.0})}, "rate"),
        ({"codec": "x264", "chain": CONFIG.chain.model_copy(update={"qp": 60})}, "qp"),
    ],
)
def test_silly_links(change, named) -> None:
    air = Air("x264", 3.0, "awgn", 4.0, True, 0, CONFIG.chain)
    check_link(air)
    with pytest.raises(InputError, match=named):
        check_link(dataclasses.replace(air, **change))


def test_frames_and_clips_are_checked_before_the_portrait_model(semverse, tmp_path) -> None:
    for flags, named in ((["--frames", "1"], "--frames"), ([], "missing.mp4")):
        clips = ["--user", tmp_path / "missing.mp4", "--background", tmp_path / "missing.mp4"]
        failed = semverse(
            "service", *clips, "--model", tmp_path / "none.tflite", "--out", tmp_path / "new", *flags
        )
        assert (failed.code, failed.err.count("\n")) == (2, 1)
        assert named in failed.err


def test_command(semverse, portrait_model, data_dir, tmp_path) -> None:
    from semverse.envs.codecs.clips import clip_paths

    paths = {**clip_paths(), "akiyo": data_dir / "video" / "akiyo_cif.mp4"}
    text = shipped("cee", "service.yaml").read_text(encoding="utf-8")
    (tmp_path / "small.yaml").write_text(text.replace("gaussians: 2000", "gaussians: 200"), encoding="utf-8")
    small = [
        "--config",
        tmp_path / "small.yaml",
        "--frames",
        "4",
        "--steps",
        "2",
        "--snr",
        "2",
        "--out",
        tmp_path / "new",
    ]
    for user, behind, flags, named in (
        ("akiyo", "bikes", [], "one size"),
        ("bikes", "bikes", [], "shows no person"),
        ("akiyo", "bikes", ["--fit", "--frames", "1"], "at least 4"),
    ):
        failed = semverse("service", "--user", paths[user], "--background", paths[behind], *small, *flags)
        assert (failed.code, failed.err.count("\n")) == (2, 1)
        assert named in failed.err
    assert not (tmp_path / "new").exists()
    asked = ("service", "--user", paths["carphone_pristine"], "--background", paths["bikes"], "--fit", *small)
    done = semverse(*asked)
    assert done.code == 0, done.err
    figures = json.loads((tmp_path / "new" / "figures.json").read_text())
    assert figures["stages"][3]["iou"] > 0.9
    assert done.out == (tmp_path / "new" / "table.txt").read_text()
    for other in (("--seed", "1"), ("--codec", "vst")):
        assert "is of other settings" in semverse(*asked, *other).err
