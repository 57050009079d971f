"""What codecs are trained on: samples and the distortion L_D of eqs. 6 to 8, one class a kind of codec."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Generator, Tensor, nn

from semverse.envs.codecs.media import data_folder, read_picture
from semverse.envs.codecs.vlscc.body import SIZE, fidelity
from semverse.envs.codecs.vlscc.codec import Codec
from semverse.envs.codecs.vlscc.image import ImageCodec
from semverse.envs.codecs.vlscc.loss import adversarial_loss, discriminator_loss, squared_error
from semverse.envs.codecs.vlscc.mesh import MeshCodec, layers
from semverse.envs.codecs.vlscc.pictures import Picture, below, picture_files, random_patches, to_tensor
from semverse.envs.codecs.vlscc.training_config import CodecTraining

_FIRST_PATCHES = 1000  # that a codec's linear path starts with


class Task(ABC):
    """Samples, distortion and held-out samples of one training."""

    config: CodecTraining

    @abstractmethod
    def sample(self, count: int, generator: Generator) -> Tensor:
        """Return training samples [count, ...]."""

    def whole(self, generator: Generator) -> Tensor:
        """Return training samples [B, ...] as they will be sent, for the control of rates."""
        return self.sample(self.config.batch, generator)

    @abstractmethod
    def held_out(self, count: int, seed: int) -> Tensor:
        """Return samples [count, ...] that training never sees."""

    def held_out_whole(self, count: int, seed: int) -> list[Tensor]:
        """Return samples that training never sees, as they will be sent, in batches [B, ...] of one shape."""
        return [self.held_out(count, seed)]

    @abstractmethod
    def distortion(self, source: Tensor, received: Tensor) -> Tensor:
        """Return L_D [B], the semantic loss included."""

    @abstractmethod
    def free_rates(self, codec: Codec, source: Tensor, generator: Generator) -> Tensor:
        """Return random rates r [B, *map]."""

    def begin(self, codec: Codec) -> None:
        """Prepare an untrained codec."""
        del codec

    def learn(self, source: Tensor, received: Tensor) -> dict[str, float]:
        """Train what the semantic loss needs by itself; return scalars for the log."""
        del source, received
        return {}

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over the state of an earlier run."""
        del state


class MeshTask(Task):
    """Mesh parameters of activities; joint errors and, if weighted, the adversarial loss of eq. 7."""

    def __init__(self, config: CodecTraining, codec: MeshCodec) -> None:
        self.config, self.codec = config, codec
        self.weight = config.semantic_weight
        if self.weight > 0:
            self.discriminator = nn.Sequential(layers(SIZE - 3, 256, 1, 3), nn.Sigmoid())
            self.optimiser = torch.optim.Adam(self.discriminator.parameters(), config.learning_rate)

    def sample(self, count: int, generator: Generator) -> Tensor:
        """Return parameters [count, 85]."""
        return self.codec.source.sample(count, generator)[0]

    def held_out(self, count: int, seed: int) -> Tensor:
        """Return parameters [count, 85] of another seed."""
        return self.sample(count, Generator().manual_seed(seed))

    def distortion(self, source: Tensor, received: Tensor) -> Tensor:
        """Return L_f + lambda L_GAN [B], or the mean squared error of scaled parameters."""
        if self.config.distortion == "parameters":
            return squared_error(self.codec.analyse(source), self.codec.analyse(received))
        found = fidelity(self.codec.body, source, received)
        return found + self.weight * adversarial_loss(self._judge(received)) if self.weight > 0 else found

    def free_rates(self, codec: Codec, source: Tensor, generator: Generator) -> Tensor:
        """Return rates [B], uniform."""
        del codec
        return torch.rand(len(source), generator=generator)

    def learn(self, source: Tensor, received: Tensor) -> dict[str, float]:
        """Train the discriminator of section IV-A for one step."""
        if self.weight == 0:
            return {}
        loss = discriminator_loss(self._judge(source), self._judge(received.detach()))
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return {"train/discriminator": loss.item()}

    def state(self) -> dict[str, Any]:
        """Return the discriminator and its optimiser."""
        if self.weight == 0:
            return {}
        return {"network": self.discriminator.state_dict(), "optimiser": self.optimiser.state_dict()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over the discriminator of an earlier run."""
        if self.weight > 0:
            self.discriminator.load_state_dict(state["network"])
            self.optimiser.load_state_dict(state["optimiser"])

    def _judge(self, parameters: Tensor) -> Tensor:
        """Return D(Theta) [B] of pose and shape; the camera is no part of Theta."""
        judged: Tensor = self.discriminator(self.codec.analyse(parameters)[:, 3:])[:, 0]
        return judged


class ImageTask(Task):
    """Patches of BSDS500 (train and val); squared error and, if weighted, LPIPS (eq. 8)."""

    def __init__(self, config: CodecTraining) -> None:
        self.config = config
        files = [
            f for part in ("train", "val") for f in picture_files(data_folder("images", "bsds500", part))
        ]
        self.pictures = [read_picture(file) for file in files]
        self.weight = config.semantic_weight
        if self.weight > 0:
            from semverse.envs.codecs.st_lpips import st_lpips

            self.perceptual = st_lpips()

    def begin(self, codec: Codec) -> None:
        """Show an untrained codec of pictures some patches."""
        if isinstance(codec, ImageCodec):
            codec.begin(self.sample(_FIRST_PATCHES, Generator().manual_seed(self.config.seed)))

    def sample(self, count: int, generator: Generator) -> Tensor:
        """Return patches [count, 3, side, side]."""
        return random_patches(self.pictures, count, self.config.patch, generator)

    def whole(self, generator: Generator) -> Tensor:
        """Return a picture [1, 3, H, W]: patches come from its middle more often than from its borders."""
        return to_tensor(self.pictures[below(len(self.pictures), generator)][None])

    def held_out(self, count: int, seed: int) -> Tensor:
        """Return patches [count, 3, side, side] of the data set's test part."""
        pictures = self._test_pictures(count)
        return random_patches(pictures, count, self.config.patch, Generator().manual_seed(seed))

    def held_out_whole(self, count: int, seed: int) -> list[Tensor]:
        """Return the first pictures [1, 3, H, W] of the data set's test part."""
        del seed
        return [to_tensor(picture[None]) for picture in self._test_pictures(count)]

    @staticmethod
    def _test_pictures(count: int) -> list[Picture]:
        files = picture_files(data_folder("images", "bsds500", "test"))[:count]
        return [read_picture(file) for file in files]

    def distortion(self, source: Tensor, received: Tensor) -> Tensor:
        """Return l2 + lambda LPIPS [B]."""
        found = squared_error(source, received)
        if self.weight == 0:
            return found
        middle = center(self.config.semantic_patch, source.shape[-1])
        perceptual: Tensor = self.perceptual(
            source[..., middle, middle], received[..., middle, middle].clamp(0, 1)
        )
        return found + self.weight * perceptual.flatten()

    def free_rates(self, codec: Codec, source: Tensor, generator: Generator) -> Tensor:
        """Return rates [B, h, w]: uniform over patches, a bit different from place to place."""
        shape = codec.map_shape(source)
        whole = torch.rand((len(source), 1, 1), generator=generator)
        return (whole + 0.2 * torch.randn((len(source), *shape), generator=generator)).clamp(0, 1)


def center(side: int, whole: int) -> slice:
    """Return the middle ``side`` of ``whole`` pixels, or all of them if they are fewer."""
    before = max(whole - side, 0) // 2
    return slice(before, before + side)


def make_task(config: CodecTraining, codec: Codec) -> Task:
    """Return what a codec is trained on.

    Raises:
        InputError: the pictures are missing or damaged.
    """
    return MeshTask(config, codec) if isinstance(codec, MeshCodec) else ImageTask(config)
