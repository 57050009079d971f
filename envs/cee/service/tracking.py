"""Points followed through a clip: optical flow of Lucas and Kanade (1981), coarse to fine, chained."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates, zoom

from semverse.envs.cee.gaussians.synthetic import BoolArray, FloatArray

_LEVELS = 3  # each half the size of the one before
_ROUNDS = 5  # of linearising, a level
_WINDOW = 2.0  # deviation of the weights around a pixel, pixels
_FLAT = 1e-4  # added to the structure tensor (grey values from 0 to 1): where nothing is seen, nothing moves
_SMALLEST = 12  # side of the coarsest picture, pixels
_SURE_PX = 0.7  # there and back again must end within this


def flow(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return by how much each pixel of a grey picture [H, W] moves to another [H, W, 2] (x, y), pixels."""
    levels = [(first, second)]
    while len(levels) < _LEVELS and min(levels[-1][0].shape) >= 2 * _SMALLEST:
        levels.append(tuple(zoom(gaussian_filter(part, 1.0), 0.5, order=1) for part in levels[-1]))
    moved = np.zeros((*levels[-1][0].shape, 2))
    for here, there in reversed(levels):
        if moved.shape[:2] != here.shape:
            larger = np.array(here.shape) / np.array(moved.shape[:2])
            step = (np.array(here.shape) - 1) / (np.array(moved.shape[:2]) - 1)  # corners stay corners
            moved = np.stack([zoom(moved[..., i], larger, order=1) * step[1 - i] for i in (0, 1)], axis=-1)
        for _ in range(_ROUNDS):
            moved = moved + _step(here, there, moved)
    return moved


def _step(first: FloatArray, second: FloatArray, moved: FloatArray) -> FloatArray:
    """Return what least squares in a window add to a flow."""
    y, x = np.indices(first.shape, dtype=np.float64)
    shown = map_coordinates(second, [y + moved[..., 1], x + moved[..., 0]], order=1, mode="nearest")
    dy, dx = np.gradient(shown)
    error = first - shown
    products = (dx * dx, dx * dy, dy * dy, dx * error, dy * error)
    xx, xy, yy, xe, ye = (gaussian_filter(part, _WINDOW) for part in products)
    xx, yy = xx + _FLAT, yy + _FLAT
    det = xx * yy - xy * xy
    found = np.stack([(yy * xe - xy * ye) / det, (xx * ye - xy * xe) / det], axis=-1)
    return np.asarray(np.clip(found, -1.0, 1.0))


def follow_points(grey: FloatArray, starts: list[tuple[int, FloatArray]]) -> tuple[FloatArray, BoolArray]:
    """Return tracks [T, Q, 2] (x, y) and where they are seen [T, Q].

    A point counts as lost from where the flow there and the one back do not agree, or it leaves the picture.

    Args:
        grey: pictures [T, H, W] from 0 to 1.
        starts: frame, and pixels [P, 2] to follow from it in both directions.
    """
    forward = [flow(a, b) for a, b in pairwise(grey)]
    backward = [flow(b, a) for a, b in pairwise(grey)]
    parts = []
    for frame, pixels in starts:
        tracks = np.empty((len(grey), len(pixels), 2))
        seen = np.zeros(tracks.shape[:2], dtype=np.bool_)
        tracks[frame], seen[frame] = pixels, True
        for t in range(frame, len(grey) - 1):
            tracks[t + 1], seen[t + 1] = _moved(tracks[t], seen[t], forward[t], backward[t])
        for t in range(frame, 0, -1):
            tracks[t - 1], seen[t - 1] = _moved(tracks[t], seen[t], backward[t - 1], forward[t - 1])
        parts.append((tracks, seen))
    return np.concatenate([p[0] for p in parts], axis=1), np.concatenate([p[1] for p in parts], axis=1)


def _moved(
    pixels: FloatArray, seen: BoolArray, there: FloatArray, back: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """Return points [P, 2] a frame later, and which are still seen; what is lost stays where it was."""
    height, width = there.shape[:2]
    landed = pixels + sampled(there, pixels)
    inside = ((landed >= 0) & (landed <= [width - 1, height - 1])).all(axis=1)
    returned = landed + sampled(back, landed)
    kept = seen & inside & (np.linalg.norm(returned - pixels, axis=1) <= _SURE_PX)
    return np.where(kept[:, None], landed, pixels), kept


def sampled(field: FloatArray, pixels: FloatArray) -> FloatArray:
    """Return a field [H, W, C] at pixels [P, 2] (x, y), linear in between [P, C]."""
    places = [pixels[:, 1], pixels[:, 0]]
    return np.stack(
        [map_coordinates(c, places, order=1, mode="nearest") for c in np.moveaxis(field, 2, 0)], 1
    )
