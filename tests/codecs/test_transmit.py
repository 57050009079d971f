"""``semverse transmit`` on clips and pictures: figures, files, and one line for whatever is wrong."""

import io
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("av")
pytest.importorskip("sionna")
pytest.importorskip("stlpips_pytorch")

import av
from PIL import Image

from semverse.envs.codecs.media import Source, read_source, write_received

KEYS = ("psnr_db", "ms_ssim", "lpips", "symbols", "symbols_per_pixel", "frames_decoded", "delay_s")


@pytest.fixture(scope="module")
def files(clip, tmp_path_factory) -> dict[str, Path]:
    """The clip and its first frame as files, whole and damaged."""
    folder = tmp_path_factory.mktemp("media")
    whole = write_received(folder, Source(clip, Fraction(25)), clip)
    picture = write_received(folder, Source(clip[:1], Fraction(0)), clip[:1])
    found = {"clip": whole, "picture": picture}
    for name, part in (("one frame", clip[:1]), ("odd", clip[:3, :51, :67])):
        (folder / name).mkdir()
        found[name] = write_received(folder / name, Source(part, Fraction(25)), np.ascontiguousarray(part))
    for name, path in list(found.items()):
        found[f"half {name}"] = folder / f"half{path.suffix}"
        found[f"half {name}"].write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    for name, data in (
        ("empty", b""),
        ("noise", np.random.default_rng(0).bytes(3000)),
        ("text", b"hello\n" * 50),
    ):
        found[name] = folder / name
        found[name].write_bytes(data)
    with av.open(str(folder / "whole.mkv"), "w") as container:  # announces no number of frames
        stream = container.add_stream("mpeg4", rate=25, width=80, height=64, pix_fmt="yuv420p")
        for frame in [*clip, None]:
            container.mux(
                stream.encode(None if frame is None else av.VideoFrame.from_ndarray(frame, format="rgb24"))
            )
    matroska = (folder / "whole.mkv").read_bytes()
    found["half matroska"] = folder / "half.mkv"
    found["half matroska"].write_bytes(matroska[: 2 * len(matroska) // 3])
    Image.fromarray(clip[0, :5, :7]).save(folder / "tiny.png")
    return found | {"tiny": folder / "tiny.png", "none": folder / "none.mp4", "folder": folder}


def test_a_clip_is_received(semverse, files, tmp_path, clip):
    out = tmp_path / "received"
    options = (
        "--codec x264 --qp 34 --gop 4 --modulation bpsk --snr 2 --k 512 --frames 6 --bandwidth-mhz 2 --json"
    )
    result = semverse("transmit", "--source", files["clip"], "--out", out, *options.split())
    assert result.code == 0, result.err
    figures = json.loads(result.out)
    assert json.loads((out / "figures.json").read_text()) == figures
    assert set(KEYS) < set(figures)
    assert (figures["frames"], figures["frames_decoded"], figures["blocks_lost"]) == (6, 6, 0)
    assert figures["symbols"] == figures["blocks"] * 1024
    assert figures["symbols_per_pixel"] == pytest.approx(figures["symbols"] / (6 * 64 * 80))
    assert figures["delay_s"] == pytest.approx(figures["symbols"] / 2e6)
    assert figures["psnr_db"] == figures["clean_psnr_db"] > 28
    assert figures["ms_ssim"] is None  # 64 pixels are too few for it
    assert 0 < figures["lpips"] < 0.2
    received = read_source(out / "received.mp4")
    assert received.frames.shape == (6, 64, 80, 3)
    assert received.fps == 25


def test_text_says_why_small_pictures_have_no_ms_ssim(semverse, files, tmp_path):
    options = ["--codec", "hevc-intra", "--qp", "34", "--frames", "1"]
    result = semverse("transmit", "--source", files["clip"], "--out", tmp_path / "out", *options)
    assert result.code == 0, result.err
    shown = dict(line.split(maxsplit=1) for line in result.out.splitlines())
    assert shown["ms_ssim"] == "none (side below 97)"


def test_a_picture_is_received_or_grey(semverse, files, tmp_path):
    options = [
        "transmit",
        "--source",
        files["picture"],
        "--codec",
        "avif",
        "--quality",
        40,
        "--out",
        tmp_path,
    ]
    assert semverse(*options, "--snr", 8).code == 0
    good = np.asarray(Image.open(tmp_path / "received.png"))
    result = semverse(*options, "--snr", -20)
    assert result.code == 0
    assert "frames_decoded    0" in result.out
    bad = np.asarray(Image.open(tmp_path / "received.png"))
    assert good.std() > 20
    assert bad.std() == 0


@pytest.mark.parametrize("name", ["clip", "one frame", "odd", "picture", "tiny"])
def test_the_learned_codec_takes_any_clip(semverse, files, tmp_path, name):
    options = "--codec vst --snr 5 --channel rayleigh --frames 9 --json"
    if name == "tiny":  # LPIPS cannot judge it
        result = semverse("transmit", "--source", files[name], "--out", tmp_path, *options.split())
        assert (result.code, result.err.count("\n")) == (2, 1)
        return
    result = semverse("transmit", "--source", files[name], "--out", tmp_path, *options.split())
    assert result.code == 0, result.err
    figures = json.loads(result.out)
    assert set(KEYS) - {"frames_decoded"} < set(figures)
    assert figures["symbols"] > figures["side_symbols"] > 0
    suffix = "png" if name == "picture" else "mp4"
    shape = read_source(tmp_path / f"received.{suffix}").frames.shape
    assert shape[0] == figures["frames"] == {"clip": 8, "odd": 3}.get(name, 1)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("none", "cannot be read"),
        ("folder", "is no regular file"),
        ("empty", "is no clip or picture that can be read"),
        ("noise", "is no clip or picture that can be read"),
        ("text", "is no clip or picture that can be read"),
        ("half clip", "truncated"),
        ("half matroska", "is truncated after"),
        ("half picture", "is a damaged picture"),
        ("tiny", "are 7 x 5 pixels; x264 takes sides from 16 pixels"),
    ],
)
def test_a_bad_source_is_one_line(semverse, files, tmp_path, source, message):
    result = semverse("transmit", "--source", files[source], "--out", tmp_path / "out")
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert result.err.count("\n") == 1
    assert not list(tmp_path.rglob("*.*"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--frames 0", "frames: is 0"),
        ("--snr nan", "snr: is nan dB"),
        ("--snr 1e9", "snr: is 1e+09 dB"),
        ("--snr=-inf", "snr: is -inf dB"),
        ("--qp 1e9", "qp: is 1e+09 for x264"),
        ("--qp nan", "qp: is nan for x264"),
        ("--quality 50", "--quality: x264 has none; give --qp"),
        ("--codec jpeg --qp 30", "--qp: jpeg has none; give --quality"),
        ("--codec bpg", "codec: unknown 'bpg'"),
        ("--channel moon", "channel: unknown 'moon'"),
        ("--damaged mend", "damaged: is 'mend'"),
        ("--modulation 8psk", "modulation: unknown '8psk'"),
        ("--code-rate 0", "code_rate: is 0.0"),
        ("--k 3", "k: is 3"),
        ("--gop 0", "gop: is 0"),
        ("--bandwidth-mhz 0", "bandwidth: is 0"),
        ("--bandwidth-mhz nan", "bandwidth: is nan"),
        ("--seed=-1", "--seed: is -1"),
        ("--rate 0.1", "--rate: x264 has none; give --qp"),
        ("--codec vst --qp 30", "vst: has neither --qp nor --quality"),
        ("--codec vst --rate 0", "rate: is 0;"),
        ("--codec vst --rate nan", "rate: is nan;"),
        ("--codec vst --snr nan", "snr: is nan dB"),
        ("--codec vst --snr 1e9", "snr: is 1e+09 dB"),
        ("--codec vst --channel moon", "channel: unknown 'moon'"),
        ("--codec vst --checkpoint nowhere", "nowhere: is no codec"),
        ("--codec vst --checkpoint mesh_vlscc", "mesh_vlscc: is no video codec"),
        ("--codec vst --bandwidth-mhz 0", "bandwidth: is 0"),
    ],
)
def test_a_bad_setting_is_one_line(semverse, files, tmp_path, options, message):
    result = semverse("transmit", "--source", files["clip"], "--out", tmp_path / "out", *options.split())
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert not list(tmp_path.rglob("*.*"))


def test_an_output_that_cannot_be_is_one_line(semverse, files, tmp_path):
    (tmp_path / "file").write_text("mine")
    result = semverse("transmit", "--source", files["clip"], "--out", tmp_path / "file")
    assert result.code == 2
    assert (tmp_path / "file").read_text() == "mine"


def test_a_picture_lies_upright_and_without_alpha(tmp_path):
    pixels = np.zeros((8, 12, 4), np.uint8)
    pixels[:, :6] = (255, 0, 0, 255)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    source = read_source(tmp_path / "turned.png")
    assert source.frames.shape == (1, 12, 8, 3)
    assert not source.is_clip
    assert (source.frames[0, 0] == (255, 0, 0)).all()


def test_an_animation_is_a_clip(tmp_path, clip):
    file = io.BytesIO()
    pictures = [Image.fromarray(frame) for frame in clip[:3]]
    pictures[0].save(file, format="GIF", save_all=True, append_images=pictures[1:], duration=40)
    (tmp_path / "moving.gif").write_bytes(file.getvalue())
    source = read_source(tmp_path / "moving.gif", max_frames=2)
    assert (source.frames.shape, source.fps) == ((2, 64, 80, 3), 25)
