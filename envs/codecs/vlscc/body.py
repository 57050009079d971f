"""Bodies: joint positions from the 85 numbers of human mesh recovery (camera 3, pose 72, shape 10).

The SMPL model may not be shipped. `KinematicBody` is a skeleton of our own with SMPL's 24 joints and
conventions; `smpl_body` reads a file that a user has. Anything else plugs in as a `Body`.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from semverse.envs.codecs.vlscc.loss import joint_errors
from semverse.envs.errors import InputError
from semverse.envs.files import read_bytes

CAMERA, POSE, SHAPE = slice(0, 3), slice(3, 75), slice(75, 85)
SIZE = 85
JOINTS = 24
# joint each joint hangs on, SMPL's order
PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)

# joint: offset from its parent at rest [m], x to the left, y up, z forward; right sides are mirrored below
_OFFSETS = {
    0: (0.0, 0.0, 0.0),  # pelvis
    1: (0.09, -0.08, 0.0),  # hip
    3: (0.0, 0.11, -0.02),  # spine
    4: (0.02, -0.40, 0.0),  # knee
    6: (0.0, 0.14, 0.01),
    7: (0.0, -0.42, -0.03),  # ankle
    9: (0.0, 0.06, 0.02),
    10: (0.02, -0.06, 0.12),  # foot
    12: (0.0, 0.21, -0.04),  # neck
    13: (0.08, 0.12, -0.02),  # collar
    15: (0.0, 0.10, 0.05),  # head
    16: (0.10, 0.04, -0.01),  # shoulder
    18: (0.26, -0.01, -0.02),  # elbow
    20: (0.25, 0.0, 0.0),  # wrist
    22: (0.09, -0.01, 0.0),  # hand
}
_MIRRORED = {2: 1, 5: 4, 8: 7, 11: 10, 14: 13, 17: 16, 19: 18, 21: 20, 23: 22}
# what each of the ten shape coefficients scales: the logarithm of which bones' lengths, by how much
_SHAPES: tuple[tuple[float, tuple[int, ...]], ...] = (
    (0.06, tuple(range(1, JOINTS))),  # stature
    (0.04, (4, 5, 7, 8)),  # legs
    (0.04, (3, 6, 9)),  # trunk
    (0.04, (18, 19, 20, 21)),  # arms
    (0.05, (13, 14, 16, 17)),  # shoulders
    (0.05, (1, 2)),  # hips
    (0.04, (12, 15)),  # neck and head
    (0.03, (4, 5)),  # thighs
    (0.03, (18, 19)),  # upper arms
    (0.05, (10, 11, 22, 23)),  # feet and hands
)


def _generations() -> list[list[int]]:
    """Return the joints by their depth below the root."""
    depth = [0]
    for parent in PARENTS[1:]:
        depth.append(depth[parent] + 1)
    return [[j for j in range(JOINTS) if depth[j] == d] for d in range(max(depth) + 1)]


_ORDER = [joint for generation in _generations() for joint in generation]
_PLACES = [_ORDER.index(joint) for joint in range(JOINTS)]  # where `forward_kinematics` puts each joint
_GENERATIONS = [(joints, [_ORDER.index(PARENTS[j]) for j in joints]) for joints in _generations()[1:]]


class Body(Protocol):
    """Joint positions of posed bodies."""

    def joints(self, pose: Tensor, shape: Tensor) -> Tensor:
        """Return positions [B, K, 3] in metres from the root; pose [B, 72], shape [B, 10]."""
        ...


class KinematicBody:
    """A chain of 24 joints; every pose rotates the bones below a joint, every shape scales bones.

    Args:
        rest: offset of each joint from its parent [24, 3], m.
        scales: logarithm of each bone's length by shape coefficient [24, 10].
    """

    def __init__(self, rest: Tensor | None = None, scales: Tensor | None = None) -> None:
        self.rest = _rest() if rest is None else rest
        self.scales = _scales() if scales is None else scales

    def offsets(self, shape: Tensor) -> Tensor:
        """Return the bones [B, 24, 3] of shapes [B, 10]."""
        return self.rest * torch.exp(shape @ self.scales.T)[..., None]

    def joints(self, pose: Tensor, shape: Tensor) -> Tensor:
        """Return positions [B, 24, 3] in metres from the root; axis-angle pose [B, 72], shape [B, 10]."""
        return forward_kinematics(pose, self.offsets(shape))


class LinearBody(KinematicBody):
    """A body whose joints at rest are linear in the shape, as SMPL's.

    Args:
        template: joints at rest [24, 3], m.
        directions: how they move with shape coefficients [24, 3, 10].
    """

    def __init__(self, template: Tensor, directions: Tensor) -> None:
        self.template, self.directions = template, directions

    def offsets(self, shape: Tensor) -> Tensor:
        """Return the bones [B, 24, 3] of shapes [B, 10]."""
        rest = self.template + torch.einsum("jdk,bk->bjd", self.directions, shape)
        return rest - rest[:, [max(parent, 0) for parent in PARENTS]]


def forward_kinematics(pose: Tensor, offsets: Tensor) -> Tensor:
    """Return joints [B, 24, 3] of axis-angle rotations [B, 72] and bones [B, 24, 3]; root at 0."""
    local = rotations(pose.reshape(-1, JOINTS, 3))
    turned, placed = local[:, :1], torch.zeros_like(offsets[:, :1])
    for joints, parents in _GENERATIONS:  # all joints that hang equally deep at once
        above = turned[:, parents]
        bones = (above @ offsets[:, joints, :, None])[..., 0]
        placed = torch.cat([placed, placed[:, parents] + bones], 1)
        turned = torch.cat([turned, above @ local[:, joints]], 1)
    return placed[:, _PLACES]


def rotations(axis_angle: Tensor) -> Tensor:
    """Return rotation matrices [..., 3, 3] of axis-angle vectors [..., 3] in rad (Rodrigues)."""
    angle = torch.sqrt(axis_angle.square().sum(-1) + 1e-12)[..., None, None]
    x, y, z = axis_angle.unbind(-1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(*x.shape, 3, 3)
    one = torch.eye(3, dtype=axis_angle.dtype)
    return one + torch.sin(angle) / angle * cross + (1 - torch.cos(angle)) / angle**2 * (cross @ cross)


def project(joints: Tensor, camera: Tensor) -> Tensor:
    """Return image positions [B, K, 2] of joints [B, K, 3]; weak-perspective camera [B, 3]: scale, x, y."""
    return camera[:, None, :1] * joints[..., :2] + camera[:, None, 1:]


def mpjpe(body: Body, true: Tensor, estimated: Tensor) -> Tensor:
    """Return the mean per joint position error [B] of parameters [B, 85], in metres (section V-A).

    As in the paper it is not multiplied by an image size.
    """
    return joint_errors(_joints(body, true), _joints(body, estimated))


def fidelity(body: Body, true: Tensor, estimated: Tensor) -> Tensor:
    """Return L_f = L_2D + L_3D [B] of parameters [B, 85]: joint errors in image and space (section IV-A)."""
    ours, theirs = _joints(body, true), _joints(body, estimated)
    flat = joint_errors(project(ours, true[:, CAMERA]), project(theirs, estimated[:, CAMERA]))
    return joint_errors(ours, theirs) + flat


def smpl_body(path: str | Path) -> LinearBody:
    """Return the body of a SMPL file in NPZ form (arrays without pickles).

    Args:
        path: holds ``J_regressor`` [24, V], ``v_template`` [V, 3] and ``shapedirs`` [V, 3, >= 10].

    Raises:
        InputError: the file cannot be read, is a pickle, or an array is missing or of another shape.
    """
    try:
        with np.load(io.BytesIO(read_bytes(path)), allow_pickle=False) as file:
            regressor, template = file["J_regressor"], file["v_template"]
            directions = file["shapedirs"][..., :10]
        rest, moves = regressor @ template, np.einsum("jv,vdk->jdk", regressor, directions)
    except (ValueError, LookupError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"is no SMPL file ({error})", source=path, remedy="save its arrays as .npz"
        ) from error
    if rest.shape != (JOINTS, 3) or moves.shape != (JOINTS, 3, 10):
        raise InputError(f"has joints of shape {rest.shape}", source=path, remedy="use SMPL with 24 joints")
    return LinearBody(torch.tensor(rest).float(), torch.tensor(moves).float())


def _joints(body: Body, parameters: Tensor) -> Tensor:
    return body.joints(parameters[:, POSE], parameters[:, SHAPE])


def _rest() -> Tensor:
    rest = torch.zeros(JOINTS, 3)
    for joint, offset in _OFFSETS.items():
        rest[joint] = torch.tensor(offset)
    for right, left in _MIRRORED.items():
        rest[right] = rest[left] * torch.tensor([-1.0, 1.0, 1.0])
    return rest


def _scales() -> Tensor:
    scales = torch.zeros(JOINTS, len(_SHAPES))
    for column, (amount, bones) in enumerate(_SHAPES):
        scales[list(bones), column] = amount
    return scales
