"""The decoder and the demapper against Sionna's own."""

import pytest

pytest.importorskip("sionna")

import torch
from sionna.phy.fec.ldpc import LDPC5GDecoder, LDPC5GEncoder
from sionna.phy.mapping import Demapper, Mapper

from semverse.envs.channels.modulation import BITS_PER_SYMBOL
from semverse.envs.codecs.belief_propagation import LARGEST_LLR, SumProductDecoder
from semverse.envs.codecs.demapper import Dimensions


# around a block error rate of one half, where every iteration counts
@pytest.mark.parametrize(
    ("k", "n", "esno_db"), [(100, 480, -4.2), (256, 512, 1.0), (300, 420, 4.1), (1000, 1090, 6.9)]
)
def test_decisions_of_sionna(k, n, esno_db):
    generator = torch.Generator().manual_seed(0)
    encoder = LDPC5GEncoder(k, n, device="cpu")
    bits = torch.randint(0, 2, (100, k), generator=generator).float()
    variance = 10 ** (-esno_db / 10) / 2
    received = (2 * encoder(bits) - 1) * 0.5**0.5 + variance**0.5 * torch.randn(100, n, generator=generator)
    logits = received * (2 * 0.5**0.5 / variance)
    ours = SumProductDecoder(encoder, 20).decode(logits)
    theirs = LDPC5GDecoder(encoder, num_iter=20, device="cpu")(logits)
    wrong = (theirs != bits).any(dim=1)
    assert 10 < wrong.sum() < 90
    assert torch.equal((ours != bits).any(dim=1), wrong)
    assert torch.equal(ours[~wrong].float(), bits[~wrong])


@pytest.mark.parametrize("modulation", BITS_PER_SYMBOL)
def test_symbols_and_log_likelihood_ratios_of_sionna(modulation):
    generator = torch.Generator().manual_seed(0)
    order = BITS_PER_SYMBOL[modulation]
    kind = ("pam" if order == 1 else "qam", order)
    bits = torch.randint(0, 2, (3, 400 * order), generator=generator).float()
    dimensions = Dimensions(modulation)
    sent = dimensions.map(bits)
    assert torch.allclose(as_complex(sent), Mapper(*kind, device="cpu")(bits), atol=1e-6)
    variance = torch.tensor([0.02, 0.1, 1.0])[:, None].expand(3, 400)
    noise = torch.randn(sent.shape, generator=generator)
    received = sent + noise * (variance[..., None] / 2).sqrt()
    theirs = Demapper("app", *kind, device="cpu")(as_complex(received), variance)
    ours = dimensions.demap(received, variance)
    clipped = [logits.clamp(-LARGEST_LLR, LARGEST_LLR) for logits in (ours, theirs)]  # all that counts
    assert (clipped[0] - clipped[1]).abs().max() < 1e-4


def as_complex(parts: torch.Tensor) -> torch.Tensor:
    imaginary = parts[..., 1] if parts.shape[-1] == 2 else torch.zeros_like(parts[..., 0])
    return torch.complex(parts[..., 0].contiguous(), imaginary.contiguous())
