"""MODNet's losses by hand, their gradients, and learning on toy mattes."""

import pytest

torch = pytest.importorskip("torch")

from semverse.envs.cee.matting.losses import (  # noqa: E402
    Composite,
    Prediction,
    boundary,
    detail_loss,
    fusion_loss,
    modnet_loss,
    semantic_loss,
    thumbnail,
)
from semverse.envs.cee.matting.modnet import ModNet, toy_composites, train_step  # noqa: E402


def half_and_half() -> "torch.Tensor":
    """Return a matte [1, 1, 64, 64]: the person is the right half."""
    alpha = torch.zeros(1, 1, 64, 64)
    alpha[..., 32:] = 1.0
    return alpha


def test_thumbnail_by_hand() -> None:
    small = thumbnail(half_and_half())
    assert small.shape == (1, 1, 4, 4)
    assert torch.allclose(small[0, 0, 0], torch.tensor([0.0, 1 / 3, 2 / 3, 1.0]))


def test_boundary_by_hand() -> None:
    mask = boundary(half_and_half(), radius=2)
    assert mask[0, 0, 7].nonzero().ravel().tolist() == [30, 31, 32, 33]


def test_losses_by_hand() -> None:
    alpha = half_and_half()
    assert float(semantic_loss(thumbnail(alpha) + 0.1, alpha)) == pytest.approx(0.005)
    elsewhere = torch.where(boundary(alpha, 2) > 0, alpha + 0.25, torch.full_like(alpha, 9.0))
    assert float(detail_loss(elsewhere, alpha, 2)) == pytest.approx(0.25)
    front, behind = torch.full((1, 3, 64, 64), 0.9), torch.full((1, 3, 64, 64), 0.4)
    truth = Composite(alpha * front + (1 - alpha) * behind, alpha, front, behind)
    assert float(fusion_loss(alpha + 0.2, truth)) == pytest.approx(0.2 + 0.2 * 0.5)


def test_all_is_well_when_all_is_right() -> None:
    truth = toy_composites(2, 64, seed=1)
    right = Prediction(thumbnail(truth.alpha), truth.alpha, truth.alpha)
    assert float(modnet_loss(right, truth)) == pytest.approx(0.0, abs=1e-7)
    assert torch.equal(toy_composites(2, 64, seed=1).image, truth.image)


def test_gradients() -> None:
    alpha = toy_composites(1, 16, seed=2)
    truth = Composite(*(part.double() for part in vars(alpha).values()))
    generator = torch.Generator().manual_seed(0)
    shapes = [(1, 1, 1, 1), (1, 1, 16, 16), (1, 1, 16, 16)]
    parts = [torch.rand(s, generator=generator, dtype=torch.float64, requires_grad=True) for s in shapes]
    assert torch.autograd.gradcheck(
        lambda *p: modnet_loss(Prediction(*p), truth, radius=2), parts, fast_mode=True
    )


def test_every_branch_learns_from_the_loss() -> None:
    torch.manual_seed(0)
    network = ModNet(4)
    truth = toy_composites(1, 32, seed=0)
    modnet_loss(network(truth.image), truth).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_learns_toy_mattes() -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network, unseen = ModNet(8), toy_composites(8, 48, seed=10**6)
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    for step in range(80):
        train_step(network, optimiser, toy_composites(4, 48, seed=step))
    with torch.inference_mode():
        error = (network(unseen.image).matte - unseen.alpha).abs().mean()
    torch.set_num_threads(threads)
    assert float(error) < 0.06  # a matte of one half everywhere has 0.5
