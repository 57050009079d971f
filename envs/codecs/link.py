"""A coded link that is really run: 5G LDPC code (TS 38.212), modulation, channel, soft decoding, on Sionna.

Es/N0 is the energy of a modulation symbol over the noise power spectral density N0: symbols have mean energy
1, the complex noise of a symbol has variance N0. A BPSK symbol is real (one bit a symbol) and so is its
noise, of variance N0/2.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt
import torch
from sionna.phy.fec.ldpc import LDPC5GDecoder, LDPC5GEncoder
from sionna.phy.mapping import Demapper, Mapper

from semverse.envs.codecs.blocks import BitArray, check_bits
from semverse.envs.errors import InputError

BITS_PER_SYMBOL = {"bpsk": 1, "qpsk": 2, "16qam": 4, "64qam": 6, "256qam": 8}
SMALLEST_K, LARGEST_K = 12, 8448  # of one code block
LARGEST_RATE = 948 / 1024  # TS 38.214, table 5.1.3.1-2
LOWEST_MOTHER_RATE = 1 / 5  # of base graph 2; coded bits are repeated below
SMALLEST_POWER = 1e-12  # |h|^2 of a symbol that is lost
DECODED_AT_ONCE = 2**21  # messages of the decoder, so that they stay near the cache


@dataclass(frozen=True, eq=False)
class Reception:
    """What came out of the decoder."""

    bits: BitArray  # [B, k]
    errors: npt.NDArray[np.bool_]  # [B] some bit of the block is wrong


class CodedLink:
    """Encoder, mapper, channel with coherent reception, demapper and decoder of one scheme.

    A codeword is one code block: base graph and lifting of TS 38.212, 5.2.2 and 5.3.2; rate matching without
    filler bits from redundancy version 0, 5.4.2.1; bit interleaver, 5.4.2.2. The decoder is Sionna's:
    flooding sum-product (boxplus-phi) in single precision.

    Args:
        modulation: ``bpsk``, ``qpsk``, ``16qam``, ``64qam`` or ``256qam``.
        code_rate: information bits a coded bit, at most 948/1024; rounded down so that symbols are full.
        k: information bits a block, 12 to 8448.
        iterations: of belief propagation.

    Attributes:
        n: coded bits a block.
        symbols: modulation symbols a block.
        code_rate: k / n.

    Raises:
        InputError: a scheme that does not exist.
    """

    def __init__(self, modulation: str, code_rate: float, k: int, iterations: int = 20) -> None:
        check_scheme(modulation, code_rate, k)
        order = BITS_PER_SYMBOL[modulation]
        self.modulation, self.k = modulation, k
        self.symbols = ceil(k / code_rate / order - 1e-9)
        self.n = self.symbols * order
        self.code_rate = k / self.n
        mother = min(self.n, int(k / LOWEST_MOTHER_RATE))
        self._encoder = LDPC5GEncoder(k, mother, device="cpu", precision="single")
        self._decoder = LDPC5GDecoder(self._encoder, num_iter=iterations, device="cpu", precision="single")
        # place of every sent bit in the circular buffer: repeated below the mother code's rate, interleaved
        positions = torch.arange(self.n) % mother
        self._sent = positions.reshape(order, self.symbols).T.reshape(-1)
        shape = ("pam" if modulation == "bpsk" else "qam", order)
        self._mapper = Mapper(*shape, device="cpu", precision="single")
        self._demapper = Demapper("app", *shape, device="cpu", precision="single")

    def transmit(
        self,
        bits: npt.ArrayLike,
        esno_db: npt.ArrayLike,
        *,
        rng: np.random.Generator,
        gain: npt.ArrayLike = 1.0,
    ) -> Reception:
        """Send blocks through the channel y = h x + n and decode them; the receiver knows h.

        Args:
            bits: [B, k] of 0 and 1.
            esno_db: scalar or [B] dB, at |h| = 1.
            rng: draws the noise.
            gain: |h|, scalar, [B] or [B, symbols].

        Raises:
            InputError: a wrong shape or value.
        """
        given = check_bits(bits, 2)
        if given.shape[1] != self.k:
            raise InputError(f"have shape {list(given.shape)}", key="bits", remedy=f"give [B, {self.k}]")
        snr = 10 ** (_column(esno_db, len(given), 1, "esno_db") / 10)
        power = np.maximum(_column(gain, len(given), self.symbols, "gain") ** 2, SMALLEST_POWER)
        noise_variance = 1 / (snr * power)
        decoded = np.empty_like(given)
        step = max(1, DECODED_AT_ONCE // self._decoder.num_edges)
        for part in (slice(at, at + step) for at in range(0, len(given), step)):
            decoded[part] = self._send(given[part], noise_variance[part], rng)
        return Reception(decoded, (decoded != given).any(axis=1))

    def _send(
        self, bits: BitArray, noise_variance: npt.NDArray[np.float64], rng: np.random.Generator
    ) -> BitArray:
        """Send and decode bits [B, k]; noise variance [B, 1] or [B, symbols], the gain divided out."""
        with torch.inference_mode():
            coded = self._encoder(torch.from_numpy(bits).float())
            symbols = self._mapper(coded[:, self._sent])
            variance = torch.from_numpy(noise_variance).float().expand(len(bits), self.symbols)
            received = symbols + variance.sqrt() * self._noise(len(bits), rng)
            logits = self._demapper(received, variance)
            collected = torch.zeros_like(coded).index_add_(1, self._sent, logits)
            return np.asarray(self._decoder(collected).to(torch.uint8))

    def _noise(self, blocks: int, rng: np.random.Generator) -> torch.Tensor:
        """Draw noise of N0 = 1 [blocks, symbols]: complex, real for BPSK."""
        shape = (blocks, self.symbols, 1 if self.modulation == "bpsk" else 2)
        parts = torch.from_numpy(rng.standard_normal(shape, dtype=np.float32)) * 0.5**0.5
        return parts[..., 0] if self.modulation == "bpsk" else torch.view_as_complex(parts)


def check_scheme(modulation: str, code_rate: float, k: int) -> None:
    """Make sure that a scheme exists.

    Raises:
        InputError: an unknown modulation, a rate or block length out of range.
    """
    if modulation not in BITS_PER_SYMBOL:
        known = ", ".join(BITS_PER_SYMBOL)
        raise InputError(f"unknown {modulation!r:.60}", key="modulation", remedy=f"choose from {known}")
    if not 0 < code_rate <= LARGEST_RATE + 1e-9:
        raise InputError(f"is {code_rate}", key="code_rate", remedy="give more than 0, at most 948/1024")
    if not SMALLEST_K <= k <= LARGEST_K:
        raise InputError(f"is {k}", key="k", remedy=f"give {SMALLEST_K} to {LARGEST_K} bits")


def _column(values: npt.ArrayLike, blocks: int, symbols: int, key: str) -> npt.NDArray[np.float64]:
    """Return a scalar, [B] or [B, symbols] as [B, 1] or [B, symbols]."""
    array = np.asarray(values, dtype=np.float64)
    allowed = {(): (1, 1), (blocks,): (blocks, 1), (blocks, symbols): (blocks, symbols)}
    if array.shape not in allowed or not bool(np.isfinite(array).all()):
        raise InputError(
            f"has shape {list(array.shape)}", key=key, remedy=f"give finite numbers, one or [{blocks}]"
        )
    return np.broadcast_to(array.reshape(allowed[array.shape]), (blocks, allowed[array.shape][1]))
