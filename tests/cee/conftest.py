"""A problem that is small enough to try every decision; the portrait model where there is one."""

import os
from pathlib import Path

import numpy as np
import pytest

from semverse.envs.cee.links import LinkTable, load_links, save_links
from semverse.envs.cee.problem import Problem

PORTRAIT_MODEL = "SEMVERSE_PORTRAIT_MODEL"  # variable that names its file
CHOSEN = (0, 40, 88)  # options of a small problem


def small_table():
    """Return a table of three link options."""
    whole = load_links()
    picked = np.array(CHOSEN)
    return LinkTable(
        whole.snr_db,
        whole.log_mse[:, picked],
        whole.symbols[picked],
        whole.gop[picked],
        whole.semantic[picked],
        tuple(whole.names[i] for i in picked),
    )


def small_problem(epochs, **overrides):
    """Return a problem with three options a link and three preprocessing levels."""
    given = Problem.of(
        epochs=epochs,
        work={"preprocessing_levels": [0.0, 1 / 64, 1 / 8]},
        quality={"refresh": [0, 2, 4]},
        **overrides,
    )
    return Problem(given.config, small_table())


@pytest.fixture
def small():
    """Return the function that makes such a problem: epochs and overrides in."""
    return small_problem


@pytest.fixture(scope="module")
def portrait_model() -> Path:
    """File of the portrait model; the test is skipped where it or what runs it is absent."""
    pytest.importorskip("ai_edge_litert")
    path = Path(os.environ.get(PORTRAIT_MODEL, ""))
    if not path.is_file():
        pytest.skip(f"no portrait model; set {PORTRAIT_MODEL}")
    return path


@pytest.fixture
def small_links(tmp_path):
    """Return the path of a table of three link options, as a profile's ``links`` names it."""
    path = tmp_path / "links.npz"
    save_links(small_table(), path)
    return str(path)


def untrained_codec(folder: Path, clip: np.ndarray) -> None:
    """Write a checkpoint of a small video codec that has seen a clip [F, H, W, 3], F a multiple of 4."""
    import torch
    import yaml
    from safetensors.torch import save_file

    from semverse.envs.codecs.vst.codec import VideoCodec
    from semverse.envs.codecs.vst.config import VideoConfig
    from semverse.envs.config import parse

    sizes = {"kind": "video", "frames": 4, "side": 8, "channels": 96, "width": 4}
    about = {**sizes, "levels": 12, "common_level": 8, "rates": [0.05, 0.2], "rate": 0.2}
    codec = VideoCodec(parse(VideoConfig, about))
    codec.begin(torch.tensor(clip).permute(0, 3, 1, 2).unflatten(0, (-1, 4)) / 255)
    (folder / "config.yaml").write_text(yaml.safe_dump({"codec": about}))
    save_file(codec.state_dict(), folder / "model.safetensors")


@pytest.fixture(scope="session")
def write_codec():
    """Return the function that writes a checkpoint of a small video codec: folder and clip in."""
    return untrained_codec
