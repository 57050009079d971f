"""The stages of the service, one after the other; each is made of what earlier ones left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from time import process_time
from typing import Any

import numpy as np
import torch

from semverse.envs.cee.config import CEEConfig
from semverse.envs.cee.gaussians.fitting import fit, picture, view_of
from semverse.envs.cee.gaussians.model import DynamicGaussians
from semverse.envs.cee.gaussians.synthetic import Camera
from semverse.envs.cee.matting.fusion import fuse
from semverse.envs.cee.matting.segmenter import Matte, Segmenter, overlap, shown_matte
from semverse.envs.cee.service.air import Air, Progress, delay_s, send_clip
from semverse.envs.cee.service.config import ServiceConfig
from semverse.envs.cee.service.scene import lift, swaying
from semverse.envs.codecs.bitstream import Frames
from semverse.envs.codecs.media import Source
from semverse.envs.codecs.transmission import quality

Arrays = dict[str, np.ndarray[Any, np.dtype[Any]]]
Figures = dict[str, Any]
MODEL, MEASURED = "model", "measured"


@dataclass(frozen=True, eq=False)
class Job:
    """What the service is asked for.

    Attributes:
        user: clip of the person [F, H, W, 3].
        background: clip behind, of the same size.
        matte: [F, H, W] of the person as filmed, what later mattes are compared with.
        fps: frames a second.
        uplink: radio link of the person's clip.
        background_uplink: radio link of the background.
        downlink: radio link of the rendered view.
        segmenter: the portrait model.
        config: what is done.
        constants: delays of links.
        seed: of points and fit.
    """

    user: Frames
    background: Frames
    matte: Matte
    fps: Fraction
    uplink: Air
    background_uplink: Air
    downlink: Air
    segmenter: Segmenter
    config: ServiceConfig
    constants: CEEConfig
    seed: int


@dataclass(frozen=True)
class Stage:
    """A stage.

    Attributes:
        name: of the stage and of its files.
        where: it happens.
        source: of its delay: ``model`` (configs/cee/default.yaml), or ``measured`` (processor time).
        run: returns arrays for later stages (``frames`` is shown as a clip), and figures with ``seconds``.
    """

    name: str
    where: str
    source: str
    run: Callable[[Job, dict[str, Arrays], Progress], tuple[Arrays, Figures]]


def _sent(frames: Frames, air: Air, job: Job, progress: Progress) -> tuple[Arrays, Figures]:
    sent = send_clip(frames, job.fps, air, progress)
    symbols, pixels = sent.figures["symbols"], frames[0, ..., 0].size
    seconds = delay_s(symbols, len(frames), pixels, air, job.constants)
    return {"frames": sent.frames}, {"seconds": seconds, **sent.figures}


def _uplink(job: Job, _: dict[str, Arrays], progress: Progress) -> tuple[Arrays, Figures]:
    return _sent(job.user, job.uplink, job, progress)


def _background(job: Job, _: dict[str, Arrays], progress: Progress) -> tuple[Arrays, Figures]:
    return _sent(job.background, job.background_uplink, job, progress)


def _fibre_up(job: Job, _: dict[str, Arrays], progress: Progress) -> tuple[Arrays, Figures]:
    bits = 2 * job.constants.mezzanine_bits * job.user[..., 0].size
    return {}, {"seconds": fibre_s(bits, job.constants), "bits": bits}


def _matting(job: Job, done: dict[str, Arrays], progress: Progress) -> tuple[Arrays, Figures]:
    count, began = iter(range(1, len(job.user) + 1)), process_time()
    matte = job.segmenter.matte(done["uplink"]["frames"], lambda: progress(next(count), len(job.user)))
    figures = {"seconds": process_time() - began, "iou": overlap(matte, job.matte)}
    return {"frames": shown_matte(matte), "matte": matte}, figures


def _fusion(job: Job, done: dict[str, Arrays], progress: Progress) -> tuple[Arrays, Figures]:
    began = process_time()
    fused = fuse(done["uplink"]["frames"], done["background"]["frames"], done["matting"]["matte"])
    seconds = process_time() - began
    wanted = fuse(job.user, job.background, job.matte)
    return {"frames": fused}, {"seconds": seconds, **quality(Source(wanted, job.fps), fused)}


def _reconstruction(job: Job, done: dict[str, Arrays], progress: Progress) -> tuple[Arrays, Figures]:
    torch.set_num_threads(1)  # sums that are split among threads round differently
    began = process_time()
    clip = lift(done["fusion"]["frames"], done["matting"]["matte"], job.config.scene, job.seed)
    steps = job.config.fit.steps
    count = iter(range(1, steps + 1))
    scene = fit(clip, job.config.fit, job.seed, lambda _: progress(next(count), steps))
    seconds = process_time() - began
    shown = _filmed(scene, clip.camera, *clip.depth.shape[1:])
    arrays = {name: value.numpy() for name, value in scene.state_dict().items()}
    filmed = (255 * clip.rgb).round().astype(np.uint8)
    return {**arrays, "frames": shown}, {"seconds": seconds, **quality(Source(filmed, job.fps), shown)}


def _fibre_down(job: Job, done: dict[str, Arrays], progress: Progress) -> tuple[Arrays, Figures]:
    scene = {name: value for name, value in done["reconstruction"].items() if name != "frames"}
    bits = 8 * sum(value.nbytes for value in scene.values())
    return {}, {"seconds": fibre_s(bits, job.constants), "bits": bits}


def _rendering(job: Job, done: dict[str, Arrays], progress: Progress) -> tuple[Arrays, Figures]:
    torch.set_num_threads(1)
    shown = done["reconstruction"]["frames"]
    frames, height, width = shown.shape[:3]
    camera = swaying(height, width, frames, job.config.view.sway_m, job.config.scene)
    scene, began = scene_of(done["reconstruction"], job), process_time()
    view = _filmed(scene, camera, height, width, progress)
    return {"frames": view}, {"seconds": process_time() - began}


def _downlink(job: Job, done: dict[str, Arrays], progress: Progress) -> tuple[Arrays, Figures]:
    return _sent(done["rendering"]["frames"], job.downlink, job, progress)


STAGES = (
    Stage("uplink", "headset to edge", MODEL, _uplink),
    Stage("background", "camera to edge", MODEL, _background),
    Stage("fibre up", "edge to cloud", MODEL, _fibre_up),
    Stage("matting", "cloud", MEASURED, _matting),
    Stage("fusion", "cloud", MEASURED, _fusion),
    Stage("reconstruction", "cloud", MEASURED, _reconstruction),
    Stage("fibre down", "cloud to edge", MODEL, _fibre_down),
    Stage("rendering", "edge", MEASURED, _rendering),
    Stage("downlink", "edge to headset", MODEL, _downlink),
)


def fibre_s(bits: float, constants: CEEConfig) -> float:
    """Return how long bits take over the fibre, one way."""
    return constants.latency.fibre_ms / 1e3 + bits / (constants.fibre_gbps * 1e9)


def scene_of(arrays: Arrays, job: Job) -> DynamicGaussians:
    """Return the scene that `_reconstruction` left."""
    gaussians, bases = job.config.fit.gaussians, job.config.fit.bases
    frames = arrays["base_translations"].shape[1]
    scene = DynamicGaussians(
        torch.zeros(gaussians, 3),
        torch.ones(gaussians),
        torch.zeros(gaussians, 3),
        torch.zeros(gaussians, bases),
        torch.zeros(bases, frames, 3, 3),
        torch.zeros(bases, frames, 3),
    )
    scene.load_state_dict({name: torch.as_tensor(arrays[name]) for name in scene.state_dict()})
    return scene


def _filmed(
    scene: DynamicGaussians, camera: Camera, height: int, width: int, progress: Progress | None = None
) -> Frames:
    """Return what a camera sees of a scene [F, H, W, 3]."""
    found = np.empty((len(camera.extrinsics), height, width, 3), dtype=np.uint8)
    for t in range(len(found)):
        found[t] = np.round(255 * picture(scene, t, view_of(camera, t), height, width))
        if progress is not None:
            progress(t + 1, len(found))
    return found
