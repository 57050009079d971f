"""The commands solve and list."""

import json

import numpy as np
import pytest

from semverse.agents.registry import list_agents
from semverse.envs.registration import list_envs
from semverse.envs.scc.config import load_scenario
from semverse.envs.scc.generator import sample_instance
from semverse.envs.scc.io import save_instance
from semverse.envs.scc.model import evaluate, reference_point
from semverse.solvers.archive import nondominated
from semverse.solvers.indicators import hypervolume

SCHEMA = {
    "instance",
    "agent",
    "seconds",
    "points",
    "bounds",
    "hypervolume",
    "hypervolume_bound",
    "reference_point",
}


@pytest.fixture(scope="module")
def instance():
    config = load_scenario("virginia", mecs=4, users=6, spaces=3)
    return sample_instance(config, np.random.default_rng(5))


@pytest.fixture(scope="module")
def path(instance, tmp_path_factory):
    target = tmp_path_factory.mktemp("instance") / "small.json"
    save_instance(instance, target)
    return target


def call(invoke, path, *flags, agent="greedy"):
    flags = ("--budget", "0.5", *flags)
    return invoke("solve", "--instance", path, "--agent", agent, "--preferences", "5", *flags)


def test_json_has_the_documented_form(instance, path, invoke):
    code, printed, error = call(invoke, path, "--json")
    assert code == 0, error
    data = json.loads(printed)
    assert set(data) == SCHEMA
    assert (data["instance"], data["agent"]) == (instance.name, "greedy")
    costs = evaluate(instance, [point["placement"] for point in data["points"]])
    assert [point["latency_ms"] for point in data["points"]] == costs.latency_ms.tolist()
    assert [point["energy_j"] for point in data["points"]] == costs.energy_j.tolist()
    assert all(point["feasible"] for point in data["points"])
    assert nondominated(costs.objectives).all()
    assert data["hypervolume"] == pytest.approx(hypervolume(costs.objectives, data["reference_point"]))
    assert data["hypervolume"] <= data["hypervolume_bound"] * (1 + 1e-9)


def test_bounds_hold_for_every_placement_there_is(instance, path, invoke):
    data = json.loads(call(invoke, path, "--json")[1])
    assert data["bounds"]
    rng = np.random.default_rng(0)
    placements = rng.integers(instance.num_mecs, size=(20_000, instance.num_requests))
    costs = evaluate(instance, placements)
    objectives = costs.objectives[costs.feasible]
    assert len(objectives)
    for bound in data["bounds"]:
        assert sum(bound["preference"]) == pytest.approx(1.0)
        values = objectives @ np.array(bound["preference"])
        assert values.min() >= bound["lower_bound"] * (1 - 1e-9)


def test_without_a_certificate_the_reference_point_is_that_of_the_paper(instance, path, invoke):
    data = json.loads(call(invoke, path, "--json", "--no-certify")[1])
    assert data["bounds"] == []
    assert data["hypervolume_bound"] is None
    assert data["reference_point"] == reference_point(instance).tolist()


def test_one_preference(path, invoke):
    data = json.loads(call(invoke, path, "--json", "--no-certify", "--preference", "3,1")[1])
    assert len(data["points"]) == 1


def test_the_same_seed_gives_the_same_points(path, invoke):
    runs = [
        json.loads(call(invoke, path, "--json", "--no-certify", "--seed", seed)[1])["points"]
        for seed in (3, 3)
    ]
    assert runs[0] == runs[1]


def test_out_writes_what_json_prints(path, tmp_path, invoke):
    target = tmp_path / "solution.json"
    code, printed, _ = call(invoke, path, "--json", "--out", target)
    assert code == 0
    assert json.loads(target.read_text()) == json.loads(printed)


def test_the_table_names_both_hypervolumes_with_their_reference_points(path, invoke):
    code, printed, _ = call(invoke, path)
    assert code == 0
    assert "latency (ms)" in printed
    assert "certified bound" in printed
    assert printed.count("reference point") == 2


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (["--agent", "nobody"], "unknown agent 'nobody'"),
        (["--env", "semverse/None-v0"], "does not support"),
        (["--budget", "0"], "budget.seconds"),
        (["--budget", "-1"], "budget.seconds"),
        (["--budget", "nan"], "budget.seconds"),
        (["--preferences", "0"], "preferences"),
        (["--preference", "1"], "preference"),
        (["--preference", "a,b"], "preference"),
        (["--preference", "nan,1"], "preference"),
        (["--preference", "0,0"], "preference"),
        (["--preference=-1,2"], "preference"),
        (["--seed", "-1"], "seed"),
        (["--instance", "missing.json"], "missing.json"),
        (["--out", "missing/folder/x.json"], "x.json"),
        (["--out", "."], "is no regular file"),
    ],
)
def test_wrong_input_is_one_line(path, flags, text, invoke):
    code, printed, error = call(invoke, path, *flags)
    assert code == 2
    assert printed == ""
    assert error.count("\n") == 1
    assert text in error


def test_list_shows_every_agent_and_environment(invoke):
    code, printed, _ = invoke("list", "--json")
    assert code == 0
    data = json.loads(printed)
    assert [row["id"] for row in data["envs"]] == [row.id for row in list_envs()]
    assert [row["name"] for row in data["agents"]] == [spec.name for spec in list_agents()]
    assert set(json.loads(invoke("list", "agents", "--json")[1])) == {"agents"}
    table = invoke("list", "envs")[1]
    assert all(row.id in table for row in list_envs())


def test_list_refuses_another_kind(invoke):
    code, _, error = invoke("list", "planets")
    assert code == 2
    assert error.count("\n") == 1
    assert "planets" in error
