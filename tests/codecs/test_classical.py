"""Classical codecs: clean streams are exact, levels order rate and quality, damage breaks no decoder."""

import io

import numpy as np
import pytest

from semverse.envs.codecs.bitstream import CODECS, GREY
from semverse.envs.codecs.metrics import luma, psnr_db
from semverse.envs.errors import InputError

pytest.importorskip("av")
pytest.importorskip("PIL")

import av

from semverse.envs.codecs import classical
from semverse.envs.codecs.classical import decode, encode

VIDEO = [name for name, codec in CODECS.items() if codec.kind == "video"]


def quality(frames: np.ndarray, shown: np.ndarray) -> float:
    return float(np.mean(psnr_db(luma(frames), luma(shown))))


@pytest.mark.parametrize("codec", CODECS)
def test_clean_streams_decode_exactly_and_encoding_repeats(codec, clip):
    stream = encode(clip, codec, gop=4)
    received = decode(stream)
    assert received.decoded.all()
    assert np.array_equal(received.frames, stream.clean)
    assert quality(clip, stream.clean) > 28
    expected = "IPPPIPPP" if codec in VIDEO and codec != "hevc-intra" else "IIIIIIII"
    assert stream.frame_types == expected
    again = encode(clip, codec, gop=4)
    assert (again.packets, again.header) == (stream.packets, stream.header)


@pytest.mark.parametrize("codec", CODECS)
def test_more_bits_are_better(codec, clip):
    chosen = CODECS[codec]
    better, worse = (26, 44) if chosen.knob == "qp" else (60, 20)
    fine, coarse = encode(clip[:2], codec, better), encode(clip[:2], codec, worse)
    assert fine.bits.sum() > coarse.bits.sum()
    assert quality(clip[:2], fine.clean) > quality(clip[:2], coarse.clean) + 1


@pytest.mark.parametrize(("codec", "container"), [("x264", "h264"), ("x265", "hevc"), ("hevc-intra", "hevc")])
def test_header_and_packets_are_a_standard_file(codec, container, clip):
    stream = encode(clip, codec, gop=4)
    with av.open(io.BytesIO(stream.header + b"".join(stream.packets)), format=container) as file:
        frames = np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)])
    assert np.array_equal(frames, stream.clean)


@pytest.mark.parametrize("codec", VIDEO)
def test_lost_parameter_sets_do_not_pass_unseen(codec, clip, monkeypatch):
    def without_header(*arguments):
        return b"", original(*arguments)[1]

    original = classical.encode_video
    monkeypatch.setattr(classical, "encode_video", without_header)
    if codec == "svt-av1":  # its key frames repeat the sequence header
        assert encode(clip, codec).header == b""
    else:
        with pytest.raises(RuntimeError, match="the clean stream does not decode"):
            encode(clip, codec)


@pytest.mark.parametrize("codec", ["x264", "svt-av1", "jpeg"])
@pytest.mark.parametrize("size", [(65, 81), (64, 81), (67, 80)])
def test_odd_sides_come_back_as_they_were(codec, size, clip):
    height, width = size
    frames = np.pad(clip[:2], ((0, 0), (0, height - 64), (0, width - 80), (0, 0)), mode="edge")
    stream = encode(frames, codec)
    assert decode(stream).frames.shape == frames.shape
    assert quality(frames, stream.clean) > 28


def test_a_missing_packet_freezes_until_the_next_intra_frame(clip):
    stream = encode(clip, "x264", gop=4)
    packets = list(stream.packets)
    packets[1] = None
    received = decode(stream, packets)
    assert received.decoded.tolist() == [True, False, False, False, True, True, True, True]
    assert all(np.array_equal(received.frames[index], stream.clean[0]) for index in range(4))
    assert np.array_equal(received.frames[4:], stream.clean[4:])


def test_before_the_first_frame_it_is_grey(clip):
    stream = encode(clip, "x265", gop=4)
    received = decode(stream, [None] * 8)
    assert (received.frames == GREY).all()
    assert luma(received.frames[:1])[0, 0, 0] == pytest.approx(128, abs=0.5)
    first_lost = decode(stream, [None, *stream.packets[1:]])
    assert first_lost.decoded.tolist() == [False] * 4 + [True] * 4


@pytest.mark.parametrize("codec", CODECS)
def test_damaged_packets_never_break_the_decoder(codec, clip):
    stream = encode(clip[:4], codec, gop=2)
    rng = np.random.default_rng(0)
    for share in (0.001, 0.01, 0.1, 0.5):
        packets = []
        for packet in stream.packets:
            data = np.frombuffer(packet, np.uint8).copy()
            hit = rng.random(len(data)) < share
            data[hit] = rng.integers(0, 256, hit.sum())
            packets.append(data[: rng.integers(1, len(data) + 1)].tobytes())
        received = decode(stream, packets)
        assert received.frames.shape == clip[:4].shape
    assert decode(stream).decoded.all()


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        ("codec: unknown 'bpg'", ("bpg",)),
        ("qp: is 1e.09 for x264; give an integer from 1 to 51", ("x264", 1e9)),
        ("qp: is nan", ("x264", float("nan"))),
        ("qp: is 0 for svt-av1", ("svt-av1", 0)),
        ("qp: is 28.5", ("x265", 28.5)),
        ("quality: is 101 for jpeg", ("jpeg", 101)),
        ("gop: is 0", ("x264", 28, 0)),
    ],
)
def test_wrong_settings_are_one_line(message, arguments, clip):
    with pytest.raises(InputError, match=message):
        encode(clip, *arguments)


@pytest.mark.parametrize(
    ("message", "shape"),
    [("there are none", (0, 64, 80, 3)), ("have shape", (4, 64, 80)), ("are 1 x 64 pixels", (1, 64, 1, 3))],
)
@pytest.mark.parametrize("codec", CODECS)
def test_wrong_frames_are_one_line(codec, message, shape):
    with pytest.raises(InputError, match=message):
        encode(np.zeros(shape, np.uint8), codec)


@pytest.mark.parametrize("codec", CODECS)
def test_the_smallest_frames_are_encoded(codec):
    side = CODECS[codec].min_side
    assert decode(encode(np.full((2, side, side, 3), 90, np.uint8), codec)).decoded.all()


def test_too_few_packets_are_one_line(clip):
    with pytest.raises(InputError, match="packets: are 1; give 2"):
        decode(encode(clip[:2], "jpeg"), [None])
