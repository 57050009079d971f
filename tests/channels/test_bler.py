"""Block error rates: the shipped points, the table over them, the fallback, and what both miss."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semverse.envs.channels.bler_fallback import Fallback, leave_one_out_db, smooth
from semverse.envs.channels.bler_points import PointsFile, fit_points, grid, load_points
from semverse.envs.channels.block_errors import bler, shipped_fallback, waterfall
from semverse.envs.channels.capacity import bicm_capacity
from semverse.envs.channels.link_quality import block_fading_bler, effective_esno_db, transport_block_bler
from semverse.envs.channels.modulation import BITS_PER_SYMBOL
from semverse.envs.channels.numerics import normal_quantile, normal_tail
from semverse.envs.channels.waterfall_fit import fit_waterfall
from semverse.envs.errors import InputError


@pytest.fixture(scope="module")
def shipped() -> PointsFile:
    return load_points()


def test_fit_finds_the_waterfall_again():
    """Counts of a known waterfall, and the standard error that their scatter has."""
    rng = np.random.default_rng(0)
    esno_db = np.array([0.6, 1.0, 1.4])
    rate = normal_tail((esno_db - 1.0) / 0.3)
    found = []
    for _ in range(200):
        points = np.stack([esno_db, np.full(3, 1000), rng.binomial(1000, rate)], axis=1)
        found.append(fit_waterfall(points, (0.5, 0.5)))
    tenths = np.array([fit.esno_db(0.1) for fit in found])
    assert tenths.mean() == pytest.approx(1.0 + 0.3 * 1.28155, abs=0.01)
    assert tenths.std() == pytest.approx(found[0].standard_error_db(0.1), rel=0.2)
    assert found[0].width_db == pytest.approx(0.3, abs=0.05)


def test_shipped_points_are_the_grid_and_accurate(shipped):
    assert {m.scheme for m in shipped.measured} == set(grid())
    for m in shipped.measured:
        sent, lost = (sum(point[i] for point in m.points) for i in (1, 2))
        assert lost >= 100 or sent >= 60_000
        fit = fit_points(m.scheme, m.points)
        assert fit.standard_error_db(0.1) <= 0.02
        assert fit.standard_error_db(0.01) <= 0.03
        assert (m.position_db, m.width_db) == (round(fit.position_db, 4), round(fit.width_db, 4))


def test_points_lie_on_their_waterfalls(shipped):
    """Two parameters a scheme describe what was counted, down to 0.5 %: within 4 standard errors."""
    for m in shipped.measured:
        for esno_db, sent, lost in m.points:
            if lost < 20 or not 0.005 < lost / sent < 0.7:
                continue
            z = normal_quantile(lost / sent)
            density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
            error = m.width_db / density * np.sqrt(lost / sent * (1 - lost / sent) / sent)
            assert abs(m.position_db + m.width_db * z - esno_db) <= 4 * error, m.scheme


def test_table_gives_back_what_was_measured(shipped):
    for m in shipped.measured:
        position, width = waterfall(m.scheme.modulation, m.scheme.code_rate, m.scheme.k)
        assert float(position) == pytest.approx(m.position_db, abs=1e-6)
        assert float(width) == pytest.approx(m.width_db, rel=1e-6)


def test_bpsk_is_qpsk_at_half_the_energy():
    esno_db = np.linspace(-6, 4, 21)
    once = bler("bpsk", 0.5, 500, esno_db)
    assert bler("qpsk", 0.5, 500, esno_db + 10 * np.log10(2)) == pytest.approx(once, abs=2e-3)


@pytest.mark.parametrize("kind", [list, tuple, np.array, lambda names: np.array(names, dtype=object)])
def test_modulations_broadcast_with_all_else(kind):
    names = ["qpsk", "bpsk", "256qam", "qpsk"]
    esno_db, k = np.array([[0.0], [1.0], [9.0]]), np.array([1024, 64, 1024, 64])
    found = bler(kind(names), 0.5, k, esno_db)
    assert found.shape == (3, 4)
    for column, name in enumerate(names):
        assert (found[:, column] == bler(name, 0.5, k[column], esno_db[:, 0])).all()
    assert bler(kind(["qpsk", "bpsk"]), 0.5, 1024, [0, 1]) == pytest.approx(
        [float(bler("qpsk", 0.5, 1024, 0)), float(bler("bpsk", 0.5, 1024, 1))]
    )


def test_a_modulation_in_an_array_without_axes_is_one_name():
    assert np.array_equal(waterfall(np.array("qpsk"), 0.5, 64), waterfall("qpsk", 0.5, 64))
    assert bler(np.array("qpsk"), 0.5, 64, 1.0).shape == ()


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["qpsk", "8psk"], "unknown '8psk'; choose from bpsk"),
        (["qpsk", None], "no single name"),
        ([["qpsk"], ["qpsk", "bpsk"]], "no array of names"),
        ([2, 4], "no array of names"),
        (None, "no single name"),
    ],
)
def test_wrong_modulations_are_told(names, message):
    with pytest.raises(InputError, match=f"modulation: .*{message}"):
        bler(names, 0.5, 1024, 0.0)


def test_functions_of_one_modulation_say_so():
    with pytest.raises(InputError, match="no single name"):
        bicm_capacity(["qpsk", "bpsk"], 0.0)
    with pytest.raises(InputError, match="no single name"):
        effective_esno_db(np.array(["qpsk", "bpsk"]), [0.0, 1.0])


def test_fading_and_transport_blocks_take_modulations_as_well():
    names = np.array(["qpsk", "16qam"])
    for function, size in ((block_fading_bler, 512), (transport_block_bler, 20_000)):
        alone = [float(function(name, 0.5, size, 5.0)) for name in names]
        assert function(names, 0.5, size, 5.0) == pytest.approx(alone)


@pytest.mark.parametrize("modulation", BITS_PER_SYMBOL)
def test_more_energy_fewer_errors_more_rate_more_errors(modulation):
    esno_db = np.linspace(-10, 35, 91)
    for k in (20, 64, 100, 292, 500, 1000, 3000, 8448):
        rates = np.array([0.2, 0.3, 0.45, 0.6, 0.66, 0.7, 0.8, 0.9])[:, None]
        found = bler(modulation, rates, k, esno_db)
        assert found.shape == (8, 91)
        assert ((found >= 0) & (found <= 1)).all()
        assert (np.diff(found, axis=1) <= 0).all()
        # not more: short blocks of two rates may have the same symbols
        assert (np.diff(waterfall(modulation, rates[:, 0], k)[0]) >= 0).all()


@given(st.sampled_from(sorted(BITS_PER_SYMBOL)), st.floats(0.03, 0.925), st.integers(12, 8448))
def test_every_scheme_has_a_waterfall(modulation, code_rate, k):
    position, width = waterfall(modulation, code_rate, k)
    assert position.shape == ()
    assert -20 < position < 40
    assert 0.02 < width < 4


def test_schemes_outside_of_the_table_have_the_fallback():
    rate, k = np.array([0.2]), np.array([1000.0])
    assert waterfall("16qam", 0.2, 1000) == pytest.approx(
        [float(value[0]) for value in shipped_fallback().waterfall("16qam", rate, k)]
    )


def test_fallback_within_a_quarter_of_a_decibel_where_it_was_not_fitted(shipped):
    errors = leave_one_out_db(shipped.measured, 0.1)
    assert len(errors) == sum(smooth(scheme) for scheme in grid())
    assert np.abs(errors).max() <= 0.25


def test_leave_one_out_is_that(shipped):
    """The formula by leverages against a fit without the scheme."""
    used, at = [m for m in shipped.measured if smooth(m.scheme)], 100
    left, out = used[:at] + used[at + 1 :], used[at]
    scheme = out.scheme
    position, width = Fallback.fit(left).waterfall(
        scheme.modulation, np.array([scheme.code_rate]), np.array([float(scheme.k)])
    )
    error = position[0] + width[0] * 1.2815516 - out.esno_db(0.1)
    assert leave_one_out_db(used, 0.1)[at] == pytest.approx(error, abs=1e-6)


def test_file_there_and_back(tmp_path, shipped):
    path = tmp_path / "points.json"
    some = PointsFile(3, 20, shipped.measured[:4])
    some.save(path)
    again = load_points(path)
    assert (again.seed, again.iterations) == (3, 20)
    assert set(again.measured) == set(some.measured)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"format": "other/1"}', '{"format": "semverse.bler/1", "schemes": [{}]}']
)
def test_other_files_are_one_line(tmp_path, content):
    path = tmp_path / "points.json"
    path.write_text(content)
    with pytest.raises(InputError, match=r"points\.json: ") as caught:
        load_points(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"none\.json: "):
        load_points(Path(tmp_path / "none.json"))


@pytest.mark.parametrize(
    ("key", "arguments"),
    [
        ("modulation", ("8psk", 0.5, 100, 0.0)),
        ("code_rate", ("qpsk", [0.5, 1.0], 100, 0.0)),
        ("code_rate", ("qpsk", np.nan, 100, 0.0)),
        ("k", ("qpsk", 0.5, 8449, 0.0)),
        ("k", ("qpsk", 0.5, 99.5, 0.0)),
        ("esno_db", ("qpsk", 0.5, 100, np.nan)),
        ("esno_db", ("qpsk", 0.5, 100, "loud")),
    ],
)
def test_wrong_input(key, arguments):
    with pytest.raises(InputError, match=f"^{key}: ") as caught:
        bler(*arguments)
    assert "\n" not in str(caught.value)
