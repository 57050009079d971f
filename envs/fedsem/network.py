"""Small classifiers in numpy, many at once: the same network with the parameters of C clients.

Parameters are one row a client, float32 [C, P], so that averaging, clipping and noise need no bookkeeping.
Inputs are [C, B, H, W], or [1, B, H, W] if all clients see the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController

from semverse.envs.fedsem.types import CLASSES, Float32

# the derivative of a loss by logits [C, B, 10], as a function of the logits
Slope = Callable[[Float32], Float32]
ModelName = Literal["cnn", "mlp", "linear"]
KERNEL, STRIDE = 3, 2
CACHED = 16_384  # pixels that are worked on at once, so that layers' outputs stay in the processor's cache
_CHANNELS, _HIDDEN = (8, 16), (64,)


@cache
def _threads() -> ThreadpoolController:
    return ThreadpoolController()


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep BLAS to one thread: sums that are split among threads round differently."""
    with _threads().limit(limits=1):
        yield


@dataclass(frozen=True)
class Layer:
    """An affine map of patches (convolution, stride 2, padding 1) or of the flat input (dense)."""

    inputs: int  # numbers that one output sees
    outputs: int  # channels, or units
    side: tuple[int, int] | None  # height and width of a convolution's input; None: dense


@dataclass(frozen=True)
class Network:
    """A stack of layers with rectifiers between them; the last one puts out logits."""

    layers: tuple[Layer, ...]

    @staticmethod
    def of(model: ModelName, side: tuple[int, int]) -> Network:
        """Return a network for pictures of a height and width.

        "cnn": two strided convolutions and a dense layer (9.1 k parameters on 28x28); "mlp": 64 hidden
        units; "linear": none.
        """
        layers, channels = [], 1
        for outputs in _CHANNELS if model == "cnn" else ():
            layers.append(Layer(channels * KERNEL * KERNEL, outputs, side))
            side, channels = _halved(side), outputs
        units = channels * side[0] * side[1]
        for outputs in (*(_HIDDEN if model == "mlp" else ()), CLASSES):
            layers.append(Layer(units, outputs, None))
            units = outputs
        return Network(tuple(layers))

    @property
    def size(self) -> int:
        """Number P of parameters."""
        return sum((layer.inputs + 1) * layer.outputs for layer in self.layers)

    def draw(self, rng: np.random.Generator) -> Float32:
        """Return initial parameters [P]: He et al. (2015), biases 0."""
        parts: list[npt.NDArray[np.float64]] = []
        for layer in self.layers:
            scale = np.sqrt(2.0 / layer.inputs)
            parts += [rng.standard_normal(layer.inputs * layer.outputs) * scale, np.zeros(layer.outputs)]
        return np.concatenate(parts).astype(np.float32)

    def unpack(self, parameters: Float32) -> list[tuple[Float32, Float32]]:
        """Return weights [C, inputs, outputs] and biases [C, 1, outputs] of each layer: views, no copies."""
        found, at, clients = [], 0, len(parameters)
        for layer in self.layers:
            end = at + layer.inputs * layer.outputs
            weights = parameters[:, at:end].reshape(clients, layer.inputs, layer.outputs)
            at = end + layer.outputs
            found.append((weights, parameters[:, None, end:at]))
        return found

    def logits(self, parameters: Float32, images: Float32) -> Float32:
        """Return logits [C, B, 10]."""
        if parameters.shape[0] * images[0].size <= CACHED:
            return self._forward(parameters, images)[0]
        some = max(1, CACHED // images[0, 0].size)
        rows = []
        for client, row in enumerate(parameters[:, None]):
            seen = images[client % len(images)][None]
            parts = (self._forward(row, seen[:, at : at + some])[0] for at in range(0, seen.shape[1], some))
            rows.append(np.concatenate(list(parts), axis=1))
        return np.concatenate(rows)

    def _forward(self, parameters: Float32, images: Float32) -> tuple[Float32, list[Float32], list[Float32]]:
        """Return logits, the input of each layer (channels last), and what the layer's outputs see of it."""
        value: Float32 = images[..., None]
        values, seen = [], []
        for index, (weights, biases) in enumerate(self.unpack(parameters)):
            layer = self.layers[index]
            values.append(value)
            seen.append(_rows(value, layer))
            value = seen[-1] @ weights
            value += biases
            if layer is not self.layers[-1]:
                np.maximum(value, 0, out=value)
            if layer.side is not None:
                value = value.reshape(len(value), -1, *_halved(layer.side), layer.outputs)
        return value, values, seen

    def gradient(self, parameters: Float32, images: Float32, slope: Slope) -> Float32:
        """Return the gradient [C, P] of a loss that is given by its slope at the logits."""
        logits, values, seen = self._forward(parameters, images)
        back = slope(logits)
        result = np.empty_like(parameters)
        own, grown = self.unpack(parameters), self.unpack(result)
        for index in reversed(range(len(self.layers))):
            layer, value = self.layers[index], values[index]
            back = back.reshape(len(back), -1, layer.outputs)
            grown[index][0][...] = seen[index].transpose(0, 2, 1) @ back
            grown[index][1][...] = back.sum(axis=1, keepdims=True)
            if index:
                back = _fold(back @ own[index][0].transpose(0, 2, 1), layer, value.shape)
                back *= value > 0  # the rectifier before this layer
        return result


def _halved(side: tuple[int, int]) -> tuple[int, int]:
    return -(-side[0] // STRIDE), -(-side[1] // STRIDE)


def _rows(value: Float32, layer: Layer) -> Float32:
    """Return what the outputs of a layer see, one row an output position: [C, rows, inputs]."""
    if layer.side is None:
        return value.reshape(*value.shape[:2], layer.inputs)
    height, width = layer.side
    padded = np.zeros((*value.shape[:2], height + 2, width + 2, value.shape[-1]), dtype=value.dtype)
    padded[:, :, 1:-1, 1:-1] = value
    flat = padded.reshape(value.shape[0] * value.shape[1], -1, value.shape[-1])
    return flat.take(_taps(layer.side), axis=1, mode="clip").reshape(len(value), -1, layer.inputs)


@cache
def _taps(side: tuple[int, int]) -> npt.NDArray[np.intp]:
    """Return which pixels of the padded picture, counted row by row, each output position sees."""
    height, width = _halved(side)
    rows = STRIDE * np.arange(height)[:, None, None, None] + np.arange(KERNEL)[:, None]
    columns = STRIDE * np.arange(width)[:, None, None] + np.arange(KERNEL)
    return np.asarray((rows * (side[1] + 2) + columns).ravel(), dtype=np.intp)


def _fold(rows: Float32, layer: Layer, shape: tuple[int, ...]) -> Float32:
    """Sum rows back onto the layer's input [C, B, H, W, channels]: the transpose of `_rows`."""
    batch = (len(rows), *shape[1:])
    if layer.side is None:
        return rows.reshape(batch)
    height, width = _halved(layer.side)
    taps = rows.reshape(*batch[:2], height, width, KERNEL * KERNEL, batch[-1])
    padded = np.zeros((*batch[:2], batch[2] + 2, batch[3] + 2, batch[4]), dtype=rows.dtype)
    for tap in range(KERNEL * KERNEL):
        i, j = divmod(tap, KERNEL)
        padded[:, :, i : i + STRIDE * height : STRIDE, j : j + STRIDE * width : STRIDE] += taps[..., tap, :]
    return padded[:, :, 1:-1, 1:-1]
