"""Variable-length coding of human mesh parameters, vectors of 85 numbers (paper 002, Fig. 2)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from semverse.envs.codecs.vlscc.body import SIZE, Body, KinematicBody, mpjpe
from semverse.envs.codecs.vlscc.codec import Codec, around
from semverse.envs.codecs.vlscc.config import MeshConfig
from semverse.envs.codecs.vlscc.poses import PoseSource
from semverse.envs.errors import InputError

_SIDE = 3  # numbers that say what the link is like: rate or level, SNR as a ratio and in dB
_GAIN = 5.0  # bound of the logarithm of gains
_LEAST_RATE = 1 / 32
_LEAST_PILOT = 0.003  # regularises the division by a pilot that drowns in noise


def layers(inputs: int, width: int, outputs: int, count: int) -> nn.Sequential:
    """Return ``count`` fully connected layers with PReLU between them."""
    sizes = [inputs, *[width] * (count - 1), outputs]
    found: list[nn.Module] = []
    for size, following in pairwise(sizes):
        found += [nn.Linear(size, following), nn.PReLU()]
    return nn.Sequential(*found[:-1])


class _Encoder(nn.Module):
    """Fully connected layers from parameters to symbols; they see what the link is like."""

    def __init__(self, config: MeshConfig) -> None:
        super().__init__()
        self.layers = layers(_SIDE + SIZE, config.width, config.length, config.coder_layers)

    def forward(self, values: Tensor, side: Tensor) -> Tensor:
        """Return symbols [B, N] of scaled parameters [B, 85]; side [B, 3]: rate, SNR."""
        symbols: Tensor = self.layers(torch.cat([side, values], 1))
        return symbols


class _Decoder(nn.Module):
    """Fully connected layers from symbols to parameters; they see what the link is like."""

    def __init__(self, config: MeshConfig) -> None:
        super().__init__()
        self.layers = layers(_SIDE + config.length, config.width, SIZE, config.coder_layers)

    def forward(self, values: Tensor, side: Tensor) -> Tensor:
        """Return scaled parameters [B, 85] of symbols [B, N] of unit power."""
        parameters: Tensor = self.layers(torch.cat([side, values], 1))
        return parameters


class _SpreadEncoder(nn.Module):
    """The encoder for short trainings: F features, each spread over all symbols by an orthogonal code.

    The features are the parameters times gains, plus what the layers add. The last one is a pilot that is
    never negative: it tells the receiver by how much normalisation scaled the sample.
    """

    def __init__(self, config: MeshConfig, features: int, spread: Tensor) -> None:
        super().__init__()
        self.layers = layers(_SIDE + SIZE, config.width, SIZE + features, config.coder_layers)
        self.register_buffer("spread", spread, persistent=False)  # [N, F]
        _begin_small(self.layers)

    def forward(self, values: Tensor, side: Tensor) -> Tensor:
        """Return symbols [B, N] of scaled parameters [B, 85]; side [B, 3]: rate, SNR."""
        found = self.layers(torch.cat([side, values], 1))
        gain = torch.exp(found[:, :SIZE].clamp(-_GAIN, _GAIN))
        added, pilot = found[:, SIZE:-1], torch.exp(found[:, -1:].clamp(-_GAIN, _GAIN))
        features = torch.cat([added[:, :SIZE] + gain * values, added[:, SIZE:], pilot], 1)
        return features @ self.spread.T


class _SpreadDecoder(nn.Module):
    """The receiver of `_SpreadEncoder`: correlates, divides by the pilot, weighs and corrects."""

    def __init__(self, config: MeshConfig, features: int, spread: Tensor) -> None:
        super().__init__()
        self.layers = layers(_SIDE + features, config.width, 2 * SIZE, config.coder_layers)
        self.register_buffer("spread", spread * (features / len(spread)), persistent=False)  # [N, F]
        _begin_small(self.layers)

    def forward(self, values: Tensor, side: Tensor) -> Tensor:
        """Return scaled parameters [B, 85] of symbols [B, N] of unit power."""
        heard = values @ self.spread / side[:, :1].clamp(min=_LEAST_RATE)
        found = self.layers(torch.cat([side, heard], 1))
        gain, pilot = torch.exp(found[:, :SIZE].clamp(-_GAIN, _GAIN)), heard[:, -1:]
        divided = heard[:, :SIZE] * pilot / (pilot.square() + _LEAST_PILOT)
        return divided * gain + found[:, SIZE:]


def _begin_small(found: nn.Sequential) -> None:
    """Let layers begin near zero, so that what stands beside them is a linear code at first."""
    nn.init.normal_(found[-1].weight, std=0.01)
    nn.init.zeros_(found[-1].bias)


def _orthogonal(length: int, features: int) -> Tensor:
    """Return orthogonal codes of features [N, F], always the same; whole blocks of F symbols are, too."""
    generator = torch.Generator().manual_seed(0)
    shape = (-(-length // features), features, features)
    blocks = torch.linalg.qr(torch.randn(shape, generator=generator))[0]
    return blocks.reshape(-1, features)[:length]


class MeshCodec(Codec):
    """A codec of vectors [B, 85]; q [B]; quality is minus the MPJPE in metres.

    Args:
        config: of the networks.
        body: gives the joints that the quality is measured at.
    """

    config: MeshConfig

    def __init__(self, config: MeshConfig, body: Body | None = None) -> None:
        super().__init__(config)
        self.body = KinematicBody() if body is None else body
        self.source = PoseSource()
        mean, deviation = self.source.moments()
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("deviation", deviation, persistent=False)
        self.encoder, self.decoder = self._coders()
        if config.variable:
            self.allocation = layers(SIZE + _SIDE, config.width, 1, config.allocation_layers)
            # begin at the same rate for all
            nn.init.zeros_(self.allocation[-1].weight)
            nn.init.zeros_(self.allocation[-1].bias)

    def _coders(self) -> tuple[nn.Module, nn.Module]:
        config, features = self.config, self.config.spread_features
        if features is None:
            return _Encoder(config), _Decoder(config)
        spread = _orthogonal(config.length, features)
        return _SpreadEncoder(config, features, spread), _SpreadDecoder(config, features, spread)

    def analyse(self, source: Tensor) -> Tensor:
        """Return parameters [B, 85] brought to mean 0 and deviation 1."""
        return (source - self.mean) / self.deviation

    def allocate(self, features: Tensor, snr_db: Tensor, wanted: Tensor) -> Tensor:
        """Return r [B] of scaled parameters [B, 85]."""
        values = torch.cat([self._side(wanted, snr_db), features], 1)
        return around(wanted, self.allocation(values)[:, 0])

    def code(self, features: Tensor, rate: Tensor, snr_db: Tensor) -> Tensor:
        """Return symbols [B, N] of scaled parameters [B, 85]."""
        symbols: Tensor = self.encoder(features, self._side(rate, snr_db))
        return symbols

    def reconstruct(self, padded: Tensor, level: Tensor, snr_db: Tensor) -> Tensor:
        """Return parameters [B, 85] of symbols [B, N]."""
        # noise of -20 dB is ten times as strong as the symbols: bring what comes in to unit power
        power = torch.sqrt(1 + torch.pow(10.0, -snr_db / 10))[:, None]
        scaled = self.decoder(padded / power, self._side(level / (self.config.levels - 1), snr_db))
        return self.mean + self.deviation * scaled

    def check(self, source: Tensor) -> None:
        """Raise `InputError` unless a source is [B, 85] and finite."""
        if source.dim() != 2 or source.shape[1] != SIZE or not bool(torch.isfinite(source).all()):
            raise InputError(
                f"have shape {tuple(source.shape)} or are not finite",
                source="codec",
                key="parameters",
                remedy=f"give [B, {SIZE}]",
            )

    def measure(self, source: Tensor, received: Tensor) -> Tensor:
        """Return minus the MPJPE [B] in metres."""
        return -mpjpe(self.body, source, received)

    def features(self, source: Tensor) -> Tensor:
        """Return [B, 7]: information in kilobits, and how probable each of `poses.ACTIVITIES` is."""
        information = self.source.information_bits(source)[:, None] / 1000
        return torch.cat([information, self.source.posterior(source)], 1)

    def map_shape(self, source: Tensor) -> tuple[int, ...]:
        """Return (): a vector has one level."""
        del source
        return ()

    def _side(self, rate: Tensor, snr_db: Tensor) -> Tensor:
        known = snr_db if self.config.snr_input else torch.zeros_like(snr_db)
        ratio = torch.pow(10.0, known / 20)
        return torch.stack([rate, known / 10, ratio], 1)
