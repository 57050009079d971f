"""A synthetic moving scene of which everything is known: pictures, depth, cameras, tracks and novel views.

Textured ellipsoids in a textured room, itself an ellipsoid seen from inside; each moves rigidly. Lengths in
metres, pictures by ray casting, one ray a pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_VISIBLE_M = 0.02  # a point is seen if nothing is nearer by more than this
_NEAREST = 1e-6


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole camera for each of T frames."""

    intrinsics: FloatArray  # [3, 3], pixels; pixel centres at whole numbers
    extrinsics: FloatArray  # [T, 3, 4], world to camera

    def project(self, frame: int, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return pixels [..., 2] and depths [...] of points of the world [..., 3]."""
        seen = points @ self.extrinsics[frame, :, :3].T + self.extrinsics[frame, :, 3]
        flat = seen @ self.intrinsics.T
        return flat[..., :2] / flat[..., 2:], seen[..., 2]

    def lift(self, frame: int, pixels: FloatArray, depth: FloatArray) -> FloatArray:
        """Return points of the world [..., 3] at pixels [..., 2] and depths [...]."""
        ahead = np.concatenate([pixels, np.ones((*pixels.shape[:-1], 1))], axis=-1)
        seen = ahead @ np.linalg.inv(self.intrinsics).T * depth[..., None]
        found: FloatArray = (seen - self.extrinsics[frame, :, 3]) @ self.extrinsics[frame, :, :3]
        return found


@dataclass(frozen=True, eq=False)
class Clip:
    """What reconstruction may see."""

    rgb: FloatArray  # [T, H, W, 3] from 0 to 1
    depth: FloatArray  # [T, H, W] metres along the optical axis
    camera: Camera
    tracks: FloatArray  # [T, Q, 2] pixels (x, y)
    visible: BoolArray  # [T, Q]


@dataclass(frozen=True, eq=False)
class Truth:
    """What reconstruction is judged by."""

    pixels: FloatArray  # [Q, 2] points of moving bodies, as seen in the reference frame; none of them tracked
    points: FloatArray  # [T, Q, 3] where they are in the world
    visible: BoolArray  # [T, Q] whether the camera sees them
    frame: int  # the reference frame
    rgb: FloatArray  # [T, H, W, 3] of the novel view
    camera: Camera  # of the novel view


@dataclass(frozen=True, eq=False)
class _Body:
    radii: FloatArray  # [3]
    rotations: FloatArray  # [T, 3, 3]
    centres: FloatArray  # [T, 3]
    texture: FloatArray  # [2, 3, 3] wave vectors and phases, by colour

    def local(self, frame: int, points: FloatArray) -> FloatArray:
        """Return points of the world [..., 3] in the body's own, unit-sphere, coordinates."""
        return np.asarray((points - self.centres[frame]) @ self.rotations[frame] / self.radii)

    def world(self, frame: int, local: FloatArray) -> FloatArray:
        """Invert `local`."""
        return np.asarray((local * self.radii) @ self.rotations[frame].T + self.centres[frame])

    def cast(self, frame: int, origin: FloatArray, rays: FloatArray) -> FloatArray:
        """Return how far along rays [P, 3] the surface is [P]; infinite where it is not met."""
        o = self.local(frame, origin)
        d = rays @ self.rotations[frame] / self.radii
        a, b, c = (d * d).sum(axis=1), d @ o, o @ o - 1.0
        root = np.sqrt(np.maximum(b * b - a * c, 0.0))
        near, far = (-b - root) / a, (-b + root) / a
        met = np.where(near > _NEAREST, near, far)
        return np.where((b * b - a * c > 0) & (met > _NEAREST), met, np.inf)

    def colour(self, local: FloatArray) -> FloatArray:
        """Return the colour [..., 3] of its surface."""
        waves, phases = self.texture
        found: FloatArray = 0.5 + 0.45 * np.sin(local @ waves + phases[0])
        return found


def make_scene(
    frames: int = 20,
    size: int = 64,
    tracked: int = 600,
    judged: int = 400,
    noise_px: float = 0.1,
    seed: int = 0,
) -> tuple[Clip, Truth]:
    """Return a clip of a moving figure in a room, and the truth about it.

    Args:
        frames: T.
        size: height and width of a picture, pixels.
        tracked: points whose tracks are given, spread over frames and pictures.
        judged: points of moving bodies that are judged.
        noise_px: deviation of the tracks' error, pixels.
        seed: of textures, points and errors.
    """
    rng = np.random.default_rng(seed)
    bodies, time = _figure(frames, rng), np.linspace(0.0, 1.0, frames)
    camera = looking_camera(size, size, 0.25 * np.sin(2 * np.pi * time), 0.1 * np.cos(2 * np.pi * time))
    novel = looking_camera(size, size, np.full(frames, 0.45), np.full(frames, -0.15))
    views = [_look(bodies, camera, frame, size) for frame in range(frames)]
    rgb, depth, owner = (np.stack(part) for part in zip(*views, strict=True))
    tracks, visible = _tracked(bodies, camera, owner, depth, tracked, rng)
    tracks = tracks + noise_px * rng.standard_normal(tracks.shape)
    middle = frames // 2
    rows, columns = np.nonzero(owner[middle] > 0)
    chosen = rng.permutation(len(rows))[:judged]
    pixels = np.stack([columns[chosen], rows[chosen]], axis=1) + rng.uniform(-0.3, 0.3, (len(chosen), 2))
    points, shown = _follow(bodies, camera, middle, pixels)
    moving = shown > 0  # where a pixel's centre shows a body, a point beside it may be of the room
    unseen = np.stack([_look(bodies, novel, frame, size)[0] for frame in range(frames)])
    _, seen = _seen(bodies, camera, points[:, moving], size)
    truth = Truth(pixels[moving], points[:, moving], seen, middle, unseen, novel)
    return Clip(rgb, depth, camera, tracks, visible), truth


def _figure(frames: int, rng: np.random.Generator) -> list[_Body]:
    """Return room (first, at rest), torso, head, two arms and a ball, all moving."""
    t = np.linspace(0.0, 1.0, frames)
    sway, zero = 0.25 * np.sin(2 * np.pi * t), np.zeros(frames)
    torso = np.stack([sway, 0.25 + zero, 2.6 + 0.15 * np.cos(2 * np.pi * t)], axis=1)
    lean, swing = 0.2 * np.sin(2 * np.pi * t), 0.9 * np.sin(2 * np.pi * t + 0.5)

    def on_torso(offset: tuple[float, float, float]) -> FloatArray:
        return np.asarray(torso + _turns(zero, lean) @ np.array(offset))

    def arm(side: float, angle: FloatArray) -> tuple[FloatArray, FloatArray]:
        turn = _turns(zero, angle)
        return turn, on_torso((side * 0.4, -0.3, 0.0)) + turn @ np.array([0.0, 0.3, 0.0])

    ball = np.stack([0.8 - 1.5 * t, -0.7 + 1.2 * (t - 0.5) ** 2 * 2, 2.2 + zero], axis=1)
    parts = [
        ((3.0, 2.0, 4.5), _turns(zero, zero), np.zeros((frames, 3)), 5.0),
        ((0.3, 0.5, 0.2), _turns(0.4 * sway, lean), torso, 3.0),
        ((0.19, 0.24, 0.2), _turns(2.0 * sway, lean), on_torso((0.0, -0.72, 0.0)), 3.0),
        ((0.1, 0.34, 0.1), *arm(-1.0, swing), 3.0),
        ((0.1, 0.34, 0.1), *arm(1.0, -swing - 0.6), 3.0),
        ((0.16, 0.16, 0.16), _turns(1.2 * t, 0.8 * t), ball, 2.5),
    ]
    found = []
    for radii, rotations, centres, frequency in parts:
        texture = np.stack([frequency * rng.standard_normal((3, 3)), rng.uniform(0, 2 * np.pi, (3, 3))])
        found.append(_Body(np.array(radii), rotations, centres, texture))
    return found


def _turns(about_y: FloatArray, about_z: FloatArray) -> FloatArray:
    """Return rotations [T, 3, 3] about the y axis, then about the z axis."""
    c, s, d, u = np.cos(about_z), np.sin(about_z), np.cos(about_y), np.sin(about_y)
    zero, one = np.zeros_like(c), np.ones_like(c)
    z = np.stack(
        [np.stack([c, -s, zero], -1), np.stack([s, c, zero], -1), np.stack([zero, zero, one], -1)], -2
    )
    y = np.stack(
        [np.stack([d, zero, u], -1), np.stack([zero, one, zero], -1), np.stack([-u, zero, d], -1)], -2
    )
    return np.asarray(z @ y)


def looking_camera(
    height: int, width: int, x: FloatArray, y: FloatArray, distance_m: float = 2.6, across_deg: float = 60.0
) -> Camera:
    """Return a camera at (x, y, 0) [T] that looks at (0, y, distance).

    Args:
        height: of a picture, pixels.
        width: of a picture, pixels.
        x: to the right, metres [T].
        y: down, metres [T].
        distance_m: of what it looks at; by default of the synthetic figure.
        across_deg: field of view across.
    """
    focal = width / (2 * np.tan(np.radians(across_deg) / 2))
    intrinsics = np.array([[focal, 0.0, (width - 1) / 2], [0.0, focal, (height - 1) / 2], [0.0, 0.0, 1.0]])
    turn = _turns(np.arctan2(x, distance_m), np.zeros_like(x))
    position = np.stack([x, y, np.zeros_like(x)], axis=1)
    return Camera(intrinsics, np.concatenate([turn, -turn @ position[:, :, None]], axis=2))


def _rays(camera: Camera, frame: int, pixels: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the camera's place [3] and rays [P, 3] of one metre along its axis."""
    origin = camera.lift(frame, np.zeros((1, 2)), np.zeros(1))[0]
    return origin, camera.lift(frame, pixels, np.ones(len(pixels))) - origin


def _hit(
    bodies: list[_Body], camera: Camera, frame: int, pixels: FloatArray
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.int64]]:
    """Return depth [P], point [P, 3] and body [P] that pixels [P, 2] see."""
    origin, rays = _rays(camera, frame, pixels)
    depths = np.stack([body.cast(frame, origin, rays) for body in bodies])
    owner = depths.argmin(axis=0)
    depth = depths.min(axis=0)
    return depth, origin + rays * depth[:, None], owner


def _look(
    bodies: list[_Body], camera: Camera, frame: int, size: int
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.int64]]:
    """Return picture [H, W, 3], depth [H, W] and body [H, W] of a frame."""
    rows, columns = np.mgrid[:size, :size]
    pixels = np.stack([columns.ravel(), rows.ravel()], axis=1).astype(np.float64)
    depth, points, owner = _hit(bodies, camera, frame, pixels)
    rgb = np.empty((len(pixels), 3))
    for index, body in enumerate(bodies):
        mine = owner == index
        rgb[mine] = body.colour(body.local(frame, points[mine]))
    return rgb.reshape(size, size, 3), depth.reshape(size, size), owner.reshape(size, size)


def _follow(
    bodies: list[_Body], camera: Camera, frame: int, pixels: FloatArray
) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Return where points at pixels [P, 2] of a frame are in all frames [T, P, 3], and of what body [P]."""
    _, points, owner = _hit(bodies, camera, frame, pixels)
    found = np.empty((len(bodies[0].centres), len(pixels), 3))
    for index, body in enumerate(bodies):
        mine = owner == index
        local = body.local(frame, points[mine])
        for other in range(len(found)):
            found[other, mine] = body.world(other, local)
    return found, owner


def _tracked(
    bodies: list[_Body],
    camera: Camera,
    owner: npt.NDArray[np.int64],
    depth: FloatArray,
    count: int,
    rng: np.random.Generator,
) -> tuple[FloatArray, BoolArray]:
    """Return exact tracks [T, Q, 2] of points first seen in some frame, and where they are seen [T, Q]."""
    frames, size = len(depth), depth.shape[1]
    starts = np.linspace(0, frames - 1, 4).astype(int)
    parts = []
    for start in starts.tolist():
        moving = np.argwhere(owner[start] > 0)
        still = np.argwhere(owner[start] == 0)
        share = count // len(starts) * 2 // 3
        picked = [rng.permutation(moving)[:share], rng.permutation(still)[: count // len(starts) - share]]
        pixels = np.concatenate(picked)[:, ::-1] + 0.0
        parts.append(_follow(bodies, camera, start, pixels)[0])
    return _seen(bodies, camera, np.concatenate(parts, axis=1), size)


def _seen(bodies: list[_Body], camera: Camera, points: FloatArray, size: int) -> tuple[FloatArray, BoolArray]:
    """Return pixels [T, Q, 2] of points [T, Q, 3], and whether they are seen there [T, Q]."""
    tracks, visible = np.empty((*points.shape[:2], 2)), np.empty(points.shape[:2], dtype=np.bool_)
    for frame in range(len(points)):
        tracks[frame], z = camera.project(frame, points[frame])
        inside = ((tracks[frame] >= 0) & (tracks[frame] <= size - 1)).all(axis=1)
        nearest = np.where(inside[:, None], tracks[frame], 0.0)
        first, _, _ = _hit(bodies, camera, frame, nearest)
        visible[frame] = inside & (z < first + _VISIBLE_M)
    return tracks, visible
