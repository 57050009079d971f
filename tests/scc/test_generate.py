"""``semverse generate`` on real input."""

import numpy as np
import pytest

from semverse.envs.scc.config import load_scenario
from semverse.envs.scc.generator import sample_instance
from semverse.envs.scc.io import canonical_json, load_instance


@pytest.mark.parametrize("suffix", ["json", "npz"])
def test_files_hold_what_their_seed_and_number_say(tmp_path, semverse, suffix):
    outcome = semverse(
        "generate",
        "--config",
        "virginia",
        "--count",
        3,
        "--seed",
        7,
        "--out",
        tmp_path / "a",
        "--format",
        suffix,
    )
    assert outcome.code == 0
    assert outcome.out == f"3 instances in {tmp_path / 'a'}\n"
    for index in range(3):
        expected = sample_instance(load_scenario("virginia"), np.random.default_rng([7, index]))
        loaded = load_instance(tmp_path / "a" / f"{index:05d}.{suffix}")
        assert canonical_json(loaded) == canonical_json(expected)


def test_bad_rows_are_reported(tmp_path, semverse):
    cells = tmp_path / "cells.csv"
    cells.write_text("lon,lat\n" + "\n".join(f"{i / 100},{i / 50}" for i in range(30)) + "\nx,y\n1\n")
    walk = tmp_path / "walk.csv"
    rows = [f"{i % 7},{i % 11},{'AB'[i % 2]}" for i in range(200)]
    walk.write_text("\n".join(["HMDPX,HMDPZ,Participant", *rows, "nan,1,A"]))
    outcome = semverse("generate", "--count", 1, "--out", tmp_path / "a", "--cells", cells, "--traces", walk)
    assert outcome.code == 0, outcome.err
    assert f"cells: 2 bad rows left out of {cells}" in outcome.out
    assert f"traces: 1 bad rows left out of {walk}" in outcome.out


def test_real_cells_and_traces(tmp_path, semverse, data_dir):
    cells = data_dir / "cells" / "opencellid_virginia.csv"
    outcome = semverse(
        "generate", "--count", 2, "--out", tmp_path / "a", "--cells", cells, "--traces", data_dir / "vr"
    )
    assert outcome.code == 0, outcome.err
    assert load_instance(tmp_path / "a" / "00001.json").num_mecs == 20
