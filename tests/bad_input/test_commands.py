"""Wrong input at the command line: exit code 2, one line on standard error, nothing written."""

import os
import subprocess
import sys

import pytest
import yaml

from semverse.envs.config import shipped
from semverse.envs.scc.io import save_instance
from semverse.envs.scc.toy import toy_instance
from semverse.scripts.main import COMMANDS

BENCHMARK = yaml.safe_load(shipped("benchmark", "scc.yaml").read_text())


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with sound and wrong files, made the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEMVERSE_PORTRAIT_MODEL", raising=False)
    save_instance(toy_instance(), tmp_path / "toy.json")
    (tmp_path / "file").write_text("x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "other.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "few.csv").write_text("lon,lat\n1,2\n")
    (tmp_path / "no_lat.csv").write_text("lon\n1\n")
    (tmp_path / "wrong.json").write_text((tmp_path / "toy.json").read_text().replace("0.25,", "NaN,", 1))
    scenario = yaml.safe_load(shipped("scc", "california.yaml").read_text())
    for name, change in {
        "unknown_key": {"user": 3},
        "unservable": {"mec": {**scenario["mec"], "max_tasks": [1, 1]}},
        "nan": {"mec": {**scenario["mec"], "energy_coefficient": float("nan")}},
    }.items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump({**scenario, **change}))
    for name, change in {
        "bench_unknown_key": {"budgets": 3},
        "bench_nan": {"budget_s": float("nan")},
        "bench_agent": {"agents": {"nobody": {}}},
        "bench_agent_key": {"agents": {"greedy": {"sped": 1}}},
        "bench_region": {"regions": ["atlantis"]},
        "bench_no_agents": {"agents": {}},
        "bench_seeds": {"seeds": True},
        "bench_samples": {"agents": {"random": {"samples": "5"}}},
        "bench_scenario": {"scenario": {"towers": 3}},
    }.items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump({**BENCHMARK, **change}))
    training = yaml.safe_load(shipped("training", "isgc_ppo.yaml").read_text())
    for name, change in {
        "train": {},
        "train_unknown_key": {"steps": 3},
        "train_agent": {"agent": "nobody"},
        "train_nan": {"total_steps": float("nan")},
        "train_env": {"env": {**training["env"], "id": "semverse/None-v0"}},
    }.items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump({**training, **change}))
    recipe = yaml.safe_load(shipped("labels", "scc.yaml").read_text())
    for name, change in {
        "labels_unknown_key": {"towers": 3},
        "labels_bad": {"labels": {**recipe["labels"], "preferences": 1}},
        "labels_env": {"env": "semverse/MO-SCC-v0"},
        "labels_region": {"groups": [*recipe["groups"], {**recipe["groups"][0], "region": "atlantis"}]},
        "labels_sizes": {"groups": [{**recipe["groups"][0], "mecs": [1, 1]}]},
    }.items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump({**recipe, **change}))
    return tmp_path


GENERATE = ("generate", "--count", "2", "--out", "new")
LABELS = ("generate", "--labels", "--env", "semverse/SCC-v0", "--out", "new")
SOLVE = ("solve", "--instance", "toy.json", "--agent", "greedy")
TRAIN = ("train", "--out", "new")
BENCH = ("benchmark", "--out", "new", "--budget", "0.1", "--agents", "greedy")
MATTE = ("matte", "--user", "few.csv", "--background", "few.csv", "--out", "new")
SERVICE = ("service", *MATTE[1:])
CASES = [  # (what the line must name, the arguments; a later flag overrides an earlier one)
    ("region", (*GENERATE, "--config", "atlantis")),
    ("missing.yaml", (*GENERATE, "--config", "missing.yaml")),
    ("unknown_key.yaml: user", (*GENERATE, "--config", "unknown_key.yaml")),
    ("nan.yaml: mec.energy_coefficient", (*GENERATE, "--config", "nan.yaml")),
    ("mec.max_tasks", (*GENERATE, "--config", "unservable.yaml")),
    ("--env", (*GENERATE, "--env", "semverse/None-v0")),
    ("--env", (*GENERATE, "--env", "CartPole-v1")),
    ("count", (*GENERATE, "--count", "0")),
    ("count", (*GENERATE, "--count", "many")),
    ("count", ("generate", "--out", "new")),
    ("seed", (*GENERATE, "--seed", "-1")),
    ("format", (*GENERATE, "--format", "pickle")),
    ("missing.csv: cells", (*GENERATE, "--cells", "missing.csv")),
    ("no_lat.csv: lat", (*GENERATE, "--cells", "no_lat.csv")),
    ("few.csv: lon, lat", (*GENERATE, "--cells", "few.csv")),
    ("full", (*GENERATE, "--cells", "full")),
    ("missing: traces", (*GENERATE, "--traces", "missing")),
    ("empty: traces", (*GENERATE, "--traces", "empty")),
    ("few.csv: HMDPX", (*GENERATE, "--traces", "few.csv")),
    ("file/new", (*GENERATE, "--out", "file/new")),
    ("file", (*GENERATE, "--out", "file")),
    ("full", (*GENERATE, "--out", "full")),
    ("option", (*GENERATE, "--unknown", "1")),
    ("--workers: only goes with --labels", (*GENERATE, "--workers", "2")),
    ("--ray: only goes with --labels", (*GENERATE, "--ray", "auto")),
    ("--shard-size: only goes with --labels", (*GENERATE, "--shard-size", "2")),
    ("--format: only goes without --labels", (*LABELS, "--format", "npz")),
    ("--cells: only goes without --labels", (*LABELS, "--cells", "few.csv")),
    ("--traces: only goes without --labels", (*LABELS, "--traces", "empty")),
    ("--workers: only goes without --ray", (*LABELS, "--ray", "auto", "--workers", "1")),
    ("california", (*LABELS, "--config", "california")),
    ("missing.yaml", (*LABELS, "--config", "missing.yaml")),
    ("labels_unknown_key.yaml: towers", (*LABELS, "--config", "labels_unknown_key.yaml")),
    ("labels_bad.yaml: labels.preferences", (*LABELS, "--config", "labels_bad.yaml")),
    ("labels_env.yaml: env", (*LABELS, "--config", "labels_env.yaml")),
    ("atlantis", (*LABELS, "--config", "labels_region.yaml")),
    ("mec.max_tasks", (*LABELS, "--config", "labels_sizes.yaml")),
    ("--env", (*LABELS, "--env", "CartPole-v1")),
    ("--count", (*LABELS, "--count", "1000000")),
    ("count", (*LABELS, "--count", "0")),
    ("workers", (*LABELS, "--workers", "0")),
    ("shard-size", (*LABELS, "--shard-size", "0")),
    ("seed", (*LABELS, "--seed", "-1")),
    ("file/new", (*LABELS, "--out", "file/new")),
    ("full", (*LABELS, "--out", "full")),
    ("missing.json", (*SOLVE, "--instance", "missing.json")),
    ("wrong.json", (*SOLVE, "--instance", "wrong.json")),
    ("few.csv", (*SOLVE, "--instance", "few.csv")),
    ("nobody", (*SOLVE, "--agent", "nobody")),
    ("seconds", (*SOLVE, "--budget", "nan")),
    ("seconds", (*SOLVE, "--budget", "-1")),
    ("budget", (*SOLVE, "--budget", "soon")),
    ("file/a.json", (*SOLVE, "--out", "file/a.json")),
    ("bench_unknown_key.yaml: budgets", (*BENCH, "--config", "bench_unknown_key.yaml")),
    ("bench_nan.yaml: budget_s", ("benchmark", "--out", "new", "--config", "bench_nan.yaml")),
    ("nobody", ("benchmark", "--out", "new", "--config", "bench_agent.yaml")),
    ("sped", ("benchmark", "--out", "new", "--config", "bench_agent_key.yaml")),
    ("atlantis", (*BENCH, "--config", "bench_region.yaml")),
    ("agents", ("benchmark", "--out", "new", "--config", "bench_no_agents.yaml")),
    ("towers", (*BENCH, "--config", "bench_scenario.yaml")),
    ("budget_s", (*BENCH, "--budget", "nan")),
    ("seeds", (*BENCH, "--seeds", "0")),
    ("missing.csv", (*BENCH, "--cells", "missing.csv")),
    ("missing", (*BENCH, "--traces", "missing")),
    ("file/new", (*BENCH, "--out", "file/new")),
    ("missing", ("report", "missing")),
    ("full", ("report", "full")),
    ("file", ("report", "file")),
    ("seeds", ("benchmark", "--out", "new", "--config", "bench_seeds.yaml")),
    ("samples", ("benchmark", "--out", "new", "--config", "bench_samples.yaml")),
    ("preferences", (*SOLVE, "--preferences", "1000000000")),
    ("preference", (*SOLVE, "--preference", "1e308,1e308")),
    ("pipe", (*SOLVE, "--out", "pipe")),
    ("kind", ("list", "towers")),
    ("seconds", ("findings", "--out", "new", "--seconds", "nan")),
    ("full", ("findings", "--out", "full")),
    ("region", ("findings", "--out", "new", "--region", "atlantis")),
    ("distances", ("findings", "--out", "new", "--distances", "5,far")),
    ("file/new", ("findings", "--out", "file/new")),
    ("missing.yaml", (*TRAIN, "--config", "missing.yaml")),
    ("train_unknown_key.yaml: steps", (*TRAIN, "--config", "train_unknown_key.yaml")),
    ("nobody", (*TRAIN, "--config", "train_agent.yaml")),
    ("train_nan.yaml: total_steps", (*TRAIN, "--config", "train_nan.yaml")),
    ("semverse/None-v0", (*TRAIN, "--config", "train_env.yaml")),
    ("seeds", (*TRAIN, "--config", "train.yaml", "--seeds", "one")),
    ("file/new", ("train", "--config", "train.yaml", "--out", "file/new")),
    ("full", ("train", "--config", "train.yaml", "--out", "full")),
    ("config", ("train", "--out", "new")),
    ("missing", ("evaluate", "--checkpoint", "missing")),
    ("empty", ("evaluate", "--checkpoint", "empty")),
    ("file", ("evaluate", "--checkpoint", "file")),
    ("episodes", ("evaluate", "--checkpoint", "isgc_ppo", "--episodes", "0")),
    ("nobody", ("evaluate", "--env", "semverse/ISGC-v0", "--agents", "nobody")),
    ("--config", ("train-codec",)),
    ("none.yaml", ("train-codec", "--config", "none.yaml")),
    ("known keys", ("train-codec", "--config", "unknown_key.yaml")),
    ("none.yaml", ("compare-codecs", "--config", "none.yaml")),
    ("known keys", ("compare-codecs", "--config", "unknown_key.yaml")),
    ("--config", ("surfaces", "--out", "new.npz")),
    ("none.yaml", ("surfaces", "--config", "none.yaml", "--out", "new.npz")),
    (".npz", ("surfaces", "--config", "mesh", "--out", "new")),
    ("none.yaml", ("reconstruct", "--config", "none.yaml", "--out", "new")),
    ("--frames", ("reconstruct", "--frames", "1", "--out", "new")),
    ("--size", ("reconstruct", "--size", "0", "--out", "new")),
    ("--bases", ("reconstruct", "--bases", "0", "--out", "new")),
    ("--user", ("matte", "--background", "few.csv", "--out", "new")),
    ("none.tflite", (*MATTE, "--model", "none.tflite")),
    ("few.csv", (*MATTE, "--model", "few.csv")),
    ("SEMVERSE_PORTRAIT_MODEL", MATTE),
    ("snr", (*SERVICE, "--snr", "nan")),
    ("snr", (*SERVICE, "--snr", "1e9")),
    ("snr", (*SERVICE, "--downlink-snr", "-1e9")),
    ("--snr", (*SERVICE, "--snr", "high")),
    ("channel", (*SERVICE, "--channel", "rain")),
    ("--codec", (*SERVICE, "--codec", "jpeg")),
    ("nowhere", (*SERVICE, "--codec", "vst", "--checkpoint", "nowhere")),
    ("--rate", (*SERVICE, "--rate", "0.1")),
    ("--steps", (*SERVICE, "--steps", "0")),
    ("--seed", (*SERVICE, "--seed", "-1")),
    ("missing.yaml", (*SERVICE, "--config", "missing.yaml")),
    ("few.csv", (*SERVICE, "--model", "few.csv")),
    ("few.csv", SERVICE),
    ("missing", ("transmit", "--source", "missing", "--out", "new")),
    ("few.csv", ("transmit", "--source", "few.csv", "--out", "new")),
    ("atlantis", ("calibrate", "atlantis")),
    ("--only", ("calibrate", "bler", "--only", "atlantis")),
    ("seed", ("calibrate", "bler", "--seed", "-1")),
    ("file/new", ("calibrate", "bler", "--out", "file/new")),
    ("full", ("calibrate", "bler", "--out", "full")),
    ("few.csv", ("calibrate", "bler", "--out", "few.csv")),
    ("command", ("unheard-of",)),
    ("target", ("check",)),
]


@pytest.mark.parametrize(("named", "arguments"), CASES, ids=[" ".join(arguments) for _, arguments in CASES])
def test_one_line_and_nothing_written(place, semverse, named, arguments):
    before = {path: path.stat().st_mtime_ns for path in place.rglob("*")}
    outcome = semverse(*arguments)
    assert outcome.code == 2, outcome.err
    assert outcome.out == ""
    assert outcome.err.startswith("semverse: error: ")
    assert outcome.err.count("\n") == 1
    assert named in outcome.err.lower() or named in outcome.err
    assert {path: path.stat().st_mtime_ns for path in place.rglob("*")} == before


def test_there_are_cases_for_every_command():
    assert {arguments[0] for _, arguments in CASES} >= set(COMMANDS)


@pytest.mark.parametrize(
    "arguments",
    [
        ("-m", "semverse.scripts.generate", "--count", "1", "--out", "file/new"),
        ("-m", "semverse.scripts.main", "generate", "--count", "1", "--out", "new", "--config", "nan.yaml"),
        ("-m", "semverse.scripts.main", "solve", "--instance", "wrong.json", "--agent", "greedy"),
    ],
)
def test_as_a_process(place, arguments):
    before = sorted(place.rglob("*"))
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, cwd=place
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert sorted(place.rglob("*")) == before


def test_a_missing_package_is_named(place, semverse, monkeypatch):
    monkeypatch.setitem(sys.modules, "moocore", None)
    monkeypatch.delitem(sys.modules, "semverse.solvers.indicators", raising=False)
    for name in ("solution", "fronts.results", "fronts.table", "fronts.kind"):
        monkeypatch.delitem(sys.modules, f"semverse.agents.benchmark.{name}", raising=False)
    monkeypatch.delitem(sys.modules, "semverse.solvers.certificate", raising=False)
    for arguments in (SOLVE, BENCH):
        outcome = semverse(*arguments)
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err == "semverse: error: needs the package 'moocore'; pip install 'semverse[all]'\n"
    assert not (place / "new").exists()


def test_generate_resumes_and_refuses_another_seed(place, semverse):
    assert semverse(*GENERATE, "--format", "npz").code == 0
    (place / "new" / "00001.npz").unlink()
    first = (place / "new" / "00000.npz").stat().st_mtime_ns
    assert semverse(*GENERATE, "--format", "npz", "--count", "3").code == 0
    names = ["00000.npz", "00001.npz", "00002.npz", "generate.json"]
    assert sorted(path.name for path in (place / "new").iterdir()) == names
    assert (place / "new" / "00000.npz").stat().st_mtime_ns == first
    outcome = semverse(*GENERATE, "--seed", "1")
    assert outcome.code == 2
    assert "new/generate.json: is of other settings" in outcome.err
