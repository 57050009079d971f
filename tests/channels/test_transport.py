"""Transport blocks, numerology and MCS tables: by hand and against Sionna's own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semverse.envs.channels.mcs import mcs_table
from semverse.envs.channels.modulation import BITS_PER_SYMBOL
from semverse.envs.channels.numerology import Numerology, resource_blocks
from semverse.envs.channels.transport import SIZES, code_blocks, transport_block_size
from semverse.envs.errors import InputError


def test_sizes_by_hand():
    """QPSK, rate 120/1024, 1 block: 156 * 2 * 0.1172 = 36.6 bits -> 32 -> 32 of the table."""
    assert transport_block_size("qpsk", 120 / 1024, 1) == 32
    # 64QAM, 0.5, 100 blocks: 46800 bits; unit 2^10: 1024 round(45.68) = 47104; 6 blocks: 48 * 982 - 24
    assert transport_block_size("64qam", 0.5, 100) == 8 * 6 * int(np.ceil(47128 / 48)) - 24
    assert len(SIZES) == 93
    assert SIZES[-1] == 3824


def test_four_hundred_sizes_of_sionna():
    pytest.importorskip("sionna")
    from sionna.phy.nr.utils import calculate_tb_size

    rng = np.random.default_rng(0)
    rows = [row for table in ("1", "2") for row in mcs_table(table)]
    agreeing = 0
    for _ in range(400):
        row = rows[rng.integers(len(rows))]
        blocks, symbols, layers = (int(rng.integers(1, most + 1)) for most in (275, 14, 4))
        pilots = int(rng.integers(0, 12 * symbols // 2 + 1))
        size, k, count, *_ = calculate_tb_size(
            BITS_PER_SYMBOL[row.modulation],
            row.code_rate,
            num_prbs=blocks,
            num_ofdm_symbols=symbols,
            num_dmrs_per_prb=pilots,
            num_layers=layers,
            device="cpu",
        )
        ours = transport_block_size(
            row.modulation, row.code_rate, blocks, symbols=symbols, pilots=pilots, layers=layers
        )
        cut = code_blocks(ours, row.code_rate)
        agreeing += (int(ours), int(cut.k), int(cut.count)) == (int(size), int(k), int(count))
    assert agreeing == 400


def test_many_sizes_at_once():
    blocks = np.arange(1, 276)
    sizes = transport_block_size("16qam", np.array([[0.4], [0.6]]), blocks)
    assert sizes.shape == (2, 275)
    assert sizes[1, 99] == transport_block_size("16qam", 0.6, 100)
    assert (np.diff(sizes) >= 0).all()
    assert (sizes % 8 == 0).all()


@given(st.integers(1, 2_000_000), st.sampled_from([0.1, 0.25, 0.3, 0.67, 0.7, 0.92]))
def test_code_blocks_hold_the_transport_block(size, rate):
    cut = code_blocks(size, rate)
    crc = 24 if size > 3824 else 16
    spare = cut.count * (cut.k - 24 * (cut.count > 1)) - size - crc
    assert 0 <= spare < cut.count
    assert cut.k <= (3840 if rate <= 0.25 else 8448)


def test_mcs_tables_of_sionna():
    pytest.importorskip("sionna")
    from sionna.phy.nr.utils import decode_mcs_index

    for table, length in (("1", 29), ("2", 28)):
        rows = mcs_table(table)
        assert len(rows) == length
        for index, row in enumerate(rows):
            order, rate = decode_mcs_index(index, int(table), is_pusch=False, device="cpu")
            assert BITS_PER_SYMBOL[row.modulation] == int(order)
            assert row.code_rate == pytest.approx(float(rate), abs=1e-6)


def test_cqi_table():
    """Efficiencies as printed in TS 38.214, table 5.2.2.1-2."""
    printed = (0.1523, 0.2344, 0.3770, 0.6016, 0.8770, 1.1758, 1.4766, 1.9141, 2.4063, 2.7305, 3.3223)
    printed += (3.9023, 4.5234, 5.1152, 5.5547)
    assert [row.efficiency for row in mcs_table("cqi")] == pytest.approx(printed, abs=1e-4)


def test_numerology():
    assert [Numerology(mu).subcarrier_spacing_hz for mu in range(5)] == [15e3, 30e3, 60e3, 120e3, 240e3]
    assert Numerology(1).slot_s == 0.5e-3
    assert Numerology(0).symbol_s == pytest.approx(1e-3 / 14)
    assert Numerology(1).resource_block_hz == 360e3
    assert resource_blocks(100, 1) == 273
    for mu, bandwidth in ((0, 20), (1, 100), (2, 100)):
        used = resource_blocks(bandwidth, mu) * Numerology(mu).resource_block_hz
        assert 0.9 < used / (bandwidth * 1e6) < 1


@pytest.mark.parametrize(
    ("key", "call"),
    [
        ("modulation", lambda: transport_block_size("8psk", 0.5, 10)),
        ("code_rate", lambda: transport_block_size("qpsk", 0.0, 10)),
        ("resource_blocks", lambda: transport_block_size("qpsk", 0.5, 0)),
        ("symbols", lambda: transport_block_size("qpsk", 0.5, 10, symbols=15)),
        ("pilots", lambda: transport_block_size("qpsk", 0.5, 10, symbols=1)),
        ("size", lambda: code_blocks(0, 0.5)),
        ("table", lambda: mcs_table("3")),
        ("mu", lambda: Numerology(5)),
        ("mu", lambda: resource_blocks(100, 3)),
        ("bandwidth_mhz", lambda: resource_blocks(33, 0)),
    ],
)
def test_wrong_input(key, call):
    with pytest.raises(InputError, match=f"^{key}: "):
        call()
