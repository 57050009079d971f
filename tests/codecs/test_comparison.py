"""Comparisons of codecs: budgets, tables, findings, a small run from end to end, wrong input."""

import csv
import json

import numpy as np
import pytest
import torch
from PIL import Image

from semverse.envs.codecs.comparison.allocation import block_bits, fit_proportional, fit_rate, proportional
from semverse.envs.codecs.comparison.cells import mean_of
from semverse.envs.codecs.comparison.config import ComparisonConfig
from semverse.envs.codecs.comparison.findings import mesh_findings, picture_findings
from semverse.envs.codecs.comparison.pictures import finest
from semverse.envs.codecs.vlscc import load_codec, make_codec, save_codec
from semverse.envs.codecs.vlscc.config import ImageConfig
from semverse.envs.config import load_config, parse, shipped


def image_codec(folder, **change):
    torch.manual_seed(0)
    config = {
        "kind": "image",
        "length": 32,
        "levels": 4,
        "variable": True,
        "snr_input": True,
        "rates": [0.5],
        "semantic": [[3, 2, 4], [3, 2, 4]],
        "coder": [[3, 2, 8], [3, 2, 32]],
        "coder_prelu": True,
        "linear_path": False,
        "allocation": [[3, 2, 4], [3, 2, 1]],
    }
    save_codec(make_codec(parse(ImageConfig, {**config, **change})), folder, {})
    return str(folder)


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A comparison of seconds, with one photograph that is noise on a ramp."""
    monkeypatch.setenv("SEMVERSE_DATA", str(tmp_path / "data"))
    (tmp_path / "data" / "some").mkdir(parents=True)
    rng = np.random.default_rng(0)
    ramp = np.linspace(0, 200, 192)[None, :, None] + rng.uniform(0, 40, (176, 192, 3))
    Image.fromarray(ramp.astype(np.uint8)).save(tmp_path / "data" / "some" / "a.png")
    data = load_config(ComparisonConfig, shipped("comparison", "codecs.yaml")).model_dump(mode="json")
    data["meshes"] |= {"snr_db": [0, 10], "samples": 300}
    variable = image_codec(tmp_path / "variable")
    fixed = image_codec(tmp_path / "fixed", variable=False, allocation=[])
    data["pictures"] |= {"variable": {"VL": variable, "VL2": variable}, "fixed": {"SCC": fixed}}
    data["pictures"] |= {"classical": data["pictures"]["classical"][:1], "folder": "some", "lpips_side": 64}
    data["pictures"] |= {"snr_db": [0, 15], "design_snr_db": 15, "rate": 0.5, "rates": [0.25, 0.5]}
    data["pictures"] |= {"classical_spp": [0.3, 1.0], "swept_spp": 1.0}
    return parse(ComparisonConfig, data)


def test_end_to_end(tiny, tmp_path):
    from semverse.envs.codecs.comparison.run import compare_codecs

    calls = []
    found = compare_codecs(tiny, tmp_path / "out", progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (len(calls), len(calls))
    with (tmp_path / "out" / "meshes.csv").open() as file:
        meshes = list(csv.DictReader(file))
    assert {row["method"] for row in meshes} == {"VL-SCC", "entropy", "SCC(2k)", "SCC(4k)", "DeepJSCC(2k)"}
    pictures = json.loads((tmp_path / "out" / "pictures.json").read_text())
    chain = "hevc-intra 16qam 0.67"
    assert {row["method"] for row in pictures} == {"VL", "VL2", "entropy", "SCC", chain}
    # 2.67 bits a symbol get through at 15 dB and not at 0 dB
    decoded = {row["snr_db"]: row["decoded"] for row in pictures if row["method"] == chain}
    assert decoded == {0: 0, 15: 1}
    assert all((tmp_path / "out" / f"{name}.png").is_file() for name in ("meshes", "pictures", "rate_maps"))
    assert json.loads((tmp_path / "out" / "findings.json").read_text()) == found

    # a resumed run computes nothing again
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "cells").iterdir()}
    assert compare_codecs(tiny, tmp_path / "out", resume=True) == found
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "cells").iterdir()}


def test_budgets_are_met_from_below():
    codec = load_codec("mesh_vlscc")
    x, _ = codec.source.sample(400, torch.Generator().manual_seed(0))
    rate = fit_rate(codec, x, 0.0, 2000)
    assert 1950 < codec.symbols(codec.choose(x, 0.0, rate)).double().mean() <= 2000
    bits = codec.source.information_bits(x)
    level = proportional(bits, fit_proportional(codec, bits, 2000), 16)
    assert 1950 < codec.symbols(level).double().mean() <= 2000


def test_block_bits():
    pictures = torch.zeros(1, 3, 4, 8)
    pictures[..., :2, 4:] = 2 / 64  # right block: half 0, half 2 steps, deviation of 1 step
    torch.testing.assert_close(block_bits(pictures, 4), torch.tensor([[[0.0, 1.0]]]), atol=1e-5, rtol=0)


def test_finest_fits():
    picture = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    stream = finest("hevc-intra", picture[None], 20_000)
    assert stream.bits.sum() <= 20_000
    assert finest("hevc-intra", picture[None], 0).level == 51


def test_means():
    rows = [{"m": "a", "x": 1.0}, {"m": "b", "x": 5.0}, {"m": "a", "x": 3.0}]
    assert mean_of(rows, ["m"], ["x"]) == [{"m": "a", "x": 2.0}, {"m": "b", "x": 5.0}]


def test_mesh_findings_say_no_as_well():
    def rows(errors):
        return [
            {"method": method, "snr_db": snr_db, "mpjpe": value, "symbols": 4000 if "4k" in method else 2000}
            for method, values in errors.items()
            for snr_db, value in zip((0, 10), values, strict=True)
        ]

    (yes,) = mesh_findings(rows({"VL-SCC": (0.1, 0.04), "SCC(2k)": (0.2, 0.05), "SCC(4k)": (0, 0)}))
    assert yes["reproduced"]
    assert yes["figures"] == {"smaller by at 0 dB": 0.5, "smaller by at 10 dB": 0.2}
    (no,) = mesh_findings(rows({"VL-SCC": (0.1, 0.06), "SCC(2k)": (0.2, 0.05)}))
    assert not no["reproduced"]


def test_picture_findings_interpolate(tiny):
    def row(method, spp, psnr_db, snr_db=15, asked=1.0):
        return {
            "method": method,
            "symbols_per_pixel": spp,
            "psnr_db": psnr_db,
            "lpips": 0.3 if method == "VL2" else 0.4,
            "snr_db": snr_db,
            "asked": asked,
        }

    chain = tiny.pictures.classical[0].method
    rows = [row(name, spp, 20 + 40 * spp, asked=spp * 8) for name in ("VL", "VL2") for spp in (0.05, 0.125)]
    rows += [row("SCC", 0.1, 23.5), row("entropy", 0.1, 24.5), row(chain, 0.1, 30.0)]
    rows += [row("VL", 0.125, 22.0, 0), row(chain, 0.1, 12.0, 0)]
    found = {finding["claim"]: finding for finding in picture_findings(rows, tiny.pictures)}
    assert found["pictures: VL has higher PSNR than SCC at equal symbols, 15 dB"]["reproduced"]
    better = found["pictures: VL has higher PSNR than entropy at equal symbols, 15 dB"]
    assert better["figures"] == {"gain at 0.1000 spp": -0.5}
    assert not better["reproduced"]
    assert not found[f"pictures: VL has higher PSNR than {chain} at equal symbols, 15 dB"]["reproduced"]
    assert found[f"pictures: VL degrades gracefully with SNR where {chain} falls off a cliff"]["reproduced"]
    assert found["pictures: VL2 has lower LPIPS than VL at equal symbols, 15 dB"]["reproduced"]
