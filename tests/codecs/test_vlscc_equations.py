"""Equations of paper 002, sections III and IV, against numbers worked out by hand."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import tensor

from semverse.envs.codecs.vlscc.air import awgn, normalise, rayleigh_snr_db
from semverse.envs.codecs.vlscc.loss import (
    adversarial_loss,
    discriminator_loss,
    image_loss,
    joint_errors,
    mesh_loss,
    rate_distortion,
    squared_error,
)
from semverse.envs.codecs.vlscc.rate import (
    entropy_bits,
    mask,
    mask_slope,
    pack,
    quantise,
    side_information_bpp,
    symbols_of,
    unpack,
)


def same(found, expected, tolerance=1e-6):
    torch.testing.assert_close(found, tensor(expected), atol=tolerance, rtol=0, check_dtype=False)


def test_quantiser_eq_1():
    # L = 4: levels at 0, 1/3, 2/3, 1; they change at 1/6, 1/2 and 5/6
    rates = tensor([0.0, 0.16, 0.17, 0.49, 0.5, 0.51, 0.83, 0.84, 1.0])
    same(quantise(rates, 4), [0.0, 0, 1, 1, 2, 2, 2, 3, 3])


def test_straight_through_gradient_eq_2():
    rates = tensor([0.1, 0.5, 0.9], requires_grad=True)
    (quantise(rates, 16) * tensor([1.0, 2.0, -1.0])).sum().backward()
    same(rates.grad, [15.0, 30.0, -15.0])


def test_mask_eqs_3_and_4():
    # N = 6, L = 4: symbol i is sent iff i < 2 q
    same(
        mask(tensor([0.0, 1, 2, 3]), 6, 4),
        [[0.0] * 6, [1.0] * 2 + [0.0] * 4, [1.0] * 4 + [0.0] * 2, [1.0] * 6],
    )
    # N = 5, L = 4: i < 5 q / 3 = 0, 1.67, 3.33, 5
    same(mask(tensor([0.0, 1, 2, 3]), 5, 4).sum(1), [0.0, 2, 4, 5])


def test_interval_gradient_eq_5():
    # N = 6, L = 4, q = 1: ceil(i / 2) = 0, 1, 1, 2, 2, 3, and c - 2 < 1 <= c + 1 holds for c = 0, 1, 2
    same(mask_slope(tensor(1.0), 6, 4) * 3, [1.0, 1, 1, 1, 1, 0])
    # q = 3: c = 2, 3; 3 <= c + 1 fails for c = 0 and 1
    same(mask_slope(tensor(3.0), 6, 4) * 3, [0.0, 0, 0, 1, 1, 1])
    level = tensor([1.0], requires_grad=True)
    (mask(level, 6, 4) * tensor([1.0, 2, 4, 8, 16, 32])).sum().backward()
    same(level.grad, [31 / 3])


def test_gradient_reaches_the_rate():
    rate = tensor([0.4], requires_grad=True)
    mask(quantise(rate, 4), 6, 4).sum().backward()
    same(rate.grad, [5 / 3 * 3])  # five symbols near, a third each, times L - 1


@given(st.integers(1, 300), st.integers(2, 40), st.data())
def test_symbols_are_the_ones_of_the_mask(length, levels, data):
    level = tensor([float(data.draw(st.integers(0, levels - 1)))])
    sent = mask(level, length, levels)
    assert symbols_of(level, length, levels).item() == sent.sum().item()
    assert bool((sent.diff() <= 0).all())  # all ones before all zeros


def test_rate_distortion_eq_6():
    # ((1 + 0.5 * 0.2) + (3 + 0.5 * 0.4)) / 2
    same(rate_distortion(tensor([1.0, 3.0]), tensor([0.2, 0.4]), 0.5), 2.15)


def test_mesh_loss_eq_7():
    # fidelity 1, adversarial (0.8 - 1)^2 = 0.04 with lambda 10, rate 0.5 with gamma 2
    adversarial = adversarial_loss(tensor([0.8]))
    same(mesh_loss(tensor([1.0]), adversarial, tensor([0.5]), 10.0, tensor([2.0])), 2.4)
    # (0.9 - 1)^2 + 0.2^2
    same(discriminator_loss(tensor([0.9]), tensor([0.2])), 0.05)


def test_image_loss_eq_8():
    squared = squared_error(tensor([[0.0, 0.5]]), tensor([[0.1, 0.5]]))
    same(squared, [0.005])
    same(image_loss(squared, tensor([0.3]), tensor([0.25]), 0.1, tensor([0.04])), 0.045)


def test_joint_errors_are_distances():
    true, estimated = torch.zeros(1, 2, 3), tensor([[[3.0, 4.0, 0.0], [0.0, 0.0, 1.0]]])
    same(joint_errors(true, estimated), [3.0], 1e-5)


def test_side_information_of_the_paper():
    assert side_information_bpp(16, 16) == pytest.approx(0.0156, abs=5e-5)


def test_entropy():
    assert entropy_bits(tensor([0.0, 0, 3, 3]), 4) == pytest.approx(1)
    assert entropy_bits(tensor([0.0, 0, 0, 3]), 4) == pytest.approx(2 - 0.75 * math.log2(3))


def test_power_is_that_of_what_is_sent():
    sent = tensor([[1.0, 1.0, 0.0, 0.0], [0.0] * 4])
    found = normalise(tensor([[3.0, 4.0, 100.0, 0.0], [1.0] * 4]), sent)
    scale = math.sqrt(12.5)
    same(found, [[3 / scale, 4 / scale, 0.0, 0.0], [0.0] * 4])


def test_noise_has_the_power_of_the_snr():
    generator = torch.Generator().manual_seed(1)
    clean = torch.ones(2, 200_000)
    noise = awgn(clean, tensor([10.0, -10.0]), generator) - clean
    same(noise.square().mean(1), [0.1, 10.0], 0.1)
    assert noise[0].square().mean() == pytest.approx(0.1, rel=0.02)


def test_rayleigh_power_is_exponential():
    found = rayleigh_snr_db(torch.full((100_000,), 7.0), torch.Generator().manual_seed(1))
    power = 10 ** ((found - 7.0) / 10)
    assert power.mean() == pytest.approx(1, rel=0.02)
    assert (power < 0.1).float().mean() == pytest.approx(1 - math.exp(-0.1), rel=0.05)


def test_packing_and_zero_padding():
    sent = tensor([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    symbols = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    vectors = pack(symbols, sent)
    assert [len(vector) for vector in vectors] == [2, 1]
    same(unpack(vectors, sent), [[1.0, 2.0, 0.0], [4.0, 0.0, 0.0]])
