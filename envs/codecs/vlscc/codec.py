"""What vector and picture codecs have in common: rate, mask, air, padding (paper 002, Figs. 2 and 3)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, ParamSpec, TypeVar

import torch
from torch import Generator, Tensor, nn

from semverse.envs.codecs.vlscc.air import awgn, check_snr, noise, normalise, rayleigh_snr_db
from semverse.envs.codecs.vlscc.config import CodecConfig
from semverse.envs.codecs.vlscc.rate import mask, quantise, symbols_of
from semverse.envs.errors import InputError

Fading = Literal["awgn", "rayleigh"]


Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def inference(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Let torch record nothing for gradients while the function runs."""
    wrapped: Callable[Parameters, Result] = torch.inference_mode()(function)
    return wrapped


class Passage(NamedTuple):
    """A batch that went through the codec."""

    received: Tensor  # reconstruction, shape of the input
    rate: Tensor  # r [B, *map]
    level: Tensor  # q [B, *map]


def around(wanted: Tensor, shift: Tensor) -> Tensor:
    """Return rates r in (0, 1): sigmoid of what a network found, which begins at the mean rate asked for."""
    return torch.sigmoid(torch.logit(wanted, eps=1e-3) + shift)


class Codec(nn.Module, ABC):
    """Encoder, rate allocation and decoder.

    A sample is coded into N symbols, a picture into N symbols at each place of a map. ``[*map]`` below is
    empty for vectors and ``[h, w]`` for pictures. The level q is sent without errors; the first ceil(N q /
    (L - 1)) symbols are sent over the air. A codec of fixed length sends all of them and has the level L -
    1 everywhere.

    Args:
        config: of the networks.
    """

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        self.config = config

    @abstractmethod
    def analyse(self, source: Tensor) -> Tensor:
        """Return the semantic information X of a source, which the other networks see."""

    @abstractmethod
    def allocate(self, features: Tensor, snr_db: Tensor, wanted: Tensor) -> Tensor:
        """Return r in (0, 1) [B, *map] of X; ``wanted`` [B] is the mean rate asked for."""

    @abstractmethod
    def code(self, features: Tensor, rate: Tensor, snr_db: Tensor) -> Tensor:
        """Return all symbols [B, N, *map] of X, the most important first; any power."""

    @abstractmethod
    def reconstruct(self, padded: Tensor, level: Tensor, snr_db: Tensor) -> Tensor:
        """Return what was sent, out of symbols [B, N, *map] that are zero where nothing was received."""

    @abstractmethod
    def check(self, source: Tensor) -> None:
        """Raise `InputError` if a source has another shape than the codec's, or is not finite."""

    @abstractmethod
    def measure(self, source: Tensor, received: Tensor) -> Tensor:
        """Return the quality [B] of what was received, the more the better."""

    @abstractmethod
    def features(self, source: Tensor) -> Tensor:
        """Return what a transmitter knows about the complexity of a source [B, F]."""

    @abstractmethod
    def map_shape(self, source: Tensor) -> tuple[int, ...]:
        """Return the shape of the level map of one sample of a source: (), or (h, w)."""

    def finish(self, received: Tensor, size: Sequence[int] | None) -> Tensor:
        """Return what the user gets of a reconstruction; ``size`` is the source's, where sizes differ."""
        del size
        return received

    def forward(
        self, features: Tensor, snr_db: Tensor, rate: Tensor, generator: Generator | None = None
    ) -> Passage:
        """Send semantic information at the rate r over an AWGN channel; what training differentiates.

        Args:
            features: X of a batch.
            snr_db: [B], dB.
            rate: r [B, *map].
            generator: of the noise.
        """
        level = quantise(rate, self.config.levels)
        sent = self.sent(level)
        symbols = normalise(self.code(features, rate, snr_db), sent)
        # nothing is heard where nothing was sent: the receiver pads with zeros
        padded = symbols + noise(symbols, snr_db, generator) * sent.detach()
        return Passage(self.reconstruct(padded, level, snr_db), rate, level)

    def sent(self, level: Tensor) -> Tensor:
        """Return the mask of 0 and 1 [B, N, *map] of levels [B, *map]."""
        return mask(level, self.config.length, self.config.levels).movedim(-1, 1)

    def symbols(self, level: Tensor) -> Tensor:
        """Return how many real symbols levels [B, *map] send over the air; [B]."""
        return symbols_of(level, self.config.length, self.config.levels).reshape(len(level), -1).sum(1)

    @inference
    def encode(
        self,
        source: Tensor,
        snr_db: Tensor | float,
        level: Tensor | int | None = None,
        rate: float | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Return the symbols of sources and their levels.

        Args:
            source: [B, ...].
            snr_db: dB, one for all or [B].
            level: q, one for all or [B, *map]; None lets the rate allocation network choose.
            rate: mean rate asked of that network, in (0, 1]; None is the last of ``config.rates``.

        Returns:
            Symbols [B, N, *map], unit mean power over those that are sent and zero elsewhere (see `pack` in
            `semverse.envs.codecs.vlscc.rate`), and q [B, *map] as floats.

        Raises:
            InputError: wrong shape, level, rate or SNR.
        """
        self.check(source)
        snr = self._snr(snr_db, len(source))
        features = self.analyse(source)
        if level is None and self.config.variable:
            chosen = self.allocate(features, snr, self._wanted(rate, len(source)))
        else:
            chosen = self._forced(source, level)
        q = quantise(chosen, self.config.levels)
        return normalise(self.code(features, chosen, snr), self.sent(q)), q

    @inference
    def choose(self, source: Tensor, snr_db: Tensor | float, rate: float | None = None) -> Tensor:
        """Return the levels q [B, *map] that the rate allocation network chooses; arguments as in `encode`.

        Raises:
            InputError: wrong shape, rate or SNR, or a codec of fixed length.
        """
        self.check(source)
        if not self.config.variable:
            raise InputError("has a fixed length", source="codec", remedy="use one of variable length")
        snr = self._snr(snr_db, len(source))
        chosen = self.allocate(self.analyse(source), snr, self._wanted(rate, len(source)))
        return quantise(chosen, self.config.levels)

    @inference
    def decode(
        self, received: Tensor, level: Tensor, snr_db: Tensor | float, size: Sequence[int] | None = None
    ) -> Tensor:
        """Return the reconstruction of received symbols.

        Args:
            received: [B, N, *map]; what was not sent is ignored.
            level: q [B, *map].
            snr_db: dB, one for all or [B].
            size: [H, W] of pictures; None leaves whole places of the map.

        Raises:
            InputError: the shapes do not fit the codec, or a wrong SNR.
        """
        if received.shape != (len(level), self.config.length, *level.shape[1:]):
            raise InputError(
                f"are {tuple(received.shape)} with levels {tuple(level.shape)}",
                source="codec",
                key="symbols",
                remedy=f"give [B, {self.config.length}, ...] and [B, ...]",
            )
        snr = self._snr(snr_db, len(level))
        return self.finish(self.reconstruct(received * self.sent(level), level, snr), size)

    @inference
    def send(
        self,
        source: Tensor,
        snr_db: Tensor | float,
        *,
        level: Tensor | int | None = None,
        rate: float | None = None,
        generator: Generator | None = None,
        fading: Fading = "awgn",
    ) -> Passage:
        """Encode, transmit and decode; arguments as in `encode`.

        Under ``rayleigh`` each sample is one block; the transmitter knows the mean SNR and the receiver the
        block's.
        """
        symbols, q = self.encode(source, snr_db, level, rate)
        at_receiver = self._snr(snr_db, len(source))
        if fading == "rayleigh":
            at_receiver = rayleigh_snr_db(at_receiver, generator)
        heard = awgn(symbols, at_receiver, generator)
        received = self.decode(heard, q, at_receiver, source.shape)
        return Passage(received, q / (self.config.levels - 1), q)

    def quality(
        self,
        source: Tensor,
        level: Tensor | int | None,
        snr_db: Tensor | float,
        generator: Generator | None = None,
        *,
        rate: float | None = None,
        fading: Fading = "awgn",
    ) -> Tensor:
        """Return the quality [B] after one transmission: PSNR of pictures in dB, minus MPJPE in m."""
        passage = self.send(source, snr_db, level=level, rate=rate, generator=generator, fading=fading)
        return self.measure(source, passage.received)

    def _wanted(self, rate: float | None, count: int) -> Tensor:
        asked = self.config.rates[-1] if rate is None else rate
        if not 0 < asked <= 1:
            raise InputError(f"is {asked:g}", source="codec", key="rate", remedy="give one in (0, 1]")
        return torch.full((count,), float(asked))

    def _forced(self, source: Tensor, level: Tensor | int | None) -> Tensor:
        shape, top = (len(source), *self.map_shape(source)), self.config.levels - 1
        q = torch.as_tensor(top if level is None else level, dtype=torch.float32)
        if bool((q < 0).any()) or bool((q > top).any()) or bool((q != q.round()).any()):
            raise InputError("is no level", source="codec", key="level", remedy=f"give 0 to {top}")
        if q.dim() and q.shape != shape:
            raise InputError(
                f"has shape {tuple(q.shape)}", key="level", remedy=f"give {shape} or one for all"
            )
        if not self.config.variable and bool((q != top).any()):
            raise InputError("is fixed", source="codec", key="level", remedy=f"leave it out, or give {top}")
        return (q / top).expand(shape)

    @staticmethod
    def _snr(snr_db: Tensor | float, count: int) -> Tensor:
        snr = torch.as_tensor(snr_db, dtype=torch.float32).expand(count)
        check_snr(snr)
        return snr
