"""The parts of the video codec: common features, entropy model, dropping, and a clip that is sent."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import tensor

from semverse.envs.codecs.vst.codec import VideoCodec
from semverse.envs.codecs.vst.config import VideoConfig
from semverse.envs.codecs.vst.dropping import estimate, modulate, power
from semverse.envs.codecs.vst.entropy import BIN, EntropyModel, information_bits, side_bits
from semverse.envs.codecs.vst.features import CommonFeatures, temporal_transform
from semverse.envs.codecs.vst.sending import send
from semverse.envs.config import parse
from semverse.envs.errors import InputError

SMALL = {
    "kind": "video",
    "frames": 4,
    "side": 8,
    "channels": 96,
    "width": 4,
    "levels": 12,
    "common_level": 8,
    "rates": [0.05, 0.2],
    "rate": 0.1,
}


@pytest.fixture(scope="module")
def codec(clip) -> VideoCodec:
    """An untrained codec that has seen the clip."""
    made = VideoCodec(parse(VideoConfig, SMALL))
    made.begin(torch.tensor(clip).permute(0, 3, 1, 2).unflatten(0, (2, 4)) / 255)
    return made.eval()


def test_the_temporal_transform_by_hand():
    half = 0.5**0.5
    torch.testing.assert_close(temporal_transform(2), tensor([[half, half], [half, -half]]))
    rows = temporal_transform(8)
    torch.testing.assert_close(rows @ rows.T, torch.eye(8), atol=1e-6, rtol=0)


def test_common_and_individual_features_by_hand():
    split = CommonFeatures(2, 1)
    maps = split.split(tensor([3.0, 5.0]).reshape(1, 2, 1, 1, 1)).flatten()
    # common 4, scaled by sqrt(2); individual -1 and 1: nothing constant, (-1 - 1) / sqrt(2)
    torch.testing.assert_close(maps, tensor([4 * 2**0.5, 0.0, -(2**0.5)]))
    with torch.no_grad():
        split.weights.copy_(tensor([[0.9], [0.3]]))
    features = torch.randn(3, 2, 1, 4, 5)
    torch.testing.assert_close(split.join(split.split(features)), features)
    # an error of 1 in the common map is shared by two frames
    found = split.join_errors(tensor([1.0, 0.0, 0.0]).reshape(1, 3, 1, 1, 1)).flatten()
    torch.testing.assert_close(found, tensor([0.5, 0.5]))


def test_levels_double_and_give_their_deviation():
    model = EntropyModel(2, 65, 4, 1)
    amplitude = tensor([0.5, 1.0, 2.0, 100.0])
    maps = amplitude.repeat(1, 3, 65, 1, 1)  # [1, 3, 65, 1, 4]
    level = model.measure(maps)
    assert level[0, 0, 0].tolist() == level[0, 1, 0].tolist() == [0, 1, 2, 3]
    with torch.no_grad():
        model.log_deviation[2, 3, 7] = 5.0
    found = model.deviation(level).detach().log()
    assert found[0, 2, 7, 0, 3] == pytest.approx(5.0)
    assert found.sum() == pytest.approx(5.0)


def test_information_by_hand():
    # at its deviation, where bins are narrow: log2(s sqrt(2 pi e) / bin) for the mean square s^2
    deviation = tensor(100 * BIN)
    expected = np.log2(100 * np.sqrt(2 * np.pi * np.e))
    assert float(information_bits(deviation, deviation)) == pytest.approx(expected, abs=1e-3)


def test_side_information_by_hand():
    # 4 equal levels of 0: estimated 1/3 (of 3 differences), then 3/5, 5/7, 7/9 (Krichevsky-Trofimov)
    expected = -np.log2((0.5 / 1.5) * (1.5 / 2.5) * (2.5 / 3.5) * (3.5 / 4.5))
    assert side_bits(torch.zeros(1, 2, 2), 2) == pytest.approx(expected)
    ramp = torch.arange(6.0).repeat(1, 4, 1)
    assert side_bits(ramp, 12) < side_bits(ramp[..., torch.randperm(6)], 12) + 1e-9


def test_power_by_hand():
    # one dropped; c (4 + 1) - 2 = 2 symbols of power: c = 0.8, 0.8 * 4 - 1 and 0.8 * 1 - 1 < 0: one remains
    found = power(tensor([[1.0, 4.0, 0.5]]), tensor([2]), tensor([1.0]))
    torch.testing.assert_close(found, tensor([[0.0, 2.0, 0.0]]))
    found = power(tensor([[1.0, 4.0, 0.5]]), tensor([2]), tensor([0.1]))
    torch.testing.assert_close(found, tensor([[0.44 - 0.1, 1.76 - 0.1, 0.0]]))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0.01, 100), min_size=1, max_size=5),
    st.integers(1, 5),
    st.floats(0.01, 100),
    st.randoms(use_true_random=False),
)
def test_no_other_power_has_less_error(deviations, budget, noise, random):
    """The expected error sum s^2 n / (p + n) is the least among powers with this sum and support."""
    s, budget = np.array(deviations), min(budget, len(deviations))
    best = power(tensor([deviations]).float(), tensor([budget]), tensor([noise]).float())[0].double().numpy()
    assert best.sum() == pytest.approx(budget, rel=1e-4)
    assert (best > 0).sum() <= budget

    def error(p):
        return (s**2 * noise / (p + noise)).sum()

    for support in itertools.combinations(range(len(s)), budget):
        other = np.zeros(len(s))
        other[list(support)] = [random.random() + 1e-9 for _ in support]
        assert error(best) <= error(other * budget / other.sum()) * (1 + 1e-5)


def test_estimates_by_hand():
    # variance 4, gain 1/2, noise 1: power 1 arrives, half of it is believed
    value, error = estimate(tensor([[3.0]]), tensor([[0.5]]), tensor([[2.0]]), tensor([[1.0]]))
    assert (float(value), float(error)) == (3.0, 2.0)
    value, error = estimate(tensor([[3.0]]), tensor([[0.0]]), tensor([[2.0]]), tensor([[1.0]]))
    assert (float(value), float(error)) == (0.0, 4.0)


def test_symbols_have_unit_power_over_the_budget():
    generator = torch.Generator().manual_seed(0)
    deviation = torch.rand((2, 50), generator=generator) + 0.1
    budget = tensor([10, 50])
    sent = modulate(
        deviation * torch.randn((2, 50), generator=generator), deviation, budget, tensor([0.1, 1])
    )
    torch.testing.assert_close(sent.symbols.square().sum(1), budget.float())
    assert ((sent.gain > 0).sum(1) <= budget).all()
    kept = sent.gain[0] > 0
    assert deviation[0][kept].min() > deviation[0][~kept].max()  # those of least entropy are dropped


def test_more_symbols_and_a_better_channel_help(codec, clip):
    def error(snr_db, **options):
        return float(np.square(send(clip, snr_db, codec=codec, **options).frames - clip.astype(float)).mean())

    assert error(20) < error(5) < error(-5)
    assert error(10, rate=0.3) < error(10, rate=0.1) < error(10, rate=0.03)
    assert error(60, rate=1.0) < 20
    assert error(10) < error(10, channel="rayleigh")


def test_the_budget_holds_the_side_information(codec, clip):
    found = send(clip, 5.0, codec=codec)
    assert 0 < found.side_symbols < found.symbols <= 0.1 * clip.size / 3 + 2
    assert found.symbols >= 0.1 * clip.size / 3 - 2


def test_sending_is_the_seed_s(codec, clip):
    first, again, other = (send(clip, 0.0, "rayleigh", seed, codec=codec).frames for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize("shape", [(1, 64, 80), (5, 33, 47), (3, 1, 1), (4, 8, 8)])
def test_any_size_and_number_of_frames(codec, clip, shape):
    count, height, width = shape
    found = send(np.ascontiguousarray(clip[:count, :height, :width]), 10.0, codec=codec)
    assert found.frames.shape == (*shape, 3)
    assert found.frames.dtype == np.uint8
    assert found.symbols > found.side_symbols > 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"snr_db": float("nan")}, "snr: is nan dB"),
        ({"snr_db": 1e9}, "snr: is 1e+09 dB"),
        ({"channel": "moon"}, "channel: unknown 'moon'"),
        ({"rate": 0.0}, "rate: is 0;"),
        ({"rate": float("nan")}, "rate: is nan"),
        ({"codec": "nothing"}, "nothing: is no codec"),
        ({"codec": "image_deepjscc"}, "image_deepjscc: is no video codec"),
    ],
)
def test_wrong_settings_are_one_line(codec, clip, change, message):
    with pytest.raises(InputError) as caught:
        send(clip, **{"snr_db": 0.0, "codec": codec, **change})
    assert message in str(caught.value)


@pytest.mark.parametrize("shape", [(0, 8, 8, 3), (8, 8, 3), (2, 8, 8, 4), (2, 0, 8, 3)])
def test_wrong_clips_are_one_line(codec, shape):
    with pytest.raises(InputError, match="frames"):
        send(np.zeros(shape, np.uint8), 0.0, codec=codec)
    with pytest.raises(InputError, match="float64"):
        send(np.zeros((2, 8, 8, 3)), 0.0, codec=codec)
