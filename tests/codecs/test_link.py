"""The coded link: clean links decode, noise breaks them, the same seed gives the same bits."""

import numpy as np
import pytest

pytest.importorskip("sionna")

from semverse.envs.channels.modulation import BITS_PER_SYMBOL
from semverse.envs.codecs.link import CodedLink
from semverse.envs.errors import InputError


def random_bits(rng: np.random.Generator, blocks: int, k: int) -> np.ndarray:
    return rng.integers(0, 2, (blocks, k), dtype=np.uint8)


@pytest.mark.parametrize("modulation", BITS_PER_SYMBOL)
@pytest.mark.parametrize("code_rate", [0.12, 0.3, 0.75, 948 / 1024])
def test_a_clean_link_decodes_exactly(modulation, code_rate):
    rng = np.random.default_rng(0)
    link = CodedLink(modulation, code_rate, 200)
    assert link.n == link.symbols * BITS_PER_SYMBOL[modulation]
    assert code_rate * (1 - 8 * code_rate / 200) <= link.code_rate <= code_rate
    bits = random_bits(rng, 8, 200)
    received = link.transmit(bits, 60.0, rng=rng)
    assert np.array_equal(received.bits, bits)
    assert not received.errors.any()


def test_noise_breaks_it_and_the_gain_counts_as_much_as_the_noise():
    rng = np.random.default_rng(1)
    link = CodedLink("qpsk", 0.5, 256)
    bits = random_bits(rng, 64, 256)
    esno_db = np.repeat([-3.0, 6.0], 32)
    received = link.transmit(bits, esno_db, rng=rng)
    assert received.errors[:32].all()
    assert not received.errors[32:].any()
    assert np.array_equal(received.errors, (received.bits != bits).any(axis=1))
    weak = link.transmit(bits, 6.0, rng=rng, gain=10 ** (-9 / 20))
    assert weak.errors.all()
    assert link.transmit(bits, 6.0, rng=rng, gain=0.0).errors.all()
    per_symbol = link.transmit(bits, 6.0, rng=rng, gain=np.full((64, link.symbols), 1.0))
    assert not per_symbol.errors.any()


def test_bpsk_and_qpsk_are_3_db_apart():
    """Both have the same energy a bit: the same noise gives the same LLRs."""
    rng = np.random.default_rng(2)
    bits = random_bits(rng, 300, 128)
    lost = [
        CodedLink(modulation, 0.5, 128).transmit(bits, esno_db, rng=rng).errors.mean()
        for modulation, esno_db in (("bpsk", -1.5), ("qpsk", -1.5 + 10 * np.log10(2)))
    ]
    assert 0.15 < lost[0] < 0.6
    assert abs(lost[0] - lost[1]) < 4 * np.sqrt(2 * 0.25 / 300)


def test_the_same_seed_gives_the_same_bits():
    link = CodedLink("16qam", 0.5, 100)
    bits = random_bits(np.random.default_rng(3), 20, 100)
    first, again, other = (link.transmit(bits, 5.0, rng=np.random.default_rng(s)) for s in (4, 4, 5))
    assert np.array_equal(first.bits, again.bits)
    assert not np.array_equal(first.bits, other.bits)


@pytest.mark.parametrize(
    ("key", "scheme"),
    [
        ("modulation", ("8psk", 0.5, 100)),
        ("code_rate", ("qpsk", 0.0, 100)),
        ("code_rate", ("qpsk", 0.95, 100)),
        ("code_rate", ("qpsk", float("nan"), 100)),
        ("k", ("qpsk", 0.5, 11)),
        ("k", ("qpsk", 0.5, 8449)),
    ],
)
def test_no_such_scheme(key, scheme):
    with pytest.raises(InputError, match=f"^{key}: "):
        CodedLink(*scheme)


@pytest.mark.parametrize(
    ("key", "bits", "given"),
    [
        ("bits", np.zeros((2, 99)), {}),
        ("bits", np.zeros(100), {}),
        ("bits", np.full((2, 100), 2), {}),
        ("esno_db", np.zeros((2, 100)), {"esno_db": np.zeros(3)}),
        ("esno_db", np.zeros((2, 100)), {"esno_db": np.nan}),
        ("gain", np.zeros((2, 100)), {"gain": np.ones((2, 3))}),
    ],
)
def test_wrong_input_is_one_line(key, bits, given):
    link = CodedLink("qpsk", 0.5, 100)
    with pytest.raises(InputError, match=f"^{key}: ") as caught:
        link.transmit(bits, **{"esno_db": 3.0, "rng": np.random.default_rng(0)} | given)
    assert "\n" not in str(caught.value)
