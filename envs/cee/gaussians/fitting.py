"""Fitting dynamic Gaussians to a clip: colours, depth and tracks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import numpy as np
import pydantic
import torch
from torch import Tensor

from semverse.envs.cee.gaussians.model import DynamicGaussians
from semverse.envs.cee.gaussians.rendering import View, follow, grid, render, shares
from semverse.envs.cee.gaussians.start import depth_at_tracks, start
from semverse.envs.cee.gaussians.synthetic import Camera, Clip
from semverse.envs.config import Config

Count = Annotated[int, pydantic.Field(ge=1, le=1_000_000, strict=True)]
NonNegative = Annotated[float, pydantic.Field(ge=0, allow_inf_nan=False)]
_AT_ONCE = 4096  # pixels rendered together: each looks at every Gaussian
_FOLLOWED = 3  # frames that a step's tracks are followed to


class FitConfig(Config):
    """How a scene is fitted."""

    gaussians: Count
    bases: Count  # motions that all Gaussians share
    steps: Count
    pixels: Count  # of one frame, a step
    tracks: Count  # of that frame, a step
    learning_rate: NonNegative  # of colours, opacities, shapes and shares; falls to a tenth
    place_learning_rate: NonNegative  # of centres and motions, metres; falls to a tenth
    depth_weight: NonNegative
    track_weight: NonNegative  # of 2-D tracks, and of their depth
    smoothness: NonNegative  # weight of the motions' roughness


def fit(clip: Clip, config: FitConfig, seed: int, advance: Callable[[float], object]) -> DynamicGaussians:
    """Return a scene fitted to a clip.

    Args:
        clip: what was filmed.
        config: how.
        seed: of all draws.
        advance: told the loss after every step.
    """
    scene = start(clip, config.gaussians, config.bases, seed)
    generator = torch.Generator().manual_seed(seed)
    slow = [scene.mean, scene.base_columns, scene.base_translations]
    fast = [p for p in scene.parameters() if all(p is not s for s in slow)]
    optimiser = torch.optim.Adam(
        [{"params": slow, "lr": config.place_learning_rate}, {"params": fast, "lr": config.learning_rate}]
    )
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimiser, 0.1 ** (1.0 / config.steps))
    seen = _Seen(clip)
    for _ in range(config.steps):
        frame = int(torch.randint(len(clip.rgb), (1,), generator=generator))
        loss = seen.loss(scene, frame, config, generator)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        advance(float(loss.detach()))
    return scene


def view_of(camera: Camera, frame: int) -> View:
    """Return a camera at one frame."""
    return View(
        *(torch.as_tensor(x, dtype=torch.float32) for x in (camera.intrinsics, camera.extrinsics[frame]))
    )


def picture(scene: DynamicGaussians, frame: int, view: View, height: int, width: int) -> np.ndarray:
    """Return a rendered picture [H, W, 3], from any view."""
    with torch.inference_mode():
        parts = grid(height, width).split(_AT_ONCE)
        colour = torch.cat([render(scene.at(frame), view, part)[0] for part in parts])
    return np.asarray(colour.reshape(height, width, 3).clamp(0.0, 1.0).numpy())


def track(scene: DynamicGaussians, frame: int, view: View, pixels: np.ndarray, frames: int) -> np.ndarray:
    """Return where the points at pixels [P, 2] of a frame are in every frame [T, P, 3] (eq. 10)."""
    with torch.inference_mode():
        share = shares(scene.at(frame), view, torch.as_tensor(pixels, dtype=torch.float32))
        return np.stack([follow(share, scene.means(t)).numpy() for t in range(frames)])


def depth(scene: DynamicGaussians, frame: int, view: View, pixels: np.ndarray) -> np.ndarray:
    """Return the depth that pixels [P, 2] of a frame show [P], metres."""
    with torch.inference_mode():
        _, found = render(scene.at(frame), view, torch.as_tensor(pixels, dtype=torch.float32))
    return np.asarray(found.numpy())


class _Seen:
    """A clip as tensors."""

    def __init__(self, clip: Clip) -> None:
        self.frames, self.height, self.width = clip.depth.shape
        self.rgb, self.depth, self.tracks = (
            torch.as_tensor(x, dtype=torch.float32)
            for x in (clip.rgb.reshape(self.frames, -1, 3), clip.depth.reshape(self.frames, -1), clip.tracks)
        )
        self.visible = torch.as_tensor(clip.visible)
        self.track_depth = torch.as_tensor(depth_at_tracks(clip), dtype=torch.float32)
        self.views = [view_of(clip.camera, frame) for frame in range(self.frames)]
        self.pixels = grid(self.height, self.width)

    def loss(
        self, scene: DynamicGaussians, frame: int, config: FitConfig, generator: torch.Generator
    ) -> Tensor:
        """Return the loss of some pixels and tracks of a frame."""
        chosen = torch.randperm(len(self.pixels), generator=generator)[: config.pixels]
        seen = self.visible[frame].nonzero()[:, 0]
        seen = seen[torch.randperm(len(seen), generator=generator)[: config.tracks]]
        gaussians, view = scene.at(frame), self.views[frame]
        share = shares(gaussians, view, torch.cat([self.pixels[chosen], self.tracks[frame, seen]]))
        shown, followed = share[: len(chosen)], share[len(chosen) :]
        depth = self.depth[frame, chosen]
        error = (shown @ gaussians.colour - self.rgb[frame, chosen]).abs().mean()
        seen_depth = shown @ view.see(gaussians.mean)[:, 2]
        error = error + config.depth_weight * ((seen_depth - depth) / depth).abs().mean()
        for other in torch.randint(self.frames, (_FOLLOWED,), generator=generator).tolist():
            error = error + config.track_weight / _FOLLOWED * self._track_error(scene, followed, seen, other)
        return error + config.smoothness * scene.roughness()

    def _track_error(self, scene: DynamicGaussians, share: Tensor, seen: Tensor, frame: int) -> Tensor:
        """Return the relative error of tracks that are seen in another frame, across and in depth."""
        view, point = self.views[frame], follow(share, scene.means(frame))
        there = self.visible[frame, seen].to(point.dtype)
        across = (view.project(point) - self.tracks[frame, seen]).abs().sum(dim=1) / view.intrinsics[0, 0]
        depth = self.track_depth[frame, seen]
        along = ((view.see(point)[:, 2] - depth) / depth).abs()
        return ((across + along) * there).sum() / there.sum().clamp_min(1.0)
