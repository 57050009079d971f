"""Trained video codecs."""

from __future__ import annotations

from pathlib import Path

from semverse.envs.codecs.vlscc.checkpoint import find_codec
from semverse.envs.codecs.vst.codec import VideoCodec
from semverse.envs.codecs.vst.config import VideoConfig, is_video
from semverse.envs.config import Config, load_yaml, parse
from semverse.envs.errors import InputError
from semverse.envs.weights import CONFIG, take_weights


class VideoCheckpoint(Config):
    """What a checkpoint says about itself: enough to make the codec again."""

    codec: VideoConfig


def load_video_codec(name: str | Path = "vst") -> VideoCodec:
    """Return a trained video codec, ready to be used.

    Args:
        name: folder of a checkpoint, or the name of one that ships.

    Raises:
        InputError: there is none, it is no video codec, or something in it is wrong.
    """
    folder = find_codec(name)
    data = load_yaml(folder / CONFIG)
    if not is_video(data):
        raise InputError("is no video codec", source=name, remedy="give another checkpoint, e.g. vst")
    codec = VideoCodec(parse(VideoCheckpoint, data, source=folder / CONFIG).codec)
    take_weights(codec, folder)
    codec.eval()
    return codec
