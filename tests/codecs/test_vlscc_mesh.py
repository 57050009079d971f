"""The codec of human meshes: interface, shipped quality, wrong input."""

import pytest
import torch

from semverse.envs.codecs.vlscc import load_codec
from semverse.envs.codecs.vlscc.air import awgn
from semverse.envs.codecs.vlscc.rate import pack, unpack
from semverse.envs.errors import InputError


@pytest.fixture(scope="module")
def codec():
    return load_codec("mesh_vlscc")


@pytest.fixture(scope="module")
def samples(codec):
    return codec.source.sample(400, torch.Generator().manual_seed(7))


@pytest.mark.parametrize(("snr_db", "millimetres"), [(-20, 175), (-10, 95), (0, 38), (10, 16)])
def test_shipped_quality_within_the_budget(codec, samples, snr_db, millimetres):
    generator = torch.Generator().manual_seed(1)
    passage = codec.send(samples[0], snr_db, rate=0.48, generator=generator)
    assert -codec.measure(samples[0], passage.received).mean() * 1000 < millimetres
    assert 1700 < codec.symbols(passage.level).float().mean() < 2050


def test_more_symbols_and_less_noise_are_better(codec, samples):
    def error(level, snr_db):
        return -codec.quality(samples[0], level, snr_db, torch.Generator().manual_seed(2)).mean()

    assert error(15, 0) < error(8, 0) < error(4, 0) < error(1, 0) < error(0, 0)
    assert error(8, 10) < error(8, 0) < error(8, -10) < error(8, -20)


def test_complex_samples_get_more_symbols(codec, samples):
    x, activity = samples
    _, level = codec.encode(x, 0.0, rate=0.48)
    means = [level[activity == i].mean().item() for i in range(len(codec.source.names))]
    assert means[0] < means[3] < means[5]  # idle, reach, acrobatics


def test_what_is_sent_has_unit_power_and_the_level_says_how_much(codec, samples):
    symbols, level = codec.encode(samples[0], 0.0)
    assert bool(((symbols != 0).sum(1) <= codec.symbols(level)).all())
    some = level > 0
    power = symbols.square().sum(1)[some] / codec.symbols(level)[some]
    torch.testing.assert_close(power, torch.ones_like(power), atol=1e-4, rtol=0)


def test_sending_vectors_of_several_lengths_is_the_same(codec, samples):
    x = samples[0][:3]
    symbols, level = codec.encode(x, 5.0, level=torch.tensor([1.0, 8.0, 15.0]))
    received = awgn(symbols, torch.full((3,), 5.0), torch.Generator().manual_seed(0))
    vectors = pack(received, codec.sent(level))
    assert [len(vector) for vector in vectors] == [267, 2134, 4000]
    again = codec.decode(unpack(vectors, codec.sent(level)), level, 5.0)
    torch.testing.assert_close(again, codec.decode(received, level, 5.0))


def test_same_seed_same_bits(codec, samples):
    found = [codec.quality(samples[0], None, 3.0, torch.Generator().manual_seed(5)) for _ in range(2)]
    assert torch.equal(*found)


def test_fading_costs_quality(codec, samples):
    still = codec.quality(samples[0], 8, 0.0, torch.Generator().manual_seed(0)).mean()
    faded = codec.quality(samples[0], 8, 0.0, torch.Generator().manual_seed(0), fading="rayleigh").mean()
    assert faded < still


def test_features_show_complexity(codec, samples):
    features = codec.features(samples[0])
    assert features.shape == (400, 7)
    torch.testing.assert_close(features[:, 1:].sum(1), torch.ones(400))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"level": 16}, "level"),
        ({"level": 2.5}, "level"),
        ({"level": torch.zeros(7)}, "level"),
        ({"rate": 0.0}, "rate"),
        ({"snr_db": 400.0}, "snr_db"),
        ({"snr_db": float("nan")}, "snr_db"),
        ({"source": torch.zeros(4, 84)}, "parameters"),
        ({"source": torch.full((4, 85), float("inf"))}, "parameters"),
    ],
    ids=str,
)
def test_wrong_input_is_one_line(codec, samples, change, named):
    with pytest.raises(InputError, match=named):
        codec.encode(**{"source": samples[0][:4], "snr_db": 0.0, **change})


def test_no_such_codec_names_those_that_ship():
    with pytest.raises(InputError, match="mesh_vlscc"):
        load_codec("mesh_nothing")
