"""Semantic link options measured with real codecs: what is sent, resumed, averaged and read again."""

import json
from fractions import Fraction

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from semverse.envs.cee.links import load_links
from semverse.envs.cee.measure import read_link_config
from semverse.envs.cee.measured import Measured, Run, measure_runs, measured_psnr_db, runs, summary
from semverse.envs.cee.problem import Problem
from semverse.envs.config import load_yaml, shipped
from semverse.envs.errors import InputError
from semverse.scripts.cee_semantic import read_runs

CONFIG = read_link_config(shipped("cee", "measured.yaml"))


def changed(**semantic):
    """Return the shipped configuration with other semantic options."""
    return CONFIG.model_copy(update={"semantic": CONFIG.semantic.model_copy(update=semantic)})


def small(codecs, gop):
    """Return a configuration of few runs: one rate, three ratios, two seeds."""
    measurement = CONFIG.semantic.measurement.model_copy(
        update={"codecs": codecs, "seeds": 2, "step_db": 30.0}
    )
    return changed(rates=(0.5,), gop=gop, measurement=measurement)


def test_the_shipped_table_holds_the_shipped_measurements():
    table, s = load_links("measured"), CONFIG.semantic
    data = json.loads(
        shipped("cee", "measured.yaml").parents[2].joinpath("envs/cee/tables/semantic.json").read_text()
    )
    assert (data["clip"], data["frames"]) == (CONFIG.h264.clip, CONFIG.h264.frames)
    assert (tuple(data["codecs"]), data["seeds"]) == (s.measurement.codecs, s.measurement.seeds)
    psnr_db = -10 * table.log_mse[:, table.semantic] / np.log(10)
    assert psnr_db == pytest.approx(
        measured_psnr_db(s, table.snr_db).reshape(-1, table.snr_db.size).T, abs=1e-4
    )
    sent = np.array(data["symbols_per_pixel"]).ravel() * CONFIG.pixels
    assert table.symbols[table.semantic] == pytest.approx(sent, rel=1e-3)


def test_no_training_has_seen_the_clip():
    for name in CONFIG.semantic.measurement.codecs:
        training = {"vst": "video_vst", "vst_frames": "video_frames"}[name]
        about = load_yaml(shipped("codecs", f"{training}.yaml"))
        assert CONFIG.h264.clip not in about["clips"]
        assert CONFIG.h264.clip in about["held_out"]


def test_runs_are_sent_once_and_good_ratios_are_better(tmp_path, write_codec, monkeypatch):
    pytest.importorskip("torch")
    pytest.importorskip("av")
    from semverse.envs.codecs.media import write_clip

    rng = np.random.default_rng(0)
    smooth = np.kron(rng.integers(60, 200, (8, 4, 4, 3)), np.ones((1, 8, 8, 1))).astype(np.uint8)
    write_codec(tmp_path, smooth)
    write_clip(tmp_path / "clip.mp4", smooth, Fraction(30))
    monkeypatch.setattr(
        "semverse.envs.codecs.clips.clip_paths", lambda: {CONFIG.h264.clip: tmp_path / "clip.mp4"}
    )
    config, kept = small((str(tmp_path),), (4,)), []
    first = next(runs(config))
    known = {first: Measured(1.0, 2.0)}
    found = measure_runs(config, known, lambda run, result: kept.append(run))
    assert len(found) == 6
    assert found[first] == Measured(1.0, 2.0)
    assert first not in kept
    assert len(kept) == 5
    good, bad = (found[Run(0.5, 4, snr_db, 1)] for snr_db in (40.0, -20.0))
    assert good.psnr_db > bad.psnr_db + 5
    assert good.symbols == pytest.approx(0.5)
    with pytest.raises(InputError, match="gop"):
        measure_runs(small((str(tmp_path),), (8,)), {}, lambda run, result: None)


def test_means_over_seeds_by_hand(tmp_path):
    config = small(("a", "b"), (1, 8))
    found = {
        run: Measured(20.0 + run.gop + run.snr_db / 10 + 2 * run.seed, 0.5 + run.gop / 8)
        for run in runs(config)
    }
    data = summary(config, found)
    assert data["snr_db"] == [-20.0, 10.0, 40.0]
    assert data["psnr_db"] == [[[20.0, 23.0, 26.0], [27.0, 30.0, 33.0]]]
    assert data["symbols_per_pixel"] == [[0.625, 1.5]]
    assert data["largest_deviation_db"] == 1.0
    path = tmp_path / "m.json"
    path.write_text(json.dumps(data))
    s = config.semantic.model_copy(update={"model": str(path)})
    assert measured_psnr_db(s, np.array([-5.0]))[0, :, 0] == pytest.approx([21.5, 28.5])
    with pytest.raises(InputError, match="psnr_db"):
        measured_psnr_db(s.model_copy(update={"gop": (1, 4)}), np.array([0.0]))


def test_a_line_that_was_cut_off_is_measured_again(tmp_path):
    log = tmp_path / "m.jsonl"
    assert read_runs(log) == {}
    log.write_text("[[0.5, 8, 0.0, 1], [30.0, 0.5]]\n[[0.5, 8, 0.0, 2], [3")
    assert read_runs(log) == {Run(0.5, 8, 0.0, 1): Measured(30.0, 0.5)}


def test_measuring_without_codecs_is_the_users_error():
    with pytest.raises(InputError, match="measurement"):
        list(runs(changed(measurement=None)))
    with pytest.raises(InputError, match="measurement"):
        list(runs(changed(gop=(1, 2, 8))))


def test_the_command_wants_a_json_file(tmp_path):
    from semverse.scripts.cee_semantic import command

    app = typer.Typer()
    app.command()(command)
    result = CliRunner().invoke(app, ["--out", str(tmp_path / "t.csv")])
    assert isinstance(result.exception, InputError)


def test_the_papers_system_needs_a_gop_that_there_is():
    problem = Problem.of(links="measured", paper={"uplink": "semantic 1/16 GOP 8"})
    up, down, *_ = problem.fixed_action(problem.config.paper)
    assert problem.table.names[up] == "semantic 1/16 GOP 8"
    assert problem.table.names[down] == "semantic 1/16 GOP 1"
    with pytest.raises(InputError, match=r"paper\.uplink"):
        Problem.of(links="measured").fixed_action(Problem.of(links="measured").config.paper)
