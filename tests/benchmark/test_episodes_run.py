"""Running, killing, resuming and extending benchmarks of episodes; wrong input."""

import json
import shutil
import signal

import pytest
import yaml

from semverse.agents.benchmark.config import load_benchmark
from semverse.agents.benchmark.episodes.results import collect
from semverse.agents.benchmark.store import Store


@pytest.fixture
def copy(played, tmp_path):
    return shutil.copytree(played, tmp_path / "copy")


@pytest.fixture
def file(episodes, tmp_path):
    path = tmp_path / "episodes.yaml"
    path.write_text(yaml.safe_dump(episodes))
    return path


def files(out):
    return {p.name: (p.stat().st_mtime_ns, p.read_bytes()) for p in out.glob("cells/[!.]*.json")}


def test_resuming_a_finished_run_runs_nothing(copy, invoke):
    before = files(copy)
    code, printed, error = invoke("benchmark", "--resume", "--out", copy)
    assert code == 0, error
    assert "share" in printed
    assert files(copy) == before


def test_a_resumed_run_may_have_more_agents_and_seeds_and_keeps_its_weights(copy, policies, invoke):
    before = files(copy)
    weights = copy / "checkpoints" / "mine" / "seed_3" / "model.safetensors"
    assert weights.read_bytes() == (policies / "seed_3" / "model.safetensors").read_bytes()
    flags = ("--agents", "separate,isgc_exact,mine,equal,isgc_ppo", "--seeds", "3")
    code, _, error = invoke("benchmark", "--resume", "--out", copy, *flags, "--reference-agent", "equal")
    assert code == 0, error
    after = files(copy)
    assert {name: after[name] for name in before} == before
    assert len(after) == 3 * (2 + 2 + 1 + 3)
    results = collect(Store(copy))
    assert results.runs["isgc_ppo"].trainings == (0, 1, 2)  # all that ship
    assert {runs.returns.shape[1] for runs in results.runs.values()} == {15}


def test_a_folder_is_complete_without_its_sources(played, episodes, tmp_path, monkeypatch, invoke):
    copy = shutil.copytree(played, tmp_path / "copy")
    config = yaml.safe_load((copy / "config.yaml").read_text())
    config["agents"]["mine"]["checkpoint"] = "gone"
    (copy / "config.yaml").write_text(yaml.safe_dump(config))
    (copy / "cells" / "505-mine-3.json").unlink()
    results = collect(Store(copy))
    assert [str(cell) for cell in results.missing] == ["505 mine seed_3"]
    # the set that lacks one of two trainings does not count, for neither
    assert {label: runs.returns.shape for label, runs in results.runs.items()} == {
        "separate": (1, 10),
        "isgc_exact": (1, 10),
        "mine": (2, 5),
    }
    assert invoke("benchmark", "--resume", "--out", copy)[0] == 0
    again, first = (json.loads((d / "cells" / "505-mine-3.json").read_text()) for d in (copy, played))
    assert again["returns"] == first["returns"]


def test_an_empty_folder_is_reported_too(copy, invoke):
    for path in (copy / "cells").iterdir():
        path.unlink()
    code, printed, error = invoke("report", copy)
    assert code == 0, error
    assert printed.count("missing: ") == 8


def test_ctrl_c_keeps_what_is_finished_and_resuming_runs_the_rest(episodes, tmp_path, stop_run, invoke):
    config, out = tmp_path / "c.yaml", tmp_path / "out"
    config.write_text(yaml.safe_dump({**episodes, "agents": {"separate": {}}, "episodes": 60, "seeds": 8}))
    process, errors = stop_run(("--config", str(config)), out, "cells/[!.]*.json", 2, signal.SIGINT)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    before = files(out)
    assert 2 <= len(before) < 8
    code, _, errors = invoke("benchmark", "--config", config, "--out", out, "--resume")
    assert code == 0, errors
    after = files(out)
    assert len(after) == 8
    assert {name: after[name] for name in before} == before
    # the log has one line a cell that ran
    assert sum(line.startswith("[") for line in errors.splitlines()) == 8 - len(before)


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (("--seeds", "1"), "seeds: was 2, is now 1"),
        (("--episodes", "4"), "episodes: was 5, is now 4"),
        (("--agents", "separate"), "agents: was"),
        (("--first-seed", "1"), "first_seed: was 500"),
        (("--env", "semverse/ISGCDynamic-v0"), "does not support semverse/ISGCDynamic-v0"),
    ],
)
def test_what_is_there_may_not_change(played, flags, text, invoke):
    before = files(played)
    code, _, error = invoke("benchmark", "--resume", "--out", played, *flags, "--reference-agent", "separate")
    assert code == 2
    assert error.count("\n") == 1
    assert text in error
    assert files(played) == before


@pytest.mark.parametrize("text", ["", "{", '{"format": "semverse.benchmark.cell/1"}', "null"])
def test_a_damaged_cell_is_named(copy, text, invoke):
    (copy / "cells" / "500-separate.json").write_text(text)
    code, _, error = invoke("benchmark", "--resume", "--out", copy)
    assert code == 2
    assert error.count("\n") == 1
    assert "500-separate.json" in error
    assert "delete it" in error


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"episodes": 0}, "episodes: "),
        ({"episodes": True}, "episodes: "),
        ({"regions": ["california"]}, "regions: "),
        ({"settings": {"nonsense": 1}}, "semverse/ISGC-v0: cannot be made"),
        ({"settings": {"profile": "none"}}, "unknown profile 'none'"),
        ({"infos": "late"}, "infos: "),
        ({"reference_agent": "nobody"}, "reference_agent: no agent is labelled 'nobody'"),
        ({"agents": {"a": {"agent": "nobody"}}}, "agents.a: agent: unknown agent 'nobody'"),
        ({"agents": {"myopic": {}}}, "agents.myopic: agent: myopic: does not support semverse/ISGC-v0"),
        ({"agents": {"equal": {"speed": 1}}}, "agents.equal: agent equal: speed"),
        ({"agents": {"ppo": {}}}, "agents.ppo: ppo: has weights to learn; give 'checkpoint:'"),
        ({"agents": {"ppo": {"checkpoint": "none"}}}, "agents.ppo: none: holds no checkpoint"),
        ({"agents": {"sac": {"checkpoint": "isgc_ppo"}}}, "holds ppo, not sac; give 'agent: ppo'"),
        ({"agents": {"ppo": {"checkpoint": "isgc_dynamic_ppo"}}}, "trained for other observations"),
        ({"agents": {"equal": {"checkpoint": "isgc_ppo"}}}, "holds ppo, not equal"),
        ({"agents": {"a-b": {"agent": "equal"}}}, "name 'a-b'"),
    ],
)
def test_wrong_values_are_one_line_and_write_nothing(episodes, changes, text, tmp_path, invoke):
    path, out = tmp_path / "c.yaml", tmp_path / "out"
    path.write_text(yaml.safe_dump({**episodes, "reference_agent": None, **changes}))
    code, printed, error = invoke("benchmark", "--config", path, "--out", out)
    assert (code, printed) == (2, "")
    assert error.count("\n") == 1
    assert text in error
    assert not out.exists()


@pytest.mark.parametrize(
    ("agents", "reference", "expected"),
    [("isgc_exact", None, None), ("equal,separate", None, "separate"), ("equal,mine", "equal", "equal")],
)
def test_the_files_reference_agent_counts_only_among_those_picked(file, agents, reference, expected):
    flags = {"agents": agents.split(","), "reference_agent": reference}
    assert load_benchmark(file, flags).reference_agent == expected


def test_flags_pick_labels_agents_and_checkpoints(file, episodes):
    config = load_benchmark(file, {"agents": ["mine", "equal", "isgc_ppo"], "episodes": 7})
    assert config.episodes == 7
    assert config.agents == {
        "mine": episodes["agents"]["mine"],
        "equal": {},
        "isgc_ppo": {"agent": "ppo", "checkpoint": "isgc_ppo"},
    }


def test_settings_of_a_variant_replace_those_of_its_checkpoint(episodes, tmp_path):
    from semverse.agents.benchmark.config import Variant
    from semverse.agents.benchmark.episodes.actors import find_trainings, make_actor
    from semverse.agents.training.vector import make_env

    settings = {"checkpoint": "isgc_diffusion", "denoising_steps": 1}
    variant, env = Variant("quick", "diffusion", 1.0, "wall", settings), make_env("semverse/ISGC-v0", {})
    (first, *_) = find_trainings(variant).values()
    assert make_actor(variant, env, {}, first).config.denoising_steps == 1
