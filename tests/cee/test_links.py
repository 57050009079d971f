"""Link tables: the parametric model at its points, scaling, measurements in its place, files."""

import json

import numpy as np
import pytest

from semverse.envs.cee.links import LinkTable, load_links, save_links
from semverse.envs.cee.measure import (
    LinkConfig,
    SemanticOptions,
    _semantic,
    parametric_psnr_db,
    power_law,
    read_link_config,
)
from semverse.envs.config import shipped
from semverse.envs.errors import InputError

CONFIG = read_link_config(shipped("cee", "links.yaml"))


def test_the_shipped_table_is_that_of_the_shipped_configuration():
    table = load_links()
    h, s = CONFIG.h264, CONFIG.semantic
    assert table.options == len(h.mcs) * len(h.qp) * len(h.gop) + len(s.rates) * len(s.gop) == 92
    assert table.step_db <= 0.25
    assert (table.snr_db[0], table.snr_db[-1]) == CONFIG.snr_db
    psnr_db = -10 * table.log_mse[:, table.semantic] / np.log(10)
    expected = parametric_psnr_db(s, table.snr_db).reshape(12, -1).T
    assert psnr_db == pytest.approx(expected, abs=1e-4)


def test_the_parametric_model_meets_its_points():
    s = CONFIG.semantic
    found = parametric_psnr_db(s, np.array([0.0, 10.0, 20.0]))
    assert found[-1, s.gop.index(4)] == pytest.approx([24.5, 26.3, 26.6])
    singles = parametric_psnr_db(s, np.array([-5.0, 0.0, 20.0]))
    assert singles[-1, s.gop.index(4)] - singles[-1, s.gop.index(1)] == pytest.approx([2.0, 1.45, 0.1])
    assert np.allclose(found[-1] - found[-2], 1.505, atol=1e-3)  # a halved rate


def test_power_law_by_hand():
    """MSE 1/10 + 1/10 snr^-1 at 0, 10 and 20 dB."""
    psnr_db = tuple(-10 * np.log10([0.2, 0.11, 0.101]))
    assert power_law(psnr_db, (0.0, 10.0, 20.0)) == pytest.approx((0.1, 0.1, 1.0))
    with pytest.raises(InputError, match="psnr_db"):
        power_law((24.0, 25.0, 28.0), (0.0, 10.0, 20.0))


def test_measurements_take_the_place_of_the_model(tmp_path):
    s = CONFIG.semantic
    path = tmp_path / "measured.json"
    values = np.arange(12.0).reshape(3, 4)[..., None] + np.array([20.0, 30.0])
    path.write_text(json.dumps({"snr_db": [0, 10], "psnr_db": values.tolist()}))
    changed = CONFIG.model_copy(update={"semantic": s.model_copy(update={"model": str(path)})})
    log_mse = _semantic(changed, np.array([-5.0, 5.0, 20.0])).log_mse
    assert -10 / np.log(10) * log_mse[5] == pytest.approx([25.0, 30.0, 35.0])


@pytest.mark.parametrize("text", ["{", "[]", '{"snr_db": [0, 1]}', '{"snr_db": [0, 1], "psnr_db": [[1, 2]]}'])
def test_wrong_measurements_are_the_users_error(tmp_path, text):
    path = tmp_path / "measured.json"
    path.write_text(text)
    s = SemanticOptions(**{**CONFIG.semantic.model_dump(), "model": str(path)})
    with pytest.raises(InputError, match=r"measured\.json"):
        _semantic(LinkConfig(**{**CONFIG.model_dump(), "semantic": s}), np.array([0.0]))


def test_lost_frames_show_what_came_before():
    """At hopeless ratios everything is grey or stale; at high ones the clean quality of the encode."""
    table = load_links()
    video = ~table.semantic
    psnr_db = -10 * table.log_mse / np.log(10)
    assert (psnr_db[0, video] < 15).all()
    assert (psnr_db[-1, video] > 30).all()
    assert (np.diff(table.log_mse, axis=0) <= 2e-4).all()  # thousandths of a dB, where gains are kinked


def test_tables_are_written_and_read(tmp_path):
    table = LinkTable(
        np.array([0.0, 0.25]),
        np.array([[-1.0], [-2.0]]),
        np.array([10.0]),
        np.array([4]),
        np.array([True]),
        ("a",),
    )
    path = tmp_path / "t.npz"
    save_links(table, path)
    again = load_links(str(path))
    assert again.names == ("a",)
    assert np.array_equal(again.log_mse, table.log_mse)


@pytest.mark.parametrize("content", [b"", b"no archive"])
def test_what_is_no_table_is_the_users_error(tmp_path, content):
    path = tmp_path / "t.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"t\.npz"):
        load_links(str(path))


def test_fields_of_a_table_are_checked(tmp_path):
    path, other = tmp_path / "t.npz", tmp_path / "u.npz"
    save_links(load_links(), path)
    data = dict(np.load(path))
    for key, value in (("snr_db", data["snr_db"][::-1]), ("symbols", data["symbols"][:-1]), ("format", "x")):
        np.savez(other, **{**data, key: value})
        load_links.cache_clear()
        with pytest.raises(InputError, match=key):
            load_links(str(other))


def test_the_command_wants_an_npz_file(tmp_path):
    import typer
    from typer.testing import CliRunner

    from semverse.scripts.cee_links import command

    app = typer.Typer()
    app.command()(command)
    result = CliRunner().invoke(app, ["--out", str(tmp_path / "t.csv")])
    assert isinstance(result.exception, InputError)
