"""The chain: what fits is exact, what does not is held or grey, and figures follow from what was sent."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("av")
pytest.importorskip("sionna")

from semverse.envs.codecs.blocks import packets_hit
from semverse.envs.codecs.chain import send
from semverse.envs.codecs.classical import encode
from semverse.envs.codecs.link import CodedLink
from semverse.envs.errors import InputError


@pytest.fixture(scope="module")
def link():
    return CodedLink("bpsk", 0.5, 256)


@pytest.fixture(scope="module")
def stream(clip):
    return encode(clip, "x264", 40, gop=4)


def test_packets_hit_by_hand():
    failed = np.array([False, True, False])
    # bits 0-9, 10-19, 20-23 in blocks of 8: packets lie in blocks 0-1, 1-2, 2
    assert packets_hit(failed, np.array([10, 10, 4]), 8).tolist() == [True, True, False]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=8), st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_packets_hit_is_what_bits_say(lengths, k, seed):
    bits = np.array(lengths)
    failed = np.random.default_rng(seed).random(-(-bits.sum() // k)) < 0.4
    wrong = np.repeat(failed, k)[: bits.sum()]
    expected = [part.any() for part in np.split(wrong, np.cumsum(bits)[:-1])]
    assert packets_hit(failed, bits, k).tolist() == expected


@pytest.mark.parametrize("channel", ["awgn", "rayleigh"])
@pytest.mark.parametrize("damaged", ["drop", "decode"])
def test_a_clean_channel_gives_the_clean_clip(channel, damaged, stream, link):
    told = []
    sent = send(
        stream, link, 60, channel, np.random.default_rng(0), damaged, lambda *counts: told.append(counts)
    )
    assert sent.received.decoded.all()
    assert np.array_equal(sent.received.frames, stream.clean)
    assert sent.blocks == -(-stream.bits.sum() // 256)
    assert (sent.blocks_lost, sent.symbols) == (0, sent.blocks * 512)
    assert told[-1] == (sent.blocks, sent.blocks)


@pytest.mark.parametrize("damaged", ["drop", "decode"])
def test_noise_alone_shows_grey(damaged, stream, link):
    sent = send(stream, link, -10, "awgn", np.random.default_rng(0), damaged)
    assert sent.blocks_lost == sent.blocks
    if damaged == "drop":
        assert not sent.received.decoded.any()
        assert len(np.unique(sent.received.frames)) == 1


def test_fading_loses_what_fades_and_the_rest_is_exact(stream, link):
    sent = send(stream, link, 12, "rayleigh", np.random.default_rng(3))
    kept = sent.received.decoded
    assert 0 < sent.blocks_lost < sent.blocks
    assert 0 < kept.sum() < len(kept)
    assert np.array_equal(sent.received.frames[kept], stream.clean[kept])


def test_the_same_seed_is_the_same_reception(stream, link):
    first, again = (
        send(stream, link, -1.2, "rayleigh", np.random.default_rng(5), "decode") for _ in range(2)
    )
    assert np.array_equal(first.received.frames, again.received.frames)
    assert first.blocks_lost == again.blocks_lost > 0


@pytest.mark.parametrize("snr", [float("nan"), float("inf"), 1e9, -51])
def test_absurd_snr_is_one_line(snr, stream, link):
    with pytest.raises(InputError, match=r"^snr: is .* dB; give -50 to 100 dB$"):
        send(stream, link, snr, "awgn", np.random.default_rng(0))


def test_unknown_choices_are_one_line(stream, link):
    with pytest.raises(InputError, match=r"^channel: unknown 'rician'"):
        send(stream, link, 0, "rician", np.random.default_rng(0))
    with pytest.raises(InputError, match=r"^damaged: is 'keep'"):
        send(stream, link, 0, "awgn", np.random.default_rng(0), "keep")
