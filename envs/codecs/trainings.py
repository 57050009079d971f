"""Trainings of all kinds of learned codecs: their YAML files, and what carries them out."""

from __future__ import annotations

from pathlib import Path

from semverse.envs.codecs.vlscc.steps import Steps
from semverse.envs.codecs.vlscc.trainer import Trainer
from semverse.envs.codecs.vlscc.training_config import CodecTraining
from semverse.envs.codecs.vst.config import is_video
from semverse.envs.codecs.vst.trainer import VideoTrainer
from semverse.envs.codecs.vst.training_config import VideoTraining
from semverse.envs.config import load_yaml, parse

AnyTraining = CodecTraining | VideoTraining


def load_training(path: str | Path) -> AnyTraining:
    """Read a codec training's configuration.

    Raises:
        InputError: the file cannot be read, or a key or value is wrong.
    """
    data = load_yaml(path)
    schema: type[CodecTraining] | type[VideoTraining] = VideoTraining if is_video(data) else CodecTraining
    return parse(schema, data, source=path)


def make_trainer(config: AnyTraining) -> Steps:
    """Return a training that has not begun.

    Raises:
        InputError: the data it needs are missing or damaged.
    """
    return VideoTrainer(config) if isinstance(config, VideoTraining) else Trainer(config)
