"""How well a scene was reconstructed (paper 000, eqs. 13 and 14, and PSNR of a novel view)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semverse.envs.cee.gaussians.fitting import picture, track, view_of
from semverse.envs.cee.gaussians.model import DynamicGaussians
from semverse.envs.cee.gaussians.synthetic import Camera, Clip, FloatArray, Truth


@dataclass(frozen=True)
class Scores:
    """Figures of table 4."""

    epe_m: float  # mean distance of followed points from where they are, metres (eq. 13)
    pck_10cm: float  # share of them within 10 cm (eq. 14)
    pck_5cm: float
    psnr_db: float  # of the views that were filmed
    novel_psnr_db: float  # of a view that nobody filmed


def end_point_error(followed: FloatArray, points: FloatArray) -> float:
    """Return the mean distance of points [..., 3] (eq. 13)."""
    return float(np.linalg.norm(followed - points, axis=-1).mean())


def correct_share(followed: FloatArray, points: FloatArray, within: float) -> float:
    """Return the share of points [..., 3] nearer than a distance to where they should be (eq. 14)."""
    return float((np.linalg.norm(followed - points, axis=-1) < within).mean())


def score(scene: DynamicGaussians, clip: Clip, truth: Truth) -> Scores:
    """Judge a scene by points that fitting was never told of, in every frame, and by pictures."""
    view = view_of(clip.camera, truth.frame)
    followed = track(scene, truth.frame, view, truth.pixels, len(clip.rgb))
    return Scores(
        epe_m=end_point_error(followed, truth.points),
        pck_10cm=correct_share(followed, truth.points, 0.1),
        pck_5cm=correct_share(followed, truth.points, 0.05),
        psnr_db=_psnr(scene, clip.camera, clip.rgb),
        novel_psnr_db=_psnr(scene, truth.camera, truth.rgb),
    )


def _psnr(scene: DynamicGaussians, camera: Camera, rgb: FloatArray) -> float:
    """Return the mean PSNR of the frames of a view, dB."""
    frames, height, width = rgb.shape[:3]
    shown = [picture(scene, t, view_of(camera, t), height, width) for t in range(frames)]
    errors = [np.square(shown[t] - rgb[t]).mean() for t in range(frames)]
    return float(np.mean([-10.0 * np.log10(error) for error in errors]))
