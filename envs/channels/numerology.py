"""Numerology of NR: TS 38.211, 4.2 and 4.3; resource blocks of a carrier: TS 38.101-1, table 5.3.2-1."""

from __future__ import annotations

from dataclasses import dataclass

from semverse.envs.errors import InputError

SUBCARRIERS = 12  # of a resource block: TS 38.211, 4.4.4.1
SYMBOLS_A_SLOT = 14  # normal cyclic prefix: table 4.3.2-1
SUBFRAME_S = 1e-3

# bandwidth in MHz -> resource blocks, by subcarrier spacing in kHz
RESOURCE_BLOCKS: dict[int, dict[int, int]] = {
    15: {5: 25, 10: 52, 15: 79, 20: 106, 25: 133, 30: 160, 40: 216, 50: 270},
    30: {
        5: 11,
        10: 24,
        15: 38,
        20: 51,
        25: 65,
        30: 78,
        40: 106,
        50: 133,
        60: 162,
        80: 217,
        90: 245,
        100: 273,
    },
    60: {10: 11, 15: 18, 20: 24, 25: 31, 30: 38, 40: 51, 50: 65, 60: 79, 80: 107, 90: 121, 100: 135},
}


@dataclass(frozen=True)
class Numerology:
    """One of mu = 0 to 4 (TS 38.211, table 4.2-1).

    Raises:
        InputError: another mu.
    """

    mu: int

    def __post_init__(self) -> None:
        if self.mu not in range(5):
            raise InputError(f"is {self.mu}", key="mu", remedy="give 0 to 4")

    @property
    def subcarrier_spacing_hz(self) -> float:
        """2^mu 15 kHz (table 4.2-1)."""
        return 15_000.0 * float(2**self.mu)

    @property
    def slot_s(self) -> float:
        """Length of a slot of 14 symbols (4.3.2)."""
        return SUBFRAME_S / float(2**self.mu)

    @property
    def symbol_s(self) -> float:
        """Mean length of an OFDM symbol with its cyclic prefix."""
        return self.slot_s / SYMBOLS_A_SLOT

    @property
    def resource_block_hz(self) -> float:
        """Bandwidth of a resource block."""
        return SUBCARRIERS * self.subcarrier_spacing_hz


def resource_blocks(bandwidth_mhz: int, mu: int) -> int:
    """Return the resource blocks of a carrier (FR1, guard bands taken off; TS 38.101-1, table 5.3.2-1).

    Raises:
        InputError: a carrier that does not exist.
    """
    spacing = int(Numerology(mu).subcarrier_spacing_hz / 1000)
    if spacing not in RESOURCE_BLOCKS:
        raise InputError(f"is {mu}", key="mu", remedy="give 0, 1 or 2")
    blocks = RESOURCE_BLOCKS[spacing]
    if bandwidth_mhz not in blocks:
        remedy = f"choose from {', '.join(map(str, blocks))}"
        raise InputError(f"is {bandwidth_mhz} at {spacing} kHz", key="bandwidth_mhz", remedy=remedy)
    return blocks[bandwidth_mhz]
