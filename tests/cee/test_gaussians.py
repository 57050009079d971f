"""Dynamic Gaussians: equations by hand, gradients by differences, a scene that is recovered."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from semverse.envs.cee.gaussians.fitting import FitConfig, fit, track, view_of
from semverse.envs.cee.gaussians.metrics import Scores, average_jaccard, correct_share, end_point_error, score
from semverse.envs.cee.gaussians.model import DynamicGaussians, Gaussians, orthonormal
from semverse.envs.cee.gaussians.rendering import View, follow, render, shares, splat
from semverse.envs.cee.gaussians.start import align, start
from semverse.envs.cee.gaussians.synthetic import make_scene
from semverse.envs.config import load_config, shipped

CONFIG = load_config(FitConfig, shipped("cee", "gaussians.yaml"))


def _view(focal: float = 10.0, middle: float = 5.0) -> View:
    intrinsics = torch.tensor([[focal, 0, middle], [0, focal, middle], [0, 0, 1.0]], dtype=torch.float64)
    return View(intrinsics, torch.eye(4, dtype=torch.float64)[:3])


def _gaussians(places: list[list[float]], opacity: list[float], colours: list[list[float]]) -> Gaussians:
    double = torch.float64
    covariance = 0.04 * torch.eye(3, dtype=double).repeat(len(places), 1, 1)
    return Gaussians(
        *(torch.tensor(places, dtype=double), covariance),
        *(torch.tensor(opacity, dtype=double), torch.tensor(colours, dtype=double)),
    )


def test_projection_by_hand() -> None:
    """Eq. 7: at depth 2 a ball of 0.2 m spans 10 / 2 x 0.2 = 1 pixel across."""
    centre, covariance, depth = splat(_gaussians([[0.4, -0.2, 2.0]], [1.0], [[1, 0, 0]]), _view())
    assert centre[0].tolist() == pytest.approx([7.0, 4.0])
    assert depth.tolist() == pytest.approx([2.0])
    # across the axis the Jacobian is (f/z, 0, -f x / z^2) = (5, 0, -1): 0.04 (25 + 1), and the blur of 0.15
    assert covariance[0, 0, 0].item() == pytest.approx(0.04 * 26 + 0.15)
    assert covariance[0, 0, 1].item() == pytest.approx(0.04 * (-1) * 0.5)


def test_compositing_by_hand() -> None:
    """Eq. 8: what is in front hides by its alpha, whatever the order in memory."""
    scene = _gaussians([[0, 0, 4.0], [0, 0, 2.0]], [0.5, 0.6], [[0, 1, 0], [1, 0, 0]])
    colour, depth = render(scene, _view(), torch.tensor([[5.0, 5.0]], dtype=torch.float64))
    assert colour[0].tolist() == pytest.approx([0.6, 0.4 * 0.5, 0.0])
    assert depth.item() == pytest.approx(0.6 * 2 + 0.2 * 4)


def test_what_is_behind_the_camera_is_not_seen() -> None:
    """Depth must be positive."""
    scene = _gaussians([[0, 0, -2.0]], [0.9], [[1, 1, 1]])
    assert shares(scene, _view(), torch.tensor([[5.0, 5.0]], dtype=torch.float64)).item() == 0.0


def _moving(bases: int = 2) -> DynamicGaussians:
    generator = torch.Generator().manual_seed(0)
    columns = torch.randn(bases, 3, 3, 2, generator=generator, dtype=torch.float64)
    return DynamicGaussians(
        mean=torch.tensor([[0.1, 0.0, 2.0], [-0.3, 0.2, 2.5], [0.2, -0.2, 3.0]], dtype=torch.float64),
        scale=torch.full((3,), 0.2, dtype=torch.float64),
        colour=torch.rand(3, 3, generator=generator, dtype=torch.float64),
        weights=torch.randn(3, bases, generator=generator, dtype=torch.float64),
        rotations=orthonormal(columns),
        translations=0.1 * torch.randn(bases, 3, 3, generator=generator, dtype=torch.float64),
    )


def test_one_basis_moves_all_rigidly() -> None:
    """Eq. 9 with B = 1: mu_t = R mu_0 + t and Sigma_t = R Sigma_0 R^T, so distances stay."""
    scene = _moving(bases=1)
    with torch.no_grad():
        before, after = scene.at(0).mean, scene.at(2).mean
        assert torch.allclose(torch.cdist(before, before), torch.cdist(after, after))
        rotation = orthonormal(scene.base_columns)[0, 2]
        expected = scene.mean @ rotation.T + scene.base_translations[0, 2]
        assert torch.allclose(after, expected)


def test_rotations_are_rotations() -> None:
    """Weighted sums of bases stay orthonormal, with determinant 1."""
    with torch.no_grad():
        rotation, _ = _moving().motion(1)
    assert torch.allclose(
        rotation @ rotation.transpose(1, 2), torch.eye(3, dtype=torch.float64).expand(3, 3, 3)
    )
    assert torch.allclose(torch.linalg.det(rotation), torch.ones(3, dtype=torch.float64))


def test_gradients() -> None:
    """Autograd against differences, for every parameter, through colours, depth and tracks."""
    scene, pixels = _moving(), torch.tensor([[5.2, 4.9], [4.1, 5.7]], dtype=torch.float64)
    names, values = zip(*scene.named_parameters(), strict=True)

    def outcome(*parameters: torch.Tensor) -> torch.Tensor:
        def forward() -> torch.Tensor:
            share = shares(scene.at(1), _view(), pixels)
            colour, depth = render(scene.at(1), _view(), pixels)
            return torch.cat([colour.flatten(), depth, follow(share, scene.means(2)).flatten()])

        scene.forward = forward  # type: ignore[method-assign]
        return torch.func.functional_call(scene, dict(zip(names, parameters, strict=True)), ())

    assert torch.autograd.gradcheck(outcome, values)


def test_alignment_recovers_a_motion_despite_outliers() -> None:
    """Kabsch on exact points; a few that were lifted wrongly do not matter."""
    rng = np.random.default_rng(0)
    turn = orthonormal(torch.as_tensor(rng.standard_normal((3, 2)))).numpy()
    source = rng.standard_normal((40, 3))
    target = source @ turn.T + [1.0, 2.0, 3.0]
    target[:5] += 2.0
    found, shift = align(source, target, np.ones(40, dtype=np.bool_))
    np.testing.assert_allclose(found, turn, atol=1e-9)
    np.testing.assert_allclose(shift, [1.0, 2.0, 3.0], atol=1e-9)


def test_scene_agrees_with_itself() -> None:
    """Tracks that are seen lie, lifted by depth, where the truth has the same points."""
    clip, truth = make_scene(frames=6, size=32, tracked=60, judged=50, noise_px=0.0)
    assert clip.rgb.shape == (6, 32, 32, 3)
    pixels, depth = clip.camera.project(truth.frame, truth.points[truth.frame])
    np.testing.assert_allclose(pixels, truth.pixels, atol=1e-9)
    np.testing.assert_allclose(
        clip.camera.lift(truth.frame, pixels, depth), truth.points[truth.frame], atol=1e-9
    )


def test_only_points_of_moving_bodies_are_judged() -> None:
    """A pixel at an outline may show a body, and the point drawn inside it the room, which rests."""
    _, truth = make_scene(frames=6, size=32, tracked=60, judged=400)
    moved = np.linalg.norm(np.ptp(truth.points, axis=0), axis=1)
    assert len(moved) > 50
    assert moved.min() > 0.05


def test_metrics_by_hand() -> None:
    """Eqs. 13 and 14."""
    there, found = np.zeros((2, 2, 3)), np.zeros((2, 2, 3))
    found[0, 0, 0], found[1, 1, 2] = 0.3, 0.06
    assert end_point_error(found, there) == pytest.approx(0.09)
    assert correct_share(found, there, 0.1) == 0.75
    assert correct_share(found, there, 0.05) == 0.5


def test_jaccard_by_hand() -> None:
    """Eq. 15 over points: five distances, here of pictures of 256 pixels."""
    there = np.zeros((1, 4, 2))
    found = there + np.array([[[0.0, 0.0], [3.0, 0.0], [0.0, 0.0], [0.0, 0.0]]])
    shown, visible = np.array([[True, True, True, False]]), np.array([[True, True, False, True]])
    # hits of 1, 2, 4, 8, 16: 1, 1, 2, 2, 2; wrong besides: 2, 2, 1, 1, 1; missed: 2, 2, 1, 1, 1
    assert average_jaccard(found, shown, there, visible, 256) == pytest.approx((2 / 5 + 3 * 2 / 4) / 5)
    assert average_jaccard(there, visible, there, visible, 64) == 1.0


def test_fitting_improves_and_repeats() -> None:
    """A few steps make views better; the same seed gives the same bits."""
    clip, truth = make_scene(frames=4, size=24, tracked=100, judged=60)
    config = CONFIG.model_copy(
        update={"gaussians": 300, "bases": 6, "steps": 25, "pixels": 200, "tracks": 40}
    )
    before = score(start(clip, 300, 6, 0), clip, truth)
    first, second = (fit(clip, config, 0, lambda _: None) for _ in range(2))
    after = score(first, clip, truth)
    assert after.psnr_db > before.psnr_db + 1.0
    view = view_of(clip.camera, truth.frame)
    tracks = [track(scene, truth.frame, view, truth.pixels, 4) for scene in (first, second)]
    np.testing.assert_array_equal(*tracks)


def test_command(tmp_path: Path) -> None:
    """A tiny scene from end to end."""
    text = shipped("cee", "gaussians.yaml").read_text(encoding="utf-8")
    small = text.replace("gaussians: 2000", "gaussians: 100").replace("bases: 20", "bases: 3")
    lines = [("steps: 2" if line.startswith("steps:") else line) for line in small.splitlines()]
    (tmp_path / "small.yaml").write_text("\n".join(lines), encoding="utf-8")
    flags = ["--config", "small.yaml", "--frames", "4", "--size", "16", "--out", "out"]
    command = [sys.executable, "-m", "semverse.scripts.reconstruct", *flags]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
    figures = json.loads((tmp_path / "out" / "figures.json").read_text())
    assert set(figures) == {*Scores.__dataclass_fields__, "cpu_s"}
    assert figures["novel_lpips"] is None  # of 16 pixels
    assert len(list((tmp_path / "out").glob("frame_*.png"))) == 4
