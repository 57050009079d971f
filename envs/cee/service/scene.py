"""A fused clip as reconstruction wants it: depth out of the matte, tracks by optical flow, a camera at rest.

No network estimates depth here. The background is flat; the person bulges towards the camera, the more the
farther from the outline. Both distances are assumed: the scene has the right order, not the right scale.
"""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy.ndimage import distance_transform_edt

from semverse.envs.cee.gaussians.synthetic import Camera, Clip, FloatArray, looking_camera
from semverse.envs.cee.matting.segmenter import Matte
from semverse.envs.cee.service.config import SceneConfig
from semverse.envs.cee.service.tracking import follow_points
from semverse.envs.codecs.bitstream import Frames
from semverse.envs.codecs.metrics import luma

_STARTS = 4  # frames that points are followed from
_PERSON_SHARE = 2 / 3  # of the points, that lie on the person


def lift(fused: Frames, matte: Matte, config: SceneConfig, seed: int) -> Clip:
    """Return what is reconstructed.

    Args:
        fused: [F, H, W, 3].
        matte: [F, H, W], which of it is the person.
        config: size of the scene, distances, number of tracks.
        seed: of the points that are followed.
    """
    height, width = scene_size(fused.shape[1], fused.shape[2], config.height)
    small = np.stack([_resized(Image.fromarray(frame), height, width) for frame in fused])
    person = np.stack([_resized(Image.fromarray(frame), height, width) for frame in matte]) > 0.5
    depth = np.stack([depth_of(part, config) for part in person])
    grey = luma(small) / 255
    rng = np.random.default_rng(seed)
    starts = np.unique(np.linspace(0, len(fused) - 1, _STARTS).round().astype(int)).tolist()
    tracks, visible = follow_points(
        grey, [(t, _drawn(person[t], config.tracks // len(starts), rng)) for t in starts]
    )
    camera = camera_at(height, width, np.zeros(len(fused)), config)
    return Clip(small / 255.0, depth, camera, tracks, visible)


def scene_size(height: int, width: int, wanted: int) -> tuple[int, int]:
    """Return an even height and width of a picture scaled to about the wanted height, never enlarged."""
    scale = min(1.0, wanted / height)
    return max(2 * round(scale * height / 2), 2), max(2 * round(scale * width / 2), 2)


def depth_of(person: np.ndarray[tuple[int, int], np.dtype[np.bool_]], config: SceneConfig) -> FloatArray:
    """Return the assumed depth [H, W] of a silhouette [H, W], metres."""
    inside = distance_transform_edt(person)
    bulge = np.sqrt(inside / max(inside.max(), 1.0))
    return np.asarray(np.where(person, config.person_m - config.relief_m * bulge, config.background_m))


def camera_at(height: int, width: int, x: FloatArray, config: SceneConfig) -> Camera:
    """Return a camera that stands so far to the right [T], metres, and looks at the person."""
    across = config.field_of_view_deg
    return looking_camera(height, width, x, np.zeros_like(x), config.person_m, across)


def swaying(height: int, width: int, frames: int, sway_m: float, config: SceneConfig) -> Camera:
    """Return a camera that goes to one side, to the other and back once in a clip."""
    return camera_at(height, width, sway_m * np.sin(2 * np.pi * np.arange(frames) / frames), config)


def _drawn(
    person: np.ndarray[tuple[int, int], np.dtype[np.bool_]], count: int, rng: np.random.Generator
) -> FloatArray:
    """Return pixels [P, 2] (x, y), most of them on the person if there is one."""
    wanted = round(_PERSON_SHARE * count)
    parts = [rng.permutation(np.argwhere(person))[:wanted]]
    parts.append(rng.permutation(np.argwhere(~person))[: count - len(parts[0])])
    return np.concatenate(parts)[:, ::-1].astype(np.float64)


def _resized(picture: Image.Image, height: int, width: int) -> np.ndarray:
    return np.asarray(picture.resize((width, height), Image.Resampling.BOX))
