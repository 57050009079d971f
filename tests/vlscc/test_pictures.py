"""Surfaces of pictures: how they are measured, that the codec agrees with them, what is drawn of a frame."""

from importlib.resources import files
from pathlib import Path

import gymnasium
import numpy as np
import pytest

import semverse.envs  # noqa: F401  registers the ids
from semverse.envs.config import load_config, shipped
from semverse.envs.errors import InputError
from semverse.envs.vlscc.problem import Problem
from semverse.envs.vlscc.references import blocks_of, reference, rows_of
from semverse.envs.vlscc.surfaces import load_surfaces

torch = pytest.importorskip("torch")
from PIL import Image  # noqa: E402

from semverse.envs.codecs.media import data_folder  # noqa: E402
from semverse.envs.vlscc.live import LiveMeter  # noqa: E402
from semverse.envs.vlscc.measure_pictures import PicturesConfig, picture_surfaces, places  # noqa: E402

TINY = PicturesConfig(
    kind="pictures",
    name="tiny",
    codec="image_vlscc",
    train="train",
    held_out="other",
    scenes=1,
    scene_frames=2,
    rows=2,
    columns=1,
    side=16,
    snr_db=(0.0, 10.0),
    draws=1,
    smoothing=1,
    seed=3,
)
SHIPPED = load_config(PicturesConfig, shipped("vlscc", "surfaces", "pictures.yaml"))
at_hand = pytest.mark.skipif(
    not (data_folder(SHIPPED.train).is_dir() and data_folder(SHIPPED.held_out).is_dir()),
    reason="the pictures are not below SEMVERSE_DATA",
)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """Two pictures of noise, 40 x 20, below ``SEMVERSE_DATA``."""
    rng = np.random.default_rng(0)
    for folder in ("train", "other"):
        (tmp_path / folder).mkdir()
        pixels = rng.integers(256, size=(40, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / folder / f"{folder}.png")
    monkeypatch.setenv("SEMVERSE_DATA", str(tmp_path))
    return tmp_path


def ignore(done, total):
    """Show no progress."""


def test_frames_lie_in_their_pictures_and_blocks_where_they_are_said_to(pictures):
    found = places(TINY)
    assert found.shape == (4, 2)
    assert [text.split(":")[0] for text in found[:, 0]] == ["train/train.png"] * 2 + ["other/other.png"] * 2
    path, y, x, side = found[0, 1].split(":")
    pixels = np.asarray(Image.open(pictures / path))[int(y) : int(y) + 16, int(x) : int(x) + 16]
    surfaces = picture_surfaces(TINY, pictures / "partial", ignore)
    assert np.array_equal(blocks_of(surfaces, 0)[1], pixels.transpose(2, 0, 1).astype(np.float32) / 255)
    assert int(side) == 16
    assert rows_of(found[0]) == 2


def test_tables_of_pictures_hold_none_and_survive_a_file(semverse, pictures, tmp_path):
    lines = [f"{key}: {list(v) if isinstance(v, tuple) else v}" for key, v in TINY.model_dump().items()]
    (tmp_path / "tiny.yaml").write_text("\n".join(lines))
    outcome = semverse("surfaces", "--config", tmp_path / "tiny.yaml", "--out", tmp_path / "tiny.npz")
    assert outcome.code == 0
    read, made = load_surfaces(str(tmp_path / "tiny.npz")), picture_surfaces(TINY, tmp_path / "p", ignore)
    assert read.sources.tolist() == made.sources.tolist() == places(TINY).tolist()
    assert np.allclose(read.distortion, made.distortion)
    assert read.held_out.tolist() == [False, False, True, True]
    assert read.symbols == 128  # one place of the codec's map


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"side": 64}, "smaller"), ({"scenes": 2}, "holds 1 pictures"), ({"train": "missing"}, "no pictures")],
)
def test_pictures_that_do_not_do_are_the_users_error(pictures, changes, word):
    with pytest.raises(InputError, match=word):
        places(TINY.model_copy(update=changes))


@pytest.mark.parametrize("text", ["a.png", "../a.png:0:0:16", "a.png:0:x:16"])
def test_references_to_elsewhere_are_the_users_error(text):
    with pytest.raises(InputError, match="sources"):
        rows_of(np.array([text]))


def test_a_missing_picture_is_the_users_error(tmp_path, monkeypatch):
    monkeypatch.setenv("SEMVERSE_DATA", str(tmp_path))
    surfaces = load_surfaces("pictures")
    with pytest.raises(InputError, match="SEMVERSE_DATA"):
        blocks_of(surfaces, 1)


def test_an_unknown_kind_is_one_line(semverse, tmp_path):
    (tmp_path / "moon.yaml").write_text("kind: moon")
    outcome = semverse("surfaces", "--config", tmp_path / "moon.yaml", "--out", tmp_path / "x.npz")
    assert outcome.code == 2
    assert "moon.yaml: kind: is 'moon'" in outcome.err


def test_the_shipped_table_was_made_by_the_shipped_configuration():
    surfaces = load_surfaces("pictures")
    assert surfaces.frames == 2 * SHIPPED.scenes * SHIPPED.scene_frames
    assert surfaces.blocks == SHIPPED.rows * SHIPPED.columns
    assert surfaces.snr_db == pytest.approx(SHIPPED.snr_db)
    assert all(text.startswith(SHIPPED.held_out) for text in surfaces.sources[surfaces.held_out].ravel())
    assert all(text.startswith(SHIPPED.train) for text in surfaces.sources[~surfaces.held_out].ravel())
    assert (
        Path(str(files("semverse.envs.vlscc"))).joinpath("tables", "pictures.npz").stat().st_size < 1_500_000
    )


def test_more_symbols_and_better_channels_bring_quality():
    """On average over frames; single blocks may be a little rough."""
    psnr = -10 * np.log10(load_surfaces("pictures").distortion).mean(axis=(0, 1))
    assert (np.diff(psnr[1:], axis=0) > 0).all()
    assert (np.diff(psnr[1:], axis=1) > 0).all()


@at_hand
def test_the_codec_agrees_with_its_surfaces():
    """No bias; the table is smoothed, so single frames differ (by 0.34 dB rms in a longer run)."""
    problem, rng = Problem.of("pictures", "all"), np.random.default_rng(0)
    meter, differences = LiveMeter(problem), []
    for _ in range(24):
        frame, level = int(rng.integers(problem.surfaces.frames)), int(rng.integers(1, 16))
        at = int(rng.integers(len(problem.surfaces.snr_db)))
        levels = np.full((problem.surfaces.blocks, 4), level)
        snr = np.full(4, problem.surfaces.snr_db[at])
        live = meter(np.full(4, frame), snr, levels, [rng] * 4).mean()
        table = problem.surfaces.distortion[frame, :, level, at].mean()
        differences.append(10 * np.log10(live / table))
    assert abs(np.mean(differences)) < 0.1
    assert np.sqrt(np.mean(np.square(differences))) < 0.45


@at_hand
def test_live_environments_measure_pictures_anew():
    envs = [gymnasium.make("semverse/VLSCCMap-v0", frames=6, codec=codec) for codec in ("table", "live")]
    found = []
    for env in envs:
        env.reset(seed=0)
        found.append([env.step(np.full(6, 7))[4]["quality"] for _ in range(6)])
    assert found[0] != found[1]
    assert np.mean(found[0]) == pytest.approx(np.mean(found[1]), abs=0.03)


def draw():
    env = gymnasium.make("semverse/VLSCCMap-v0", render_mode="rgb_array")
    env.reset(seed=0)
    env.step(np.arange(6))
    return env.render()


@at_hand
def test_a_frame_is_drawn_as_sent_and_as_received():
    shown = draw()
    assert shown.ndim == 3
    assert len(np.unique(shown.reshape(-1, 3), axis=0)) > 2000  # a photograph has many colours


def test_maps_are_drawn_where_no_picture_is_at_hand(tmp_path, monkeypatch):
    monkeypatch.setenv("SEMVERSE_DATA", str(tmp_path))
    assert draw().std() > 0


def test_references_say_where():
    assert reference("a/b.png", 3, 4, 16) == "a/b.png:3:4:16"
