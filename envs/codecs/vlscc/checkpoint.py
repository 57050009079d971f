"""Checkpoints of codecs: ``config.yaml``, ``model.safetensors`` in half precision, and ``card.json``."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from semverse.envs.codecs.vlscc.codec import Codec
from semverse.envs.codecs.vlscc.config import AnyCodec, ImageConfig, MeshConfig
from semverse.envs.codecs.vlscc.image import ImageCodec
from semverse.envs.codecs.vlscc.mesh import MeshCodec
from semverse.envs.config import Config, load_config
from semverse.envs.errors import InputError
from semverse.envs.weights import CONFIG, WEIGHTS, read_weights, take_weights, write_learned

if TYPE_CHECKING:
    from semverse.envs.codecs.vst.codec import VideoCodec


class CodecCheckpoint(Config):
    """What a checkpoint says about itself: enough to make the codec again."""

    codec: AnyCodec


def make_codec(config: MeshConfig | ImageConfig) -> Codec:
    """Return an untrained codec."""
    return MeshCodec(config) if isinstance(config, MeshConfig) else ImageCodec(config)


def load_codec(name: str | Path) -> Codec:
    """Return a trained codec, ready to be used.

    Args:
        name: folder of a checkpoint, or the name of one that ships (`shipped_codecs`).

    Raises:
        InputError: there is none, or something in it is wrong.
    """
    folder = find_codec(name)
    codec = make_codec(load_config(CodecCheckpoint, folder / CONFIG).codec)
    take_weights(codec, folder)
    codec.eval()
    return codec


def save_codec(codec: Codec | VideoCodec, folder: Path, card: Mapping[str, Any]) -> None:
    """Write a codec's checkpoint.

    Raises:
        InputError: the folder cannot be written to.
    """
    weights = {name: value.half() for name, value in codec.state_dict().items()}
    description = {"codec": codec.config.model_dump(mode="json")}
    write_learned(folder, description, weights, card)


def begin_with(codec: nn.Module, name: str | Path) -> None:
    """Give a codec the weights of another one; a longer code is cut to its first, most important symbols.

    What the other codec lacks keeps its initial weights.

    Raises:
        InputError: no such checkpoint, or it is smaller or of another kind.
    """
    known, folder = codec.state_dict(), find_codec(name)
    for key, given in read_weights(folder).items():
        if key not in known:
            continue  # e.g. the rate allocation of a codec of variable length
        part = given[tuple(slice(size) for size in known[key].shape)]
        if part.shape != known[key].shape:
            raise InputError("does not fit the codec", source=folder, key=key, remedy="start with another")
        known[key] = part.float()
    codec.load_state_dict(known)


def find_codec(name: str | Path) -> Path:
    """Return the folder of a checkpoint: itself, or the one that ships under this name.

    Raises:
        InputError: there is none; lists the names that ship.
    """
    for folder in (Path(name), _shipped_folder() / str(name)):
        if (folder / CONFIG).is_file() and (folder / WEIGHTS).is_file():
            return folder
    known = ", ".join(shipped_codecs()) or "none"
    raise InputError(
        "is no codec", source=name, remedy=f"give a checkpoint's folder, or a shipped one: {known}"
    )


def shipped_codecs() -> list[str]:
    """Return the names of the trained codecs that ship."""
    return sorted(path.parent.name for path in _shipped_folder().glob(f"*/{WEIGHTS}"))


def _shipped_folder() -> Path:
    return Path(str(files("semverse.envs").joinpath("checkpoints")))
