"""Picture metrics against numbers worked out by hand and against the published ST-LPIPS network."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semverse.envs.codecs import metrics
from semverse.envs.errors import InputError

torch = pytest.importorskip("torch")
pytest.importorskip("pytorch_msssim")
pytest.importorskip("stlpips_pytorch")


def gradient(height: int, width: int) -> np.ndarray:
    """One smooth colour picture [1, H, W, 3]."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 4, y * 5, (x + y) * 2], -1).astype(np.uint8)[None]


def noisy(pictures: np.ndarray, amplitude: int) -> np.ndarray:
    noise = np.random.default_rng(0).integers(-amplitude, amplitude + 1, pictures.shape)
    return np.clip(pictures.astype(int) + noise, 0, 255).astype(np.uint8)


@given(st.integers(1, 255), st.integers(1, 4))
def test_psnr_of_a_constant_error(error, count):
    black = np.zeros((count, 4, 6, 3), np.uint8)
    np.testing.assert_allclose(metrics.psnr_db(black, black + np.uint8(error)), 20 * np.log10(255 / error))


def test_psnr_is_one_value_a_picture_and_finite():
    reference = np.zeros((2, 4, 4), np.float64)
    received = reference.copy()
    received[1, 0, 0] = 0.5  # mse 0.25 / 16 at peak 1
    np.testing.assert_allclose(metrics.psnr_db(reference, received, peak=1.0), [100, 10 * np.log10(64)])


def test_luma_of_black_white_and_primaries():
    colours = np.array([[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]], np.uint8)
    np.testing.assert_allclose(metrics.luma(colours[None, None])[0, 0], [16, 235, 81.481, 144.553, 40.966])


@pytest.mark.parametrize(
    ("size", "window"), [((144, 176), 7), ((97, 97), 7), ((161, 200), 11), ((512, 768), 11)]
)
def test_ms_ssim_window(size, window):
    assert metrics.ms_ssim_window(*size) == window


def test_ms_ssim_falls_with_noise():
    picture = gradient(144, 176)
    values = [metrics.ms_ssim(picture, noisy(picture, amplitude))[0] for amplitude in (0, 10, 40)]
    assert values[0] == pytest.approx(1, abs=1e-6)
    assert values[0] > values[1] > values[2] > 0


def test_st_lpips_equals_the_published_network():
    # 0.3883442282676697 is what the package's own LPIPS(net="alex", variant="shift_tolerant") gives for these
    picture = gradient(48, 64)
    assert metrics.lpips(picture, noisy(picture, 30))[0] == pytest.approx(0.3883442282676697, rel=1e-5)
    assert metrics.lpips(picture, picture)[0] == 0


def test_st_lpips_gradient_is_the_slope():
    from semverse.envs.codecs.st_lpips import StLpips, st_lpips

    network = StLpips().double()
    network.load_state_dict(st_lpips().state_dict())
    generator = torch.Generator().manual_seed(0)
    reference, received, direction = (
        torch.rand(1, 3, 32, 32, generator=generator, dtype=torch.float64) for _ in range(3)
    )
    received.requires_grad_(True)
    network(reference, received).sum().backward()
    with torch.no_grad():
        ends = [network(reference, received + step * direction).sum() for step in (-1e-6, 1e-6)]
    slope = (received.grad * direction).sum()
    assert float(slope) == pytest.approx(float(ends[1] - ends[0]) / 2e-6, rel=1e-4)
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_identical_flat_pictures_have_a_finite_gradient():
    from semverse.envs.codecs.st_lpips import st_lpips

    flat = torch.zeros(1, 3, 32, 32, requires_grad=True)
    st_lpips()(torch.zeros(1, 3, 32, 32), flat).sum().backward()
    assert torch.isfinite(flat.grad).all()


@pytest.mark.parametrize("metric", [metrics.psnr_db, metrics.ms_ssim, metrics.lpips])
def test_unequal_shapes_are_one_line(metric):
    with pytest.raises(InputError, match="equal number and size"):
        metric(gradient(144, 176), gradient(144, 178))


@pytest.mark.parametrize(("metric", "side"), [(metrics.ms_ssim, 96), (metrics.lpips, 31)])
def test_too_small_pictures_are_one_line(metric, side):
    with pytest.raises(InputError, match=f"too small; use sides >= {side + 1} pixels"):
        metric(gradient(side, side), gradient(side, side))


def test_missing_weights_name_the_remedy(monkeypatch):
    from semverse.envs.codecs.st_lpips import st_lpips

    st_lpips.cache_clear()
    monkeypatch.setitem(sys.modules, "stlpips_pytorch", None)
    with pytest.raises(InputError, match=r"stlpips_pytorch; pip install 'semverse\[codecs\]'"):
        metrics.lpips(gradient(48, 48), gradient(48, 48))
