"""How well a scene was reconstructed: the figures of table 4 of paper 000."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from semverse.envs.cee.gaussians.fitting import depth, picture, track, view_of
from semverse.envs.cee.gaussians.model import DynamicGaussians
from semverse.envs.cee.gaussians.synthetic import BoolArray, Camera, Clip, FloatArray, Truth
from semverse.envs.codecs.metrics import lpips, psnr_db, ssim
from semverse.envs.codecs.st_lpips import MIN_SIDE

_JACCARD_PX = (1, 2, 4, 8, 16)  # of pictures of 256 pixels, as in TAP-Vid
_JACCARD_SIDE = 256
_HIDDEN_M = 0.1  # a point farther than what is shown by more than this is hidden


@dataclass(frozen=True)
class Scores:
    """Figures of table 4; "NV" there is the novel view, "m" the mean over frames."""

    epe_m: float  # mean distance of followed points from where they are, metres (eq. 13)
    pck_10cm: float  # share of them within 10 cm (eq. 14)
    pck_5cm: float
    average_jaccard: float  # of 2-D tracks (eq. 15, over points)
    psnr_db: float  # of the views that were filmed
    novel_psnr_db: float  # of a view that nobody filmed
    novel_ssim: float
    novel_lpips: float | None  # ST-LPIPS on AlexNet, not LPIPS v0.1; None of pictures below 32 pixels


def end_point_error(followed: FloatArray, points: FloatArray) -> float:
    """Return the mean distance of points [..., 3] (eq. 13)."""
    return float(np.linalg.norm(followed - points, axis=-1).mean())


def correct_share(followed: FloatArray, points: FloatArray, within: float) -> float:
    """Return the share of points [..., 3] nearer than a distance to where they should be (eq. 14)."""
    return float((np.linalg.norm(followed - points, axis=-1) < within).mean())


def average_jaccard(
    followed: FloatArray, shown: BoolArray, pixels: FloatArray, visible: BoolArray, side: int
) -> float:
    """Return the Jaccard index of 2-D tracks, mean over five distances (TAP-Vid, arXiv:2211.03726).

    Eq. 15 divides intersections of boxes by unions; for points that is true positives over true positives,
    false positives and false negatives.

    Args:
        followed: [T, Q, 2].
        shown: whether they are said to be visible [T, Q].
        pixels: where they are [T, Q, 2].
        visible: whether they are visible [T, Q].
        side: of the pictures, pixels; distances are in proportion to 1 to 16 pixels of 256.
    """
    distance = np.linalg.norm(followed - pixels, axis=-1)
    found = []
    for threshold in _JACCARD_PX:
        hit = shown & visible & (distance < threshold * side / _JACCARD_SIDE)
        wrong, missed = shown & ~hit, visible & ~hit
        found.append(hit.sum() / max(int(hit.sum() + wrong.sum() + missed.sum()), 1))
    return float(np.mean(found))


def score(scene: DynamicGaussians, clip: Clip, truth: Truth) -> Scores:
    """Judge a scene by points that fitting was never told of, in every frame, and by pictures."""
    view = view_of(clip.camera, truth.frame)
    followed = track(scene, truth.frame, view, truth.pixels, len(clip.rgb))
    novel, unseen = _shown(scene, truth.camera, truth.rgb), _whole(truth.rgb)
    return Scores(
        epe_m=end_point_error(followed, truth.points),
        pck_10cm=correct_share(followed, truth.points, 0.1),
        pck_5cm=correct_share(followed, truth.points, 0.05),
        average_jaccard=_jaccard(scene, clip, truth, followed),
        psnr_db=float(psnr_db(clip.rgb, _shown(scene, clip.camera, clip.rgb), peak=1.0).mean()),
        novel_psnr_db=float(psnr_db(truth.rgb, novel, peak=1.0).mean()),
        novel_ssim=float(ssim(unseen, _whole(novel)).mean()),
        novel_lpips=float(lpips(unseen, _whole(novel)).mean()) if min(novel.shape[1:3]) >= MIN_SIDE else None,
    )


def _jaccard(scene: DynamicGaussians, clip: Clip, truth: Truth, followed: FloatArray) -> float:
    """Return the average Jaccard index of points [T, Q, 3] as the filming camera sees them."""
    height, width = clip.depth.shape[1:]
    pixels, there = np.empty((*followed.shape[:2], 2)), np.empty((*followed.shape[:2], 2))
    shown = np.empty(followed.shape[:2], dtype=np.bool_)
    for t in range(len(followed)):
        there[t], _ = clip.camera.project(t, truth.points[t])
        pixels[t], far = clip.camera.project(t, followed[t])
        inside = ((pixels[t] >= 0) & (pixels[t] <= [width - 1, height - 1])).all(axis=1)
        shown[t] = inside & (far < depth(scene, t, view_of(clip.camera, t), pixels[t]) + _HIDDEN_M)
    return average_jaccard(pixels, shown, there, truth.visible, height)


def _shown(scene: DynamicGaussians, camera: Camera, rgb: FloatArray) -> FloatArray:
    """Return what a camera sees of a scene, at the size of pictures [T, H, W, 3]."""
    frames, height, width = rgb.shape[:3]
    return np.stack([picture(scene, t, view_of(camera, t), height, width) for t in range(frames)])


def _whole(rgb: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return pictures of uint8 for values from 0 to 1."""
    return (255 * rgb.clip(0.0, 1.0)).round().astype(np.uint8)
