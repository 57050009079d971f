"""The OpenCellID reader."""

import os

import numpy as np
import pytest

from semverse.envs.errors import InputError
from semverse.envs.scc.cells import load_cells
from semverse.envs.scc.config import load_scenario
from semverse.envs.scc.generator import sample_instance


def write(folder, text, name="cells.csv"):
    path = folder / name
    path.write_text(text)
    return path


def test_columns_in_any_order_and_distinct_sites(tmp_path):
    path = write(tmp_path, "range,lat,radio,lon\n1,10.5,LTE,20.25\n2,10.5,GSM,20.25\n3,-9,LTE,7\n")
    cells = load_cells(path)
    assert cells.lon.tolist() == [7.0, 20.25]
    assert cells.lat.tolist() == [-9.0, 10.5]
    assert (cells.rows, cells.bad_rows) == (3, 0)


def test_bad_rows_are_left_out_and_counted(tmp_path):
    bad = ["x,1", "1", ",2", "nan,1", "181,1", "1,-91", "inf,0", '"a,b",3']
    path = write(tmp_path, "\n".join(["lon,lat", "1,2", *bad, "", "3,4", ""]))
    cells = load_cells(path)
    assert cells.lon.tolist() == [1.0, 3.0]
    assert cells.bad_rows == len(bad)


def test_byte_order_mark_quotes_and_bad_bytes(tmp_path):
    path = tmp_path / "cells.csv"
    path.write_bytes(b'\xef\xbb\xbf"lon","lat",note\r\n"1.5","2.5",caf\xe9\r\n')
    assert load_cells(path).lon.tolist() == [1.5]


def test_file_is_read_once_until_it_changes(tmp_path):
    path = write(tmp_path, "lon,lat\n1,2\n")
    first = load_cells(path)
    assert load_cells(str(path)) is first
    write(tmp_path, "lon,lat\n1,2\n3,4\n")
    os.utime(path, ns=(1, 1))
    assert load_cells(path).lon.tolist() == [1.0, 3.0]


def test_sample_draws_distinct_sites(tmp_path):
    path = write(tmp_path, "lon,lat\n" + "\n".join(f"{i},{i}" for i in range(10)))
    cells = load_cells(path)
    assert sorted(cells.sample(10, np.random.default_rng(0))) == list(range(10))


def test_instances_stand_on_the_sites_of_the_file(tmp_path):
    path = write(tmp_path, "lat,lon\n" + "\n".join(f"{40 + i / 100},{i / 50}" for i in range(30)))
    instance = sample_instance(load_scenario(cells=path), np.random.default_rng(0))
    sites = set(zip(load_cells(path).lon.tolist(), load_cells(path).lat.tolist(), strict=True))
    assert set(zip(instance.mecs.lon.tolist(), instance.mecs.lat.tolist(), strict=True)) <= sites


@pytest.mark.parametrize("name", ["opencellid_california", "opencellid_virginia", "virginia_towers"])
def test_real_files(data_dir, name):
    cells = load_cells(data_dir / "cells" / f"{name}.csv")
    assert len(cells.lon) > 100
    assert cells.bad_rows == 0
    instance = sample_instance(load_scenario(cells=cells.source), np.random.default_rng(0))
    assert instance.num_mecs == 20


def test_too_few_sites(tmp_path):
    path = write(tmp_path, "lon,lat\n1,2\n1,2\n")
    with pytest.raises(InputError, match="1 distinct sites, 20 are needed"):
        sample_instance(load_scenario(cells=path), np.random.default_rng(0))


def test_lines_lost_to_a_stray_quotation_mark_are_counted(tmp_path):
    cells = load_cells(write(tmp_path, 'lon,lat,note\n1,2,a\n"3,4,b\n5,6,c\n7,8,d\n'))
    assert cells.lon.tolist() == [1.0]
    assert cells.bad_rows == 3
    cells = load_cells(write(tmp_path, 'lon,lat,note\n1,2,"a\n3,4,b\n5,6,c\n', "note.csv"))
    assert (cells.lon.tolist(), cells.bad_rows) == ([1.0], 2)
