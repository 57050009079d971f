"""Surfaces of the classical chain: how they come about, and that the chain, really run, agrees with them."""

import gymnasium
import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("av")
Image = pytest.importorskip("PIL.Image")

import semverse.envs  # noqa: E402, F401  (registers the ids)
from semverse.envs.channels.block_errors import bler  # noqa: E402
from semverse.envs.codecs.chain import send  # noqa: E402
from semverse.envs.codecs.classical import encode  # noqa: E402
from semverse.envs.config import load_config, shipped  # noqa: E402
from semverse.envs.errors import InputError  # noqa: E402
from semverse.envs.vlscc.measure_classical import ClassicalConfig, classical_surfaces  # noqa: E402
from semverse.envs.vlscc.surfaces import load_surfaces  # noqa: E402

SHIPPED = load_config(ClassicalConfig, shipped("vlscc", "surfaces", "classical.yaml"))
TINY = SHIPPED.model_copy(
    update={
        "train": "train",
        "held_out": "other",
        "scenes": 1,
        "scene_frames": 1,
        "side": 48,
        "levels": 9,
        "symbols_per_pixel": 2.0,
        "qualities": (30, 40),
    }
)


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """Two pictures with soft edges, 64 x 64, below ``SEMVERSE_DATA``."""
    y, x = np.mgrid[:64, :64]
    for number, folder in enumerate(("train", "other")):
        (tmp_path / folder).mkdir()
        grey = 127 + 80 * np.sin(x / (5 + number)) * np.cos(y / 7)
        Image.fromarray(np.repeat(grey[:, :, None], 3, axis=2).astype(np.uint8)).save(
            tmp_path / folder / f"{folder}.png"
        )
    monkeypatch.setenv("SEMVERSE_DATA", str(tmp_path))
    return tmp_path


def table(config, folder):
    return classical_surfaces(config, folder / "partial", lambda done, total: None)


def test_more_symbols_and_better_channels_never_hurt(pictures):
    surfaces = table(TINY, pictures)
    distortion = surfaces.distortion[:, 0]
    assert (np.diff(distortion, axis=1) <= 0).all()
    assert (np.diff(distortion, axis=2) <= 1e-12).all()
    assert (distortion[:, 0] == distortion[:, 0, :1]).all()  # nothing is sent: grey, whatever the channel
    assert surfaces.symbols == 2 * 48 * 48 * 2


def test_a_clean_channel_shows_the_frame_as_decoded(pictures):
    surfaces = table(TINY, pictures)
    pixels = np.asarray(Image.open(pictures / "train" / "train.png"))
    _, row, column, side = surfaces.sources[0, 0].split(":")
    cut = pixels[int(row) :, int(column) :][: int(side), : int(side)]
    clean = encode(cut[None], "hevc-intra", 30).clean[0]
    error = np.mean((clean.astype(float) - cut) ** 2) / 255**2
    assert surfaces.distortion[0, 0, -1, -1] == pytest.approx(error)


def test_the_chain_really_run_agrees(pictures):
    from semverse.envs.codecs.link import CodedLink

    one = TINY.model_copy(update={"qualities": (36, 36), "links": (("qpsk", 0.5),)})
    pixels = np.asarray(Image.open(pictures / "train" / "train.png"))
    _, row, column, side = table(one, pictures).sources[0, 0].split(":")
    cut = pixels[int(row) :, int(column) :][: int(side), : int(side)]
    stream = encode(cut[None], "hevc-intra", 36)
    link, rng, found = CodedLink("qpsk", 0.5, one.k), np.random.default_rng(0), []
    snr_db = float(np.round(_half_lost(len(stream.packets[0]) * 8, one.k), 2))
    surfaces = table(one.model_copy(update={"snr_db": (snr_db, snr_db + 1.0)}), pictures / "train")
    for _ in range(80):
        shown = send(stream, link, snr_db, "awgn", rng).received.frames[0]
        found.append(np.mean((shown.astype(float) - cut) ** 2) / 255**2)
    error = np.std(found) / np.sqrt(len(found))
    assert 0.2 < np.mean(np.array(found) > min(found)) < 0.8  # some frames are lost and some arrive
    assert surfaces.distortion[0, 0, -1, 0] == pytest.approx(np.mean(found), abs=4 * error)


def _half_lost(bits, k):
    """Return the ratio at which half of the frames arrive."""
    ratios = np.linspace(-3, 4, 701)
    lost = 1 - (1 - bler("qpsk", 0.5, k, ratios)) ** -(-bits // k)
    return ratios[np.argmin(np.abs(lost - 0.5))]


def test_the_table_that_ships_is_of_the_configuration_that_ships():
    surfaces = load_surfaces("classical")
    assert surfaces.frames == 2 * SHIPPED.scenes * SHIPPED.scene_frames
    assert surfaces.levels == SHIPPED.levels
    assert surfaces.symbols == 2 * SHIPPED.step * (SHIPPED.levels - 1)
    np.testing.assert_array_equal(surfaces.snr_db, SHIPPED.snr_db)


def test_the_environment_plays_it_and_has_no_network_to_run():
    env = gymnasium.make("semverse/VLSCC-v0", profile="classical")
    env.reset(seed=0)
    rewards = [env.step(8)[1] for _ in range(8)]
    assert 0 < np.mean(rewards) < 1
    with pytest.raises(InputError, match="hevc-intra"):
        gymnasium.make("semverse/VLSCC-v0", profile="classical", codec="live")
