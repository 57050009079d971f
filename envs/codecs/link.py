"""A coded link that is really run: 5G LDPC code (TS 38.212), modulation, channel, soft decoding, on Sionna.

Es/N0 is the energy of a modulation symbol over the noise power spectral density N0: symbols have mean energy
1, the complex noise of a symbol has variance N0. A BPSK symbol is real (one bit a symbol) and so is its
noise, of variance N0/2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from sionna.phy.fec.ldpc import LDPC5GEncoder

from semverse.envs.channels.modulation import BITS_PER_SYMBOL
from semverse.envs.channels.schemes import LARGEST_K_OF_GRAPH_2, base_graph, block_symbols, check_scheme
from semverse.envs.codecs.belief_propagation import SumProductDecoder
from semverse.envs.codecs.blocks import BitArray, check_bits
from semverse.envs.codecs.demapper import Dimensions
from semverse.envs.errors import InputError

MOTHER_RATE = {1: 1 / 3, 2: 1 / 5}  # of the base graphs; coded bits are repeated below
SMALLEST_POWER = 1e-12  # |h|^2 of a symbol that is lost
BLOCKS_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class Reception:
    """What came out of the decoder."""

    bits: BitArray  # [B, k]
    errors: npt.NDArray[np.bool_]  # [B] some bit of the block is wrong


class CodedLink:
    """Encoder, mapper, channel with coherent reception, demapper and decoder of one scheme.

    A codeword is one code block: base graph and lifting of TS 38.212, 5.2.2 and 5.3.2; rate matching without
    filler bits from redundancy version 0, 5.4.2.1; bit interleaver, 5.4.2.2. The decoder is the flooding
    sum-product algorithm in single precision.

    Args:
        modulation: ``bpsk``, ``qpsk``, ``16qam``, ``64qam`` or ``256qam``.
        code_rate: information bits a coded bit, 30/1024 to 948/1024; rounded down so that symbols are full.
        k: information bits a block, 12 to 8448; at rates up to 1/4 at most 3840.
        iterations: of belief propagation.

    Attributes:
        n: coded bits a block.
        symbols: modulation symbols a block.
        code_rate: k / n.

    Raises:
        InputError: a scheme that does not exist.
    """

    def __init__(self, modulation: str, code_rate: float, k: int, iterations: int = 20) -> None:
        graph = check_link(modulation, code_rate, k)
        order = BITS_PER_SYMBOL[modulation]
        self.modulation, self.k = modulation, k
        self.symbols = int(block_symbols(modulation, code_rate, k))
        self.n = self.symbols * order
        self.code_rate = k / self.n
        mother = min(self.n, int(k / MOTHER_RATE[graph]))
        self._encoder = LDPC5GEncoder(k, mother, device="cpu", precision="single")
        self._decoder = SumProductDecoder(self._encoder, iterations)
        # place of every sent bit in the circular buffer: repeated below the mother code's rate, interleaved
        positions = torch.arange(self.n) % mother
        self._sent = positions.reshape(order, self.symbols).T.reshape(-1)
        self._dimensions = Dimensions(modulation)

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
        for at in range(0, len(given), BLOCKS_AT_ONCE):
            part = slice(at, at + BLOCKS_AT_ONCE)
            decoded[part] = self._send(given[part], noise_variance[part], rng)
        return Reception(decoded, (decoded != given).any(axis=1))

    def _send(
        self, bits: BitArray, noise_variance: npt.NDArray[np.float64], rng: np.random.Generator
    ) -> BitArray:
        """Send and decode bits [B, k]; noise variance [B, 1] or [B, symbols], the gain divided out."""
        with torch.inference_mode():
            coded = self._encoder(torch.from_numpy(bits).float())
            variance = torch.from_numpy(noise_variance).float().expand(len(bits), self.symbols)
            received = self._dimensions.map(coded[:, self._sent])
            noise = torch.from_numpy(rng.standard_normal(received.shape, dtype=np.float32))
            received += noise * (variance[..., None] / 2).sqrt()
            logits = self._dimensions.demap(received, variance)
            collected = torch.zeros_like(coded).index_add_(1, self._sent, logits)
            return np.asarray(self._decoder.decode(collected))


def check_link(modulation: str, code_rate: float, k: int) -> int:
    """Return the base graph of a scheme.

    Raises:
        InputError: the scheme does not exist.
    """
    check_scheme(modulation, code_rate, k)
    graph = int(base_graph(code_rate, k))
    if graph == 2 and k > LARGEST_K_OF_GRAPH_2:
        remedy = f"give at most {LARGEST_K_OF_GRAPH_2} bits a block at rates up to 1/4"
        raise InputError(f"is {k}", key="k", remedy=remedy)
    return graph


def _column(values: npt.ArrayLike, blocks: int, symbols: int, key: str) -> npt.NDArray[np.float64]:
    """Return a scalar, [B] or [B, symbols] as [B, 1] or [B, symbols]."""
    array = np.asarray(values, dtype=np.float64)
    allowed = {(): (1, 1), (blocks,): (blocks, 1), (blocks, symbols): (blocks, symbols)}
    if array.shape not in allowed or not bool(np.isfinite(array).all()):
        raise InputError(
            f"has shape {list(array.shape)}", key=key, remedy=f"give finite numbers, one or [{blocks}]"
        )
    return np.broadcast_to(array.reshape(allowed[array.shape]), (blocks, allowed[array.shape][1]))
