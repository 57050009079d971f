"""Where fitting starts: tracks lifted to 3-D, clustered, and aligned cluster by cluster (Kabsch)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from scipy.cluster.vq import kmeans2

from semverse.envs.cee.gaussians.model import DynamicGaussians
from semverse.envs.cee.gaussians.synthetic import BoolArray, Clip, FloatArray

_SURE = 6.0  # logit of a Gaussian's own basis
Labels = npt.NDArray[np.int32]

_CANDIDATES = 4  # pixels looked at for each that is taken
_MOVES_M = 0.02  # deviation of a place over time from which a motion counts as one
_STILL_SHARE = 0.15  # how readily a pixel at rest becomes a Gaussian, against one that moves
_REASSIGNMENTS = 5  # of tracks to the motion that suits them best
_FEWEST = 3  # points that determine a rigid motion
_TRIMS = 4  # times that outliers are left out
_OUTLIER = 2.0  # errors larger than so many medians
_PLACE_WEIGHT = 0.3  # of where a track is, against how it moves, when tracks are clustered


def start(clip: Clip, count: int, bases: int, seed: int) -> DynamicGaussians:
    """Return Gaussians that already move roughly right.

    Args:
        clip: what is to be reconstructed; its middle frame is the reference.
        count: N Gaussians.
        bases: B motions.
        seed: of clusters and drawn pixels.
    """
    rng = np.random.default_rng(seed)
    lifted = lift_tracks(clip)
    feature = np.concatenate([lifted - lifted.mean(axis=0), _PLACE_WEIGHT * lifted.mean(axis=0)[None]])
    flat = feature.transpose(1, 0, 2).reshape(feature.shape[1], -1)
    _, cluster = kmeans2(flat, bases, minit="++", rng=rng)
    for _ in range(_REASSIGNMENTS):
        rotations, translations = _motions(lifted, clip.visible, cluster, bases)
        cluster = _best_motion(lifted, clip.visible, rotations, translations)
    rotations, translations = _motions(lifted, clip.visible, cluster, bases)
    mean, colour, scale, own = _drawn(clip, lifted, cluster, rotations, translations, count, rng)
    weights = _SURE * np.eye(bases)[own]
    parts = (mean, scale, colour, weights, rotations, translations)
    return DynamicGaussians(*(torch.as_tensor(part, dtype=torch.float32) for part in parts))


def _motions(
    lifted: FloatArray, visible: BoolArray, cluster: Labels, bases: int
) -> tuple[FloatArray, FloatArray]:
    """Return rotations [B, T, 3, 3] and translations [B, T, 3] of clusters from the middle frame."""
    frames, reference = len(lifted), len(lifted) // 2
    rotations, translations = np.empty((bases, frames, 3, 3)), np.empty((bases, frames, 3))
    for basis in range(bases):
        mine = cluster == basis
        for t in range(frames):
            both = (visible[reference] & visible[t])[mine]
            rotations[basis, t], translations[basis, t] = align(
                lifted[reference, mine], lifted[t, mine], both
            )
    return rotations, translations


def _best_motion(
    lifted: FloatArray, visible: BoolArray, rotations: FloatArray, translations: FloatArray
) -> Labels:
    """Return the basis that moves each track [Q] best, over the frames where it is seen."""
    moved = np.einsum("btij,qj->btqi", rotations, lifted[len(lifted) // 2]) + translations[:, :, None]
    error = np.linalg.norm(moved - lifted, axis=3) * visible  # [B, T, Q]
    return np.asarray(error.sum(axis=1).argmin(axis=0), dtype=np.int32)


def lift_tracks(clip: Clip) -> FloatArray:
    """Return the tracks in the world [T, Q, 3]; where one is not seen, on the line between where it is."""
    frames, count = clip.visible.shape
    lifted, time = np.empty((frames, count, 3)), np.arange(frames)
    depth = depth_at_tracks(clip)
    for t in range(frames):
        lifted[t] = clip.camera.lift(t, clip.tracks[t], depth[t])
    for q in range(count):
        seen = clip.visible[:, q]
        for axis in range(3) if seen.any() else ():
            lifted[:, q, axis] = np.interp(time, time[seen], lifted[seen, q, axis])
    return lifted


def depth_at_tracks(clip: Clip) -> FloatArray:
    """Return the depth at each track [T, Q]: the least of the four pixels around it.

    At an edge the surface in front is meant: what is behind loses its track there.
    """
    height, width = clip.depth.shape[1:]
    base = np.floor(clip.tracks).astype(int)
    time = np.arange(len(base))[:, None]
    around = []
    for x, y in ((0, 0), (1, 0), (0, 1), (1, 1)):
        column, row = np.clip(base[..., 0] + x, 0, width - 1), np.clip(base[..., 1] + y, 0, height - 1)
        around.append(clip.depth[time, row, column])
    return np.asarray(np.min(around, axis=0))


def align(source: FloatArray, target: FloatArray, seen: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return R [3, 3] and t [3] of least squares with target = R source + t (Kabsch 1976, Acta Cryst. A32).

    Args:
        source: points [P, 3].
        target: the same points later [P, 3].
        seen: which of them count [P]; all do if they are too few.
    """
    use = seen if seen.sum() >= _FEWEST else np.ones(len(source), dtype=np.bool_)
    if use.sum() < _FEWEST:
        return np.eye(3), (target - source).mean(axis=0) if len(source) else np.zeros(3)
    turn, shift = _least_squares(source[use], target[use])
    for _ in range(_TRIMS):  # tracks at edges may have been lifted to what is behind
        error = np.linalg.norm(source @ turn.T + shift - target, axis=1)
        good = use & (error <= _OUTLIER * np.median(error[use]))
        if good.sum() < _FEWEST:
            break
        turn, shift = _least_squares(source[good], target[good])
    return turn, shift


def _least_squares(source: FloatArray, target: FloatArray) -> tuple[FloatArray, FloatArray]:
    p, q = source.mean(axis=0), target.mean(axis=0)
    u, _, vt = np.linalg.svd((source - p).T @ (target - q))
    turn = vt.T @ np.diag([1.0, 1.0, np.sign(np.linalg.det(vt.T @ u.T))]) @ u.T
    return turn, q - turn @ p


def _drawn(
    clip: Clip,
    lifted: FloatArray,
    cluster: Labels,
    rotations: FloatArray,
    translations: FloatArray,
    count: int,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray, FloatArray, Labels]:
    """Return means, colours, scales and bases of Gaussians at pixels drawn from all frames.

    A pixel moves as the nearest track seen in its frame; half of the pixels are of the reference frame.
    """
    frames, height, width = clip.depth.shape
    reference, many = frames // 2, count * _CANDIDATES
    frame = np.where(np.arange(many) < many // 2, reference, rng.integers(frames, size=many))
    row, column = rng.integers(height, size=many), rng.integers(width, size=many)
    depth = clip.depth[frame, row, column]
    mean, own = np.empty((many, 3)), np.empty(many, dtype=np.int32)
    for t in np.unique(frame).tolist():
        here = frame == t
        point = clip.camera.lift(t, np.stack([column, row], axis=1)[here] + 0.0, depth[here])
        seen = np.flatnonzero(clip.visible[t])
        nearest = ((point[:, None] - lifted[t, seen][None]) ** 2).sum(axis=2).argmin(axis=1)
        own[here] = cluster[seen[nearest]]
        turn, shift = rotations[own[here], t], translations[own[here], t]
        mean[here] = np.einsum("nji,nj->ni", turn, point - shift)
    groups = [lifted[:, cluster == basis] for basis in range(len(rotations))]
    moved = np.array([group.std(axis=0).mean() if group.size else 0.0 for group in groups])
    chance = np.where(moved > _MOVES_M, 1.0, _STILL_SHARE)[own]
    kept = rng.choice(many, count, replace=False, p=chance / chance.sum())
    spacing = np.sqrt(height * width * chance.mean() / (chance * count))[kept]  # pixels between neighbours
    scale = 0.5 * spacing * depth[kept] / clip.camera.intrinsics[0, 0]
    return mean[kept], clip.rgb[frame, row, column][kept], scale, own[kept]
