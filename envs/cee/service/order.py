"""What a user asks for, checked before anything is written."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from semverse.envs.cee.config import CEEConfig, load_profile
from semverse.envs.cee.matting.fusion import read_pair
from semverse.envs.cee.matting.segmenter import Segmenter, check_person
from semverse.envs.cee.service.air import Air, check_link
from semverse.envs.cee.service.config import ServiceConfig
from semverse.envs.cee.service.stages import Job
from semverse.envs.codecs.chosen import LEARNED
from semverse.envs.codecs.vlscc.checkpoint import find_codec
from semverse.envs.errors import InputError
from semverse.envs.files import read_bytes
from semverse.envs.weights import WEIGHTS

FEWEST_FRAMES = 4  # that a moving scene can be made of
MOST_STEPS = 100_000
_CONSTANTS = {"latency", "radio", "fibre_gbps", "mezzanine_bits", "rates", "work"}  # that delays are made of


@dataclass(frozen=True)
class Order:
    """What is asked for.

    Attributes:
        user: path of the person's clip.
        background: path of the clip behind.
        uplink_db: mean Es/N0, dB.
        downlink_db: mean Es/N0, dB.
        channel: ``awgn`` or ``rayleigh``.
        codec: of all three links.
        checkpoint: name or folder of the learned codec.
        rate: symbols per pixel of the learned codec; None is its own.
        frames: read at most.
        steps: of fitting the scene; None is what the configuration says.
        fit: crop, scale and repeat the background as needed.
        seed: of fading, noise and fit.
    """

    user: Path
    background: Path
    uplink_db: float
    downlink_db: float
    channel: str
    codec: str
    checkpoint: str
    rate: float | None
    frames: int
    steps: int | None
    fit: bool
    seed: int


def prepare(order: Order, config: ServiceConfig, model: Path | None) -> tuple[Job, dict[str, Any]]:
    """Read the clips and the portrait model, and look for a person.

    Args:
        order: what is asked for.
        config: what is done.
        model: file of the portrait model; None is the one that ``SEMVERSE_PORTRAIT_MODEL`` names.

    Returns:
        The job, and everything that decides its results, for JSON.

    Raises:
        InputError: anything is wrong.
    """
    config = _with_steps(config, order.steps)
    constants = load_profile()
    links = _links(order, config, constants)
    for link in links:
        check_link(link)
    if order.frames < FEWEST_FRAMES:
        raise InputError(f"is {order.frames}", source="--frames", remedy=f"give at least {FEWEST_FRAMES}")
    user, background = read_pair(order.user, order.background, order.frames, order.fit, FEWEST_FRAMES)
    segmenter = Segmenter(model)
    matte = segmenter.matte(user.frames)
    check_person(matte, order.user)
    files = {"user": order.user, "background": order.background, "model": segmenter.path}
    if order.codec == LEARNED:
        files["checkpoint"] = find_codec(order.checkpoint) / WEIGHTS
    recipe = {
        **{key: value for key, value in asdict(order).items() if key not in files},
        **{f"{key}_sha256": hashlib.sha256(read_bytes(path)).hexdigest() for key, path in files.items()},
        "config": config.model_dump(mode="json"),
        "constants": constants.model_dump(mode="json", include=_CONSTANTS),
    }
    job = Job(
        user=user.frames,
        background=background,
        matte=matte,
        fps=user.fps,
        uplink=links[0],
        background_uplink=links[1],
        downlink=links[2],
        segmenter=segmenter,
        config=config,
        constants=constants,
        seed=order.seed,
    )
    return job, recipe


def _with_steps(config: ServiceConfig, steps: int | None) -> ServiceConfig:
    """Return a configuration with another number of steps of the fit, if one is given."""
    if steps is None:
        return config
    if not 1 <= steps <= MOST_STEPS:
        raise InputError(f"is {steps}", source="--steps", remedy=f"give 1 to {MOST_STEPS}")
    return config.model_copy(update={"fit": config.fit.model_copy(update={"steps": steps})})


def _links(order: Order, config: ServiceConfig, constants: CEEConfig) -> list[Air]:
    """Return the links of the user's clip up, of the background up, and down."""
    seeds = [int(s) for s in np.random.SeedSequence(order.seed).generate_state(3)]
    up, down = constants.radio.uplink_mhz, constants.radio.downlink_mhz
    return [
        Air(
            codec=order.codec,
            snr_db=order.uplink_db if upwards else order.downlink_db,
            channel=order.channel,
            mhz=up if upwards else down,
            up=upwards,
            seed=seed,
            chain=config.chain,
            checkpoint=order.checkpoint,
            rate=order.rate,
        )
        for upwards, seed in zip((True, True, False), seeds, strict=True)
    ]
