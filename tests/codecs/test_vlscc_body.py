"""The kinematic body, files of others, and the source of poses."""

import math

import numpy as np
import pytest
import torch
from torch import tensor

from semverse.envs.codecs.vlscc.body import (
    JOINTS,
    SIZE,
    KinematicBody,
    fidelity,
    mpjpe,
    project,
    rotations,
    smpl_body,
)
from semverse.envs.codecs.vlscc.poses import PoseSource
from semverse.envs.errors import InputError

HIP, KNEE, ANKLE, FOOT = 1, 4, 7, 10


def test_rotation_about_x_by_a_right_angle():
    turn = rotations(tensor([math.pi / 2, 0.0, 0.0]))
    torch.testing.assert_close(turn @ tensor([0.0, 1.0, 0.0]), tensor([0.0, 0.0, 1.0]), atol=1e-6, rtol=0)


def test_rotations_are_orthogonal():
    turn = rotations(torch.randn(50, 3, generator=torch.Generator().manual_seed(0)) * 3)
    torch.testing.assert_close(turn @ turn.mT, torch.eye(3).expand(50, 3, 3), atol=1e-5, rtol=0)
    torch.testing.assert_close(torch.linalg.det(turn), torch.ones(50))


def test_bent_knee_moves_what_hangs_on_it():
    body, pose, shape = KinematicBody(), torch.zeros(1, JOINTS, 3), torch.zeros(1, 10)
    rest = body.joints(pose.flatten(1), shape)[0]
    pose[0, KNEE, 0] = math.pi / 2
    bent = body.joints(pose.flatten(1), shape)[0]
    moved = ((bent - rest).norm(dim=1) > 1e-6).nonzero().flatten().tolist()
    assert moved == [ANKLE, FOOT]
    # the shin (0, -0.42, -0.03) turns to (0, 0.03, -0.42)
    torch.testing.assert_close(bent[ANKLE] - bent[KNEE], tensor([0.0, 0.03, -0.42]), atol=1e-6, rtol=0)


def test_shape_scales_bones():
    body = KinematicBody()
    shape = torch.zeros(2, 10)
    shape[1, 0] = 2.0  # stature: every bone by exp(0.06 * 2)
    joints = body.joints(torch.zeros(2, 72), shape)
    torch.testing.assert_close(joints[1], joints[0] * math.exp(0.12))


def test_projection():
    found = project(tensor([[[1.0, 2.0, 9.0]]]), tensor([[0.5, 0.1, -0.2]]))
    torch.testing.assert_close(found, tensor([[[0.6, 0.8]]]))


def test_errors_of_equal_parameters_vanish():
    body, x = KinematicBody(), PoseSource().sample(8, torch.Generator().manual_seed(0))[0]
    assert mpjpe(body, x, x).max() < 1e-5
    moved = x.clone()
    moved[:, 1] += 0.5  # a shifted camera changes no joint, but every image position
    assert mpjpe(body, x, moved).max() < 1e-5
    torch.testing.assert_close(fidelity(body, x, moved), torch.full((8,), 0.5), atol=1e-4, rtol=0)


def test_gradient_at_rest_is_finite():
    x = torch.zeros(1, SIZE, requires_grad=True)
    fidelity(KinematicBody(), torch.zeros(1, SIZE), x).sum().backward()
    assert bool(torch.isfinite(x.grad).all())


def test_smpl_file(tmp_path):
    body = KinematicBody()
    rest = body.joints(torch.zeros(1, 72), torch.zeros(1, 10))[0].numpy()
    moves = np.zeros((JOINTS, 3, 300))
    moves[:, :, 0] = 0.1 * rest
    # a "mesh" with a vertex at each joint
    np.savez(tmp_path / "smpl.npz", J_regressor=np.eye(JOINTS), v_template=rest, shapedirs=moves)
    loaded = smpl_body(tmp_path / "smpl.npz")
    pose, shape = torch.randn(3, 72), torch.zeros(3, 10)
    torch.testing.assert_close(loaded.joints(pose, shape), body.joints(pose, shape), atol=1e-5, rtol=0)
    shape[:, 0] = 1.0
    torch.testing.assert_close(
        loaded.joints(pose, shape), 1.1 * body.joints(pose, 0 * shape), atol=1e-5, rtol=0
    )


def test_wrong_smpl_files_are_one_line(tmp_path):
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    np.savez(tmp_path / "pickle.npz", J_regressor=np.array([{}]), v_template=0, shapedirs=0)
    (tmp_path / "text.npz").write_text("no archive")
    for name in ("other.npz", "pickle.npz", "text.npz", "missing.npz"):
        with pytest.raises(InputError, match=name):
            smpl_body(tmp_path / name)


def test_pose_source_has_its_moments():
    source = PoseSource()
    x, activity = source.sample(40_000, torch.Generator().manual_seed(0))
    mean, deviation = source.moments()
    torch.testing.assert_close(x.mean(0), mean, atol=0.03, rtol=0)
    torch.testing.assert_close(x.std(0), deviation, atol=0.02, rtol=0.05)
    shares = torch.bincount(activity) / len(activity)
    torch.testing.assert_close(shares, source.shares, atol=0.01, rtol=0)


def test_complex_activities_carry_more_information():
    source = PoseSource()
    x, activity = source.sample(4000, torch.Generator().manual_seed(0))
    bits = source.information_bits(x)
    means = {name: bits[activity == i].mean().item() for i, name in enumerate(source.names)}
    assert means["idle"] < means["talk"] < means["reach"] < means["dance"] < means["acrobatics"]
    assert (source.posterior(x).argmax(1) == activity).float().mean() > 0.99
