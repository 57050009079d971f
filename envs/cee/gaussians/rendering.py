"""What a pixel sees of Gaussians: projection and alpha compositing (paper 000, eqs. 7, 8 and 10, corrected).

Every pixel looks at every Gaussian, which suits small pictures on a CPU; pixels need not lie on a grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from semverse.envs.cee.gaussians.model import Gaussians

_BLUR = 0.15  # squared pixels added to a splat, so that none falls between pixel centres
_NEAR_M = 0.05  # nearer than this is behind the camera
_OPAQUE = 0.995  # largest alpha, so that nothing is divided by zero


@dataclass(frozen=True, eq=False)
class View:
    """A pinhole camera at one moment."""

    intrinsics: Tensor  # [3, 3]
    extrinsics: Tensor  # [3, 4], world to camera

    def see(self, points: Tensor) -> Tensor:
        """Return points of the world [..., 3] in the camera's coordinates."""
        return points @ self.extrinsics[:, :3].T + self.extrinsics[:, 3]

    def project(self, points: Tensor) -> Tensor:
        """Return pixels [..., 2] of points of the world [..., 3]: Pi(K E x)."""
        flat = self.see(points) @ self.intrinsics.T
        return flat[..., :2] / flat[..., 2:].clamp_min(_NEAR_M)


def splat(gaussians: Gaussians, view: View) -> tuple[Tensor, Tensor, Tensor]:
    """Return centres [N, 2], covariances [N, 2, 2] (pixels) and depths [N] of Gaussians (eq. 7).

    Sigma' = J Sigma J^T with the Jacobian J of the projection at the centre.
    """
    seen = view.see(gaussians.mean)
    x, y, z = seen[:, 0], seen[:, 1], seen[:, 2].clamp_min(_NEAR_M)
    fx, fy = view.intrinsics[0, 0], view.intrinsics[1, 1]
    zero = torch.zeros_like(z)
    rows = [torch.stack([fx / z, zero, -fx * x / z**2], 1), torch.stack([zero, fy / z, -fy * y / z**2], 1)]
    jacobian = torch.stack(rows, dim=1) @ view.extrinsics[:, :3]  # [N, 2, 3]
    covariance = jacobian @ gaussians.covariance @ jacobian.transpose(1, 2)
    return view.project(gaussians.mean), covariance + _BLUR * torch.eye(2, dtype=z.dtype), seen[:, 2]


def shares(gaussians: Gaussians, view: View, pixels: Tensor) -> Tensor:
    """Return by how much each pixel [P, 2] shows each Gaussian: T_i alpha_i of eq. 8 [P, N].

    alpha_i = o_i exp(-1/2 (p - mu')^T Sigma'^-1 (p - mu')), and T_i is the product of 1 - alpha_j over the j
    nearer to the camera.
    """
    centre, covariance, depth = splat(gaussians, view)
    order = depth.argsort()
    (a, b), (_, d) = covariance[order].permute(1, 2, 0)
    dx, dy = (pixels[:, None] - centre[order]).unbind(dim=2)  # [P, N]
    distance = (d * dx * dx - 2 * b * dx * dy + a * dy * dy) / (a * d - b * b)
    opacity = gaussians.opacity[order] * (depth[order] > _NEAR_M)
    alpha = (opacity * torch.exp(-0.5 * distance)).clamp_max(_OPAQUE)
    passed = torch.log1p(-alpha).cumsum(dim=1)
    before = torch.cat([torch.zeros_like(passed[:, :1]), passed[:, :-1]], dim=1)
    return (alpha * before.exp())[:, order.argsort()]


def render(gaussians: Gaussians, view: View, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Return colours [P, 3] and depths [P] of pixels [P, 2] (eq. 8)."""
    share = shares(gaussians, view, pixels)
    return share @ gaussians.colour, share @ view.see(gaussians.mean)[:, 2]


def follow(share: Tensor, means: Tensor) -> Tensor:
    """Return where the point that each pixel shows is in another frame [P, 3] (eq. 10).

    Args:
        share: of the Gaussians in the frame where the pixel is [P, N].
        means: centres of the Gaussians in the other frame [N, 3].
    """
    return share @ means / share.sum(dim=1, keepdim=True).clamp_min(1e-6)


def grid(height: int, width: int) -> Tensor:
    """Return the pixel centres of a picture [H W, 2] (x, y), row by row."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack([x, y], dim=-1).reshape(-1, 2).to(torch.get_default_dtype())
