"""The schemas of codecs: what checkpoints and the YAML files of trainings say about the networks."""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic

from semverse.envs.config import Config

Count = Annotated[int, pydantic.Field(ge=1)]
Share = Annotated[float, pydantic.Field(gt=0, le=1)]
Layer = tuple[Count, Annotated[int, pydantic.Field(ge=1, le=2)], Count]  # kernel, stride, channels
Layers = Annotated[tuple[Layer, ...], pydantic.Field(min_length=1)]


class CodecConfig(Config):
    """What vector and picture codecs have in common."""

    length: Count  # N: symbols at most, of a vector or of each place of a picture's symbol map
    levels: Annotated[int, pydantic.Field(ge=2, le=256)]  # L
    variable: bool  # has a rate allocation network; without one, all N symbols are sent
    snr_input: bool  # the networks know the SNR
    rates: Annotated[tuple[Share, ...], pydantic.Field(min_length=1)]  # mean rates that can be asked for


class MeshConfig(CodecConfig):
    """A codec of human mesh parameters."""

    kind: Literal["mesh"]
    width: Count  # hidden units of every layer
    coder_layers: Annotated[int, pydantic.Field(ge=2)]
    allocation_layers: Annotated[int, pydantic.Field(ge=2)]
    # features that a fixed code spreads over the symbols, for short trainings; None as in the paper
    spread_features: Annotated[int, pydantic.Field(gt=86)] | None


class ImageConfig(CodecConfig):
    """A codec of pictures; the decoders mirror the encoders."""

    kind: Literal["image"]
    semantic: Layers  # of the semantic encoder
    coder: tuple[
        Layer, ...
    ]  # of the semantic and channel encoder; the last one's channels are N; () is DeepJSCC
    coder_prelu: bool  # PReLU between its layers; the paper's table lists none
    linear_path: bool  # a linear code beside the networks, for short trainings; the paper has none
    allocation: tuple[Layer, ...]  # of the rate allocation network, the last one's channels are 1

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> ImageConfig:
        if (*self.semantic, *self.coder)[-1][2] != self.length:
            raise ValueError("the last layer of the encoder must have 'length' channels")
        if self.variable and (not self.allocation or self.allocation[-1][2] != 1):
            raise ValueError("the last layer of the allocation must have 1 channel")
        if self.variable and total_stride(self.allocation) != total_stride(self.coder):
            raise ValueError("coder and allocation must have the same down-sampling")
        return self

    @property
    def downsampling(self) -> int:
        """Pixels a side of one place of the symbol map."""
        return total_stride((*self.semantic, *self.coder))


def total_stride(layers: tuple[Layer, ...]) -> int:
    """Return by how much layers divide the size of a picture."""
    product = 1
    for _, stride, _ in layers:
        product *= stride
    return product


AnyCodec = Annotated[MeshConfig | ImageConfig, pydantic.Field(discriminator="kind")]
