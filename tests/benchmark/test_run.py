"""Running, killing and resuming a benchmark."""

import json
import signal
import subprocess

import pytest
import yaml

from semverse.agents import registry
from semverse.agents.benchmark.config import load_benchmark
from semverse.agents.benchmark.fronts.plan import instance_path
from semverse.agents.benchmark.fronts.results import mean_curves
from semverse.agents.benchmark.progress import show_progress
from semverse.agents.benchmark.run import run_benchmark, write_results
from semverse.agents.benchmark.store import Store
from semverse.agents.registry import register_agent
from semverse.envs.errors import InputError
from semverse.envs.scc.io import load_instance
from semverse.envs.scc.model import evaluate


def files(out):
    return {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in out.glob("c*/[!.]*.json")}


def test_every_cell_is_there_and_scored_by_the_model(finished):
    store = Store(finished)
    assert len(files(finished)) == 2 * 2 * (1 + 3)
    for path in (finished / "cells").iterdir():
        cell = json.loads(path.read_text())
        instance = load_instance(instance_path(store, f"{cell['region']}-{cell['seed']}"))
        costs = evaluate(instance, [point["placement"] for point in cell["points"]])
        assert costs.feasible.all()
        assert costs.latency_ms.tolist() == [point["latency_ms"] for point in cell["points"]]
        assert costs.energy_j.tolist() == [point["energy_j"] for point in cell["points"]]
        assert cell["history"][-1]["objectives"] == costs.objectives.tolist()


def test_resuming_a_finished_run_runs_nothing(finished, tiny_file, invoke):
    before = files(finished)
    code, printed, _ = invoke("benchmark", "--resume", "--out", finished)
    assert code == 0
    assert "hv_ratio" in printed
    assert files(finished) == before
    assert invoke("benchmark", "--resume", "--out", finished, "--config", tiny_file)[0] == 0


def test_kill_and_resume_loses_nothing_and_runs_nothing_twice(tiny, tmp_path, stop_run, invoke):
    config, out = tmp_path / "c.yaml", tmp_path / "out"
    config.write_text(
        yaml.safe_dump({**tiny, "regions": ["california"], "agents": {"random": {}}, "seeds": 4})
    )
    stop_run(("--config", str(config)), out, "cells/[!.]*.json", 1, signal.SIGKILL)
    (out / "cells" / ".california-3-random.json.a1b2").write_text('{"half')  # as if killed while writing
    before = files(out)
    assert 1 <= len(before) < 8
    code, _, errors = invoke("benchmark", "--config", config, "--out", out, "--resume")
    assert code == 0, errors
    after = files(out)
    assert len(after) == 8
    assert {path: after[path] for path in before} == before
    # the log has one line a cell that ran
    assert sum(line.startswith("[") for line in errors.splitlines()) == 8 - len(before)
    assert not [p for p in out.rglob(".*") if p.is_file()], "temporary files are left"


def test_ctrl_c_ends_at_once_and_keeps_what_is_finished(tiny, tmp_path, stop_run):
    config, out = tmp_path / "c.yaml", tmp_path / "out"
    config.write_text(yaml.safe_dump({**tiny, "agents": {"random": {}, "local": {}}, "budget_s": 30.0}))
    process, errors = stop_run(("--config", str(config)), out, "certificates/[!.]*.json", 4, signal.SIGINT)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert len(list(out.glob("certificates/*.json"))) == 4


def test_a_used_folder_is_refused(finished, tiny_file, invoke):
    code, _, error = invoke("benchmark", "--config", tiny_file, "--out", finished)
    assert code == 2
    assert error.count("\n") == 1
    assert "is not empty" in error
    assert "--resume" in error


@pytest.mark.parametrize(
    ("flags", "key"),
    [
        (["--seeds", "1"], "seeds"),
        (["--budget", "9"], "budget_s"),
        (["--agents", "random"], "agents"),
        (["--regions", "virginia"], "regions"),
    ],
)
def test_another_configuration_does_not_resume(finished, flags, key, invoke):
    before = files(finished)
    code, _, error = invoke("benchmark", "--resume", "--out", finished, *flags)
    assert code == 2
    assert f"{key}: was" in error
    assert files(finished) == before


def test_the_number_of_workers_may_change(finished, invoke):
    assert invoke("benchmark", "--resume", "--out", finished, "--workers", "1")[0] == 0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "other"}', "null", "\x00"])
def test_a_damaged_cell_is_named(finished, tmp_path, text, invoke):
    out = tmp_path / "copy"
    subprocess.run(["cp", "-r", finished, out], check=True)
    path = out / "cells" / "virginia-1-local.json"
    path.write_text(text)
    code, _, error = invoke("benchmark", "--resume", "--out", out)
    assert code == 2
    assert error.count("\n") == 1
    assert "virginia-1-local.json" in error
    assert "delete it" in error


def test_a_cell_under_the_wrong_name_is_refused(finished, tmp_path):
    out = tmp_path / "copy"
    subprocess.run(["cp", "-r", finished, out], check=True)
    cells = out / "cells"
    (cells / "virginia-1-local.json").write_bytes((cells / "virginia-0-local.json").read_bytes())
    with pytest.raises(InputError, match="another cell"):
        run_benchmark(Store(out).config(), out, True, show_progress)


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (["--agents", "nobody"], "unknown agent 'nobody'"),
        (["--agents", ""], "agents: name ''"),
        (["--env", "semverse/None-v0"], "does not support"),
        (["--regions", "atlantis"], "unknown region 'atlantis'"),
        (["--budget", "0"], "budget_s"),
        (["--budget", "nan"], "budget_s"),
        (["--seeds", "-1"], "seeds"),
        (["--workers", "0"], "workers"),
        (["--config", "missing.yaml"], "missing.yaml"),
        (["--cells", "missing.csv"], "missing.csv"),
    ],
)
def test_wrong_input_writes_nothing(tiny_file, tmp_path, flags, text, invoke):
    out = tmp_path / "out"
    base = [] if "--config" in flags else ["--config", tiny_file]
    code, _, error = invoke("benchmark", *base, "--out", out, *flags)
    assert code == 2, error
    assert error.count("\n") == 1
    assert text in error
    assert not out.exists()


def test_an_out_path_below_a_file_is_refused(tiny_file, tmp_path, invoke):
    (tmp_path / "file").write_text("x")
    code, _, error = invoke("benchmark", "--config", tiny_file, "--out", tmp_path / "file" / "out")
    assert code == 2
    assert error.count("\n") == 1
    assert (tmp_path / "file").read_text() == "x"


EMPTY = """
from semverse.envs.config import Config
from semverse.solvers.archive import Archive
class Empty:
    class Config(Config):
        pass
    def __init__(self, config):
        pass
    def solve(self, instance, *, preferences, budget, rng):
        return Archive(instance, budget.start()).front()
"""


def test_an_agent_that_finds_nothing_scores_nothing(tiny, tmp_path, monkeypatch):
    (tmp_path / "empty_agent.py").write_text(EMPTY)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(registry, "_AGENTS", dict(registry._AGENTS))  # forgotten after the test
    register_agent("empty", "empty_agent:Empty", supports=["semverse/SCC-v0"])
    config = load_benchmark(None, {**tiny, "regions": ["virginia"], "agents": ["empty", "local"]})
    results = write_results(run_benchmark(config, tmp_path / "out", False, show_progress))
    found = results.of(agent="empty")
    assert [s.metrics["hv"] for s in found] == [0.0, 0.0]
    assert [s.metrics["igd_plus"] for s in found] == [None, None]
    assert mean_curves(results, "empty", "virginia").values["hv"][-1] == 0.0
    row = json.loads((tmp_path / "out" / "results.json").read_text())["table"][0]
    assert (row["agent"], row["overall"]["hv"]["mean"], row["overall"]["hv_ratio"]["mean"]) == ("empty", 0, 0)
    assert "empty (no front)" in (tmp_path / "out" / "report.html").read_text()


CRASHING = """
import os
from semverse.envs.config import Config
class Crashing:
    class Config(Config):
        pass
    def __init__(self, config):
        pass
    def solve(self, instance, *, preferences, budget, rng):
        os._exit(7)
"""


def test_an_agent_registered_at_run_time_works_and_its_crash_is_told(tiny, tmp_path, monkeypatch):
    (tmp_path / "crashing_agent.py").write_text(CRASHING)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(registry, "_AGENTS", dict(registry._AGENTS))  # forgotten after the test
    register_agent("crashing", "crashing_agent:Crashing", supports=["semverse/SCC-v0"])
    config = load_benchmark(
        None, {**tiny, "regions": ["virginia"], "seeds": 1, "workers": 1, "agents": ["crashing"]}
    )
    with pytest.raises(RuntimeError, match="virginia-0 crashing: its worker ended with exit code 7"):
        run_benchmark(config, tmp_path / "out", False, show_progress)
    assert len(list((tmp_path / "out" / "certificates").iterdir())) == 1
