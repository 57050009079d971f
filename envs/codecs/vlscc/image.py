"""Variable-length coding of pictures, with a rate for every place (paper 002, Fig. 3, Fig. 5 and Table I)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from semverse.envs.codecs.vlscc.codec import Codec, around
from semverse.envs.codecs.vlscc.config import ImageConfig, Layer, total_stride
from semverse.envs.codecs.vlscc.linear import LinearPath
from semverse.envs.codecs.vlscc.loss import squared_error
from semverse.envs.errors import InputError

_SIDE = 2  # maps that say what the link is like: rate or level, SNR
_MAX_PIXELS = 2**26  # 67 megapixels


def convolutions(inputs: int, given: Sequence[Layer], bent: bool = True) -> nn.Sequential:
    """Return convolutions of (kernel, stride, channels), with PReLU between them if ``bent``."""
    found: list[nn.Module] = []
    for kernel, stride, channels in given:
        found += [nn.Conv2d(inputs, channels, kernel, stride, kernel // 2)]
        found += [nn.PReLU(channels)] if bent else []
        inputs = channels
    return nn.Sequential(*(found[:-1] if bent else found))


def mirrored(inputs: int, given: Sequence[Layer], outputs: int, bent: bool = True) -> nn.Sequential:
    """Return the mirror image of `convolutions` with these layers, which ends with ``outputs`` channels."""
    channels = [outputs, *(layer[2] for layer in given)]
    found: list[nn.Module] = []
    for (kernel, stride, _), following in zip(reversed(given), reversed(channels[:-1]), strict=True):
        found += [nn.ConvTranspose2d(inputs, following, kernel, stride, kernel // 2, stride - 1)]
        found += [nn.PReLU(following)] if bent else []
        inputs = following
    return nn.Sequential(*(found[:-1] if bent else found))


class ImageCodec(Codec):
    """A codec of pictures [B, 3, H, W] in [0, 1], of any size; q [B, h, w]; quality is the PSNR in dB.

    Sizes that are no multiple of the down-sampling are padded by repeating the border; what is received has
    the padded size until it is cut (`Codec.send`, ``size`` of `Codec.decode`).

    Args:
        config: of the networks.
    """

    config: ImageConfig

    def __init__(self, config: ImageConfig) -> None:
        super().__init__(config)
        self.semantic_encoder = convolutions(3, config.semantic)
        features = config.semantic[-1][2]
        if config.coder:
            self.coder = convolutions(_SIDE + features, config.coder, config.coder_prelu)
            self.decoder = mirrored(_SIDE + config.length, config.coder, features, config.coder_prelu)
            self.semantic_decoder = mirrored(features, config.semantic, 3)
        else:  # the semantic encoder makes the symbols itself (DeepJSCC)
            self.semantic_decoder = mirrored(_SIDE + features, config.semantic, 3)
        self.path = self._linear_path() if config.linear_path else None
        if config.variable:
            self.allocation = convolutions(_SIDE + features, config.allocation)
            # begin at the same rate everywhere
            nn.init.zeros_(self.allocation[-1].weight)
            nn.init.zeros_(self.allocation[-1].bias)

    def analyse(self, source: Tensor) -> Tensor:
        """Return semantic features [B, C, H1, W1], followed by the pixels if there is a linear path."""
        centred = self._padded(source) - 0.5
        features: Tensor = self.semantic_encoder(centred)
        if self.path is None:
            return features
        return torch.cat([features, functional.pixel_unshuffle(centred, self._semantic_stride)], 1)

    def allocate(self, features: Tensor, snr_db: Tensor, wanted: Tensor) -> Tensor:
        """Return r [B, h, w] of semantic features."""
        everywhere = wanted[:, None, None].expand(-1, *features.shape[2:])
        found = self.allocation(self._beside(self._semantic(features), everywhere, snr_db))[:, 0]
        return around(wanted[:, None, None], found)

    def code(self, features: Tensor, rate: Tensor, snr_db: Tensor) -> Tensor:
        """Return symbols [B, N, h, w] of semantic features."""
        if not self.config.coder:
            return features
        finer = functional.interpolate(rate[:, None], size=features.shape[2:])[:, 0]
        symbols: Tensor = self.coder(self._beside(self._semantic(features), finer, snr_db))
        if self.path is None:
            return symbols
        return self.path.symbols(features[:, self.config.semantic[-1][2] :], symbols)

    def reconstruct(self, padded: Tensor, level: Tensor, snr_db: Tensor) -> Tensor:
        """Return pictures [B, 3, h d, w d] of symbols [B, N, h, w], d being the down-sampling."""
        rate = level / (self.config.levels - 1)
        if self.path is None:
            # bring what comes in to about unit power, however strong the noise
            power = torch.sqrt(1 + torch.pow(10.0, -snr_db / 10))[:, None, None, None]
            return self._picture(self._beside(padded / power, rate, snr_db))
        symbols, scale = self.path.scaled(padded, level)
        pixels = self.path.pixels(symbols, scale, snr_db)
        added = self._picture(self._beside(symbols, rate, snr_db))
        return added + functional.pixel_shuffle(pixels, self._semantic_stride)

    def finish(self, received: Tensor, size: Sequence[int] | None) -> Tensor:
        """Return pictures cut to ``size`` [H, W] and to [0, 1]."""
        height, width = received.shape[-2:] if size is None else size[-2:]
        return received[..., :height, :width].clamp(0, 1)

    def check(self, source: Tensor) -> None:
        """Raise `InputError` unless a source is [B, 3, H, W], not too large, and in [0, 1]."""
        shape = tuple(source.shape)
        if source.dim() != 4 or shape[1] != 3 or 0 in shape:
            raise InputError(f"have shape {shape}", key="pictures", remedy="give [B, 3, H, W]")
        if shape[2] * shape[3] > _MAX_PIXELS:
            raise InputError(f"have {shape[3]} x {shape[2]} pixels", key="pictures", remedy="scale them down")
        if not bool(((source >= 0) & (source <= 1)).all()):
            raise InputError("have values beyond 0 to 1", key="pictures", remedy="divide bytes by 255")

    def measure(self, source: Tensor, received: Tensor) -> Tensor:
        """Return the PSNR [B] in dB."""
        return -10 * torch.log10(squared_error(source, received).clamp(min=1e-10))

    def features(self, source: Tensor) -> Tensor:
        """Return what is known of pictures without sending them; see `brightness_features`."""
        return brightness_features(source)

    def map_shape(self, source: Tensor) -> tuple[int, ...]:
        """Return (h, w) of pictures [B, 3, H, W]."""
        step = self.config.downsampling
        return -(-source.shape[2] // step), -(-source.shape[3] // step)

    @property
    def most_symbols_per_pixel(self) -> float:
        """Complex symbols per pixel when all N symbols are sent everywhere."""
        return self.config.length / 2 / self.config.downsampling**2

    def begin(self, pictures: Tensor) -> None:
        """Prepare for training: a linear path starts with the components of pictures [B, 3, H, W]."""
        if self.path is not None:
            self.path.begin(functional.pixel_unshuffle(pictures - 0.5, self._semantic_stride))

    def _linear_path(self) -> LinearPath:
        for network in (self.coder, self.semantic_decoder):  # begin with the linear path alone
            nn.init.normal_(network[-1].weight, std=1e-3)
            nn.init.zeros_(network[-1].bias)
        step = self._semantic_stride
        return LinearPath(self.config.length, 3 * step**2, self.config.downsampling // step)

    @property
    def _semantic_stride(self) -> int:
        return total_stride(self.config.semantic)

    def _semantic(self, features: Tensor) -> Tensor:
        """Return the features without the pixels of a linear path."""
        return features[:, : self.config.semantic[-1][2]]

    def _picture(self, values: Tensor) -> Tensor:
        features = self.decoder(values) if self.config.coder else values
        picture: Tensor = self.semantic_decoder(features) + 0.5
        return picture

    def _padded(self, source: Tensor) -> Tensor:
        step = self.config.downsampling
        below, right = -source.shape[2] % step, -source.shape[3] % step
        return functional.pad(source, (0, right, 0, below), mode="replicate") if below or right else source

    def _beside(self, values: Tensor, rate: Tensor, snr_db: Tensor) -> Tensor:
        """Put maps of rate [B, H1, W1] and SNR [B] before values [B, C, H1, W1]."""
        known = snr_db / 10 if self.config.snr_input else torch.zeros_like(snr_db)
        return torch.cat([rate[:, None], known[:, None, None, None].expand_as(rate[:, None]), values], 1)


def brightness_features(source: Tensor) -> Tensor:
    """Return [B, 3]: deviation of the brightness, mean slope, mean deviation inside blocks of 8 x 8."""
    grey = source.mean(1, keepdim=True)
    slope = grey.diff(dim=2).abs().mean((1, 2, 3)) + grey.diff(dim=3).abs().mean((1, 2, 3))
    inside = functional.avg_pool2d(grey.square(), 8) - functional.avg_pool2d(grey, 8).square()
    return torch.stack([grey.flatten(1).std(1), slope, inside.clamp(min=0).sqrt().mean((1, 2, 3))], 1)
