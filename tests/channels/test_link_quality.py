"""Error rates under fading against direct integrals, and the choice of a scheme."""

import numpy as np
import pytest

from semverse.envs.channels.block_errors import bler, waterfall
from semverse.envs.channels.link_quality import (
    block_fading_bler,
    effective_esno_db,
    rayleigh_outage,
    rician_outage,
    select_mcs,
    transport_block_bler,
)
from semverse.envs.channels.mcs import mcs_table
from semverse.envs.channels.transport import code_blocks
from semverse.envs.errors import InputError

SCHEME = ("qpsk", 0.5, 512)


def integral(esno_db: float, density) -> float:
    """Mean of the curve without fading over the power gain, by the trapezoidal rule on a fine grid."""
    power = np.linspace(1e-6, 40, 400_001)
    return float(np.trapezoid(bler(*SCHEME, esno_db + 10 * np.log10(power)) * density(power), power))


@pytest.mark.parametrize("esno_db", [0.0, 10.0, 20.0])
def test_rayleigh_blocks_are_the_integral_over_the_curve(esno_db):
    expected = integral(esno_db, lambda power: np.exp(-power))
    assert block_fading_bler(*SCHEME, esno_db) == pytest.approx(expected, rel=2e-4)


@pytest.mark.parametrize("k_factor_db", [-20.0, 0.0, 6.0, 15.0])
def test_rician_outage_is_the_noncentral_chi_square(k_factor_db):
    stats = pytest.importorskip("scipy.stats")
    factor = 10 ** (k_factor_db / 10)
    power = np.array([0.0, 0.01, 0.3, 1.0, 2.0, 5.0, 100.0])
    exact = stats.ncx2.cdf(2 * (factor + 1) * power, 2, 2 * factor)
    assert rician_outage(power, k_factor_db) == pytest.approx(exact, abs=1e-9)


def test_rice_between_rayleigh_and_no_fading():
    esno_db = np.linspace(0, 20, 11)
    rayleigh = block_fading_bler(*SCHEME, esno_db)
    assert block_fading_bler(*SCHEME, esno_db, -60.0) == pytest.approx(rayleigh, abs=1e-5)
    assert block_fading_bler(*SCHEME, esno_db, 30.0) == pytest.approx(bler(*SCHEME, esno_db), abs=0.02)
    assert rayleigh_outage([0.0, np.inf]).tolist() == [0.0, 1.0]
    assert block_fading_bler("qpsk", [[0.3], [0.5]], 512, esno_db).shape == (2, 11)


def test_effective_snr():
    same = effective_esno_db("16qam", np.full((3, 8), 5.0))
    assert same == pytest.approx(np.full(3, 5.0), abs=1e-6)
    mixed = float(effective_esno_db("qpsk", [0.0, 10.0]))
    assert 0.0 < mixed < 10.0
    # where information is proportional to the SNR, it is the mean SNR
    low = effective_esno_db("qpsk", [-27.0, -23.0])
    assert low == pytest.approx(10 * np.log10(np.mean([10**-2.7, 10**-2.3])), abs=0.05)
    assert effective_esno_db("qpsk", np.zeros((4, 5)), axis=0).shape == (5,)


def test_the_chosen_scheme_is_the_best_that_holds_the_target():
    esno_db = np.linspace(-15, 35, 51)
    for table in ("1", "2", "cqi"):
        rows = mcs_table(table)
        rate = np.array([bler(row.modulation, row.code_rate, 1000, esno_db) for row in rows])
        efficiency = np.array([row.efficiency for row in rows])
        chosen = select_mcs(esno_db, 1000, table=table)
        assert chosen[0] == -1
        assert efficiency[chosen[-1]] == efficiency.max()
        for at, row in enumerate(chosen):
            allowed = efficiency[rate[:, at] <= 0.1]
            assert (row == -1) == (len(allowed) == 0)
            if row >= 0:
                assert efficiency[row] == allowed.max()
    assert select_mcs(10.0, 1000).shape == ()


def test_a_transport_block_needs_all_its_code_blocks():
    cut = code_blocks(30_000, 0.5)
    assert cut.count == 4
    position, _ = waterfall("16qam", 0.5, int(cut.k))
    lost = transport_block_bler("16qam", 0.5, 30_000, position)
    assert lost == pytest.approx(1 - 0.5**4, abs=1e-3)
    assert transport_block_bler("16qam", 0.5, 30_000, 40.0) == 0.0


@pytest.mark.parametrize(
    ("key", "call"),
    [
        ("modulation", lambda: block_fading_bler("8psk", 0.5, 100, 0.0)),
        ("esno_db", lambda: block_fading_bler(*SCHEME, np.nan)),
        ("k_factor_db", lambda: block_fading_bler(*SCHEME, 0.0, 100.0)),
        ("modulation", lambda: effective_esno_db("8psk", [0.0])),
        ("esno_db", lambda: effective_esno_db("qpsk", [np.inf])),
        ("table", lambda: select_mcs(0.0, 100, table="4")),
        ("target", lambda: select_mcs(0.0, 100, target=0.0)),
        ("k", lambda: select_mcs(0.0, 0)),
        ("size", lambda: transport_block_bler("qpsk", 0.5, 0, 0.0)),
    ],
)
def test_wrong_input(key, call):
    with pytest.raises(InputError, match=f"^{key}: "):
        call()
