"""Video semantic transmission of groups of pictures (paper 000, section 2.1 and Fig. 2)."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from semverse.envs.codecs.vlscc.air import noise_deviation
from semverse.envs.codecs.vlscc.codec import inference
from semverse.envs.codecs.vlscc.linear import principal_components
from semverse.envs.codecs.vst.config import VideoConfig
from semverse.envs.codecs.vst.dropping import Sent, estimate, modulate
from semverse.envs.codecs.vst.entropy import EntropyModel
from semverse.envs.codecs.vst.features import CommonFeatures

_FINE = 4  # pixels a side of what the last network sees at once
_COMPONENT_LEAST = 1e-6  # variance
_LEAST_ERROR = 1e-5  # squared, of a pixel: about what the components leave that are not sent at all


class Coded(NamedTuple):
    """What a transmitter knows of GOPs before it sends anything."""

    mean: Tensor  # [B, 1, 3, 1, 1] colour, sent as side information
    maps: Tensor  # W [B, 1 + T, N, h, w]
    level: Tensor  # [B, G, h, w], sent as side information


class Reconstruction(NamedTuple):
    """GOPs that went through the codec, and what entropy training needs."""

    received: Tensor  # [B, T, 3, H, W]
    maps: Tensor  # W
    deviation: Tensor  # of W


def residual(inputs: int, width: int, outputs: int, layers: int) -> nn.Sequential:
    """Return convolutions with PReLU whose result is zero before training."""
    sizes = [inputs, *[width] * (layers - 1), outputs]
    found: list[nn.Module] = []
    for before, after in pairwise(sizes):
        found += [nn.Conv2d(before, after, 3, padding=1), nn.PReLU(after)]
    nn.init.zeros_(found[-2].weight)
    nn.init.zeros_(found[-2].bias)
    return nn.Sequential(*found[:-1])


class VideoCodec(nn.Module):
    """Latent transform, JSCC encoder, common features, entropy model, dropping, air, and all of it back.

    GOPs are [B, T, 3, H, W] in [0, 1], H and W multiples of ``config.side``. The latent transform is
    that of principal components, so that an untrained codec is a linear one; networks add to it.

    Args:
        config: of the networks.
    """

    def __init__(self, config: VideoConfig) -> None:
        super().__init__()
        self.config = config
        size, channels, width = config.side, config.channels, config.width
        self.latent = nn.Conv2d(3, channels, size, size, bias=False)
        self.encoder = residual(channels + 1, width, channels, 2)  # beside the features: the SNR
        self.common = CommonFeatures(config.frames, channels)
        self.entropy = EntropyModel(config.frames, channels, config.levels, config.common_level)
        self.decoder = residual(channels + 1, width, channels, 2)  # beside them: their expected error
        self.inversion = nn.ConvTranspose2d(channels, 3, size, size, bias=False)
        for layer in (self.latent, self.inversion):  # principal components stay: they invert each other
            layer.requires_grad_(False)
        self.finish = residual(3 * _FINE**2 + 1, width, 3 * _FINE**2, 3)

    def encode(self, gops: Tensor, snr_db: Tensor) -> Coded:
        """Return features of GOPs [B, T, 3, H, W]; mean SNR [B], dB."""
        mean = (gops.mean((1, 3, 4), keepdim=True) * 255).round() / 255
        found = self.latent((gops - mean).flatten(0, 1))
        scale = self.entropy.scale[:, None, None]
        known = (snr_db / 10).repeat_interleave(gops.shape[1])[:, None, None, None]
        beside = torch.cat([found / scale, known.expand_as(found[:, :1])], 1)
        # a correction makes sense where noise is strong; without noise the latent space is inverted exactly
        share = noise_deviation(snr_db).clamp(max=1).repeat_interleave(gops.shape[1])[:, None, None, None]
        found = found + self.encoder(beside) * scale * share
        maps = self.common.split(found.unflatten(0, gops.shape[:2]))
        return Coded(mean, maps, self.entropy.measure(maps))

    def modulate(self, coded: Coded, deviation: Tensor, budget: Tensor, snr_db: Tensor) -> Sent:
        """Return the real symbols [B, M] that a budget [B] of them allows; ``deviation`` of the maps."""
        noise = noise_deviation(snr_db).square()
        return modulate(coded.maps.flatten(1), deviation.flatten(1), budget, noise)

    def decode(self, heard: Tensor, gain: Tensor, mean: Tensor, deviation: Tensor, noise: Tensor) -> Tensor:
        """Return GOPs [B, T, 3, H, W], not clamped.

        Args:
            heard: received symbols [B, M], the channel's gain divided out.
            gain: by which the elements were multiplied [B, M]; the side information tells.
            mean: colour [B, 1, 3, 1, 1].
            deviation: of the maps [B, 1 + T, N, h, w].
            noise: variance of the noise of each symbol [B, M].
        """
        maps, errors = estimate(heard, gain, deviation.flatten(1), noise)
        features = self.common.join(maps.reshape(deviation.shape)).flatten(0, 1)
        error = self.common.join_errors(errors.reshape(deviation.shape)).flatten(0, 1)
        # corrections are in proportion to the error that is expected: of an element, of a place's pixels
        off = (error.sum(1, keepdim=True) / (3 * self.config.side**2) + _LEAST_ERROR).sqrt()
        beside = torch.cat([features / self.entropy.scale[:, None, None], off.log()], 1)
        features = features + self.decoder(beside) * error.sqrt()
        frames = self.inversion(features)
        fine = functional.pixel_unshuffle(frames, _FINE)
        off = functional.interpolate(off, size=fine.shape[2:], mode="bilinear")
        correction = self.finish(torch.cat([fine, off.log()], 1)) * off
        frames = frames + functional.pixel_shuffle(correction, _FINE)
        return frames.unflatten(0, (len(heard), -1)) + mean

    def forward(
        self, gops: Tensor, snr_db: Tensor, rate: Tensor, generator: Generator | None = None
    ) -> Reconstruction:
        """Send GOPs over an AWGN channel; what training differentiates.

        Args:
            gops: [B, T, 3, H, W].
            snr_db: [B], dB.
            rate: complex symbols per pixel [B], without side information.
            generator: of the noise.
        """
        coded = self.encode(gops, snr_db)
        deviation = self.entropy.deviation(coded.level)
        known = deviation.detach()  # the entropy model learns the features' deviations, nothing else
        pixels = gops[0].numel() // 3
        budget = (2 * rate * pixels).long().clamp(1, known[0].numel())
        sent = self.modulate(coded, known, budget, snr_db)
        spread = noise_deviation(snr_db)[:, None].expand_as(sent.symbols)
        noise = torch.randn(sent.symbols.shape, generator=generator) * spread
        received = self.decode(sent.symbols + noise, sent.gain, coded.mean, known, spread.square())
        return Reconstruction(received, coded.maps, deviation)

    @inference
    def begin(self, gops: Tensor) -> None:
        """Prepare for training: principal components and deviations of GOPs [B, T, 3, H, W]."""
        mean = gops.mean((1, 3, 4), keepdim=True)
        variance, basis = principal_components((gops - mean).flatten(0, 1), self.config.side)
        count = self.config.channels
        for layer in (self.latent, self.inversion):
            layer.weight.copy_(basis[:, :count].T.reshape(layer.weight.shape))
        maps = self.common.split(self.latent((gops - mean).flatten(0, 1)).unflatten(0, gops.shape[:2]))
        self.entropy.begin(maps, variance[:count].clamp(min=_COMPONENT_LEAST).sqrt())
