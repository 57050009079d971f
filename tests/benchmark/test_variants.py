"""Several settings and budgets of one agent, groups of instances, a reference agent, growing runs."""

import csv
import json
import shutil

import numpy as np
import pytest
import yaml

from semverse.agents.benchmark.colours import colours
from semverse.agents.benchmark.config import load_benchmark
from semverse.agents.benchmark.fronts.cell import Cell
from semverse.agents.benchmark.fronts.config import FrontConfig
from semverse.agents.benchmark.fronts.plan import (
    check_agents,
    expected_seconds,
    load_regions,
    plan_cells,
    sample_instances,
)
from semverse.agents.benchmark.fronts.results import collect, mean_curves
from semverse.agents.benchmark.fronts.table import rich_tables, summarise
from semverse.agents.benchmark.progress import show_progress
from semverse.agents.benchmark.run import run_benchmark, write_results
from semverse.agents.benchmark.runner import make_task
from semverse.agents.benchmark.store import Store
from semverse.agents.benchmark.worker import run_task
from semverse.envs.config import parse
from semverse.envs.errors import InputError
from semverse.envs.scc.config import load_scenario
from semverse.envs.scc.generator import sample_instance
from semverse.solvers.indicators import hypervolume

AGENTS = {
    "greedy": {},
    "exact_short": {"agent": "exact", "budget_s": 0.4},
    "exact_long": {"agent": "exact", "budget_s": 0.8},
    "few": {"agent": "descent", "budget_s": 0.2, "ruined_spaces": 2},
}
REGIONS = {"small": {"region": "california"}, "wide": {"region": "virginia", "users": 9, "mecs": 5}}
CHANGES = {
    "regions": REGIONS,
    "agents": AGENTS,
    "certificate_budget_s": None,
    "reference_agent": "exact_long",
    "seeds": 1,
    "first_seed": 70,
    "workers": 1,
}


def make(tiny, **changes):
    return parse(FrontConfig, {**tiny, **CHANGES, **changes})


@pytest.fixture(scope="module")
def ran(tmp_path_factory, tiny):
    """Folder of a finished run with variants; tests must not change it."""
    out = tmp_path_factory.mktemp("variants") / "out"
    write_results(run_benchmark(make(tiny), out, False, show_progress))
    return out


@pytest.fixture
def copy(ran, tmp_path):
    return shutil.copytree(ran, tmp_path / "copy")


def prepare(tiny, changes):
    config = make(tiny, **changes)
    check_agents(config)
    return sample_instances(config)


def cells_of(out):
    return {path.name: path.stat().st_mtime_ns for path in (out / "cells").iterdir()}


def test_a_variant_has_its_agent_its_budget_and_its_keys(tiny):
    variants = make(tiny).variants
    assert variants["few"].agent == "descent"
    assert variants["few"].settings == {"ruined_spaces": 2}
    assert (variants["greedy"].agent, variants["greedy"].budget_s) == ("greedy", 0.3)
    plain = make(tiny, agents={"exact": {"agent": None, "budget_s": None}}).variants["exact"]
    assert (plain.agent, plain.budget_s, plain.settings) == ("exact", 0.3, {})


def test_the_longest_cells_run_first(tiny):
    config = make(tiny)
    cells = plan_cells(config)
    assert [expected_seconds(config, cell) for cell in cells] == sorted([0.8, 0.4, 0.3, 0.2] * 2)[::-1]
    assert cells[0] == Cell("small", 70, "exact_long")
    certified = plan_cells(make(tiny, certificate_budget_s=0.1))
    assert [cell.agent for cell in certified[:2]] == [None, None]
    assert certified[2:] == cells
    assert len(set(cells)) == len(cells)


def test_no_separate_certificates_are_planned_where_an_agent_certifies(tiny, ran):
    assert all(cell.agent is not None for cell in plan_cells(make(tiny)))
    assert make(tiny).certifier == "exact_long"
    assert make(tiny, certificate_budget_s=1.0).certifier is None
    assert list((ran / "certificates").iterdir()) == []


def test_flags_pick_labels_or_registered_names(tiny, tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump({**tiny, **CHANGES}))
    config = load_benchmark(path, {"agents": ["few", "random"], "regions": ["wide", "california"]})
    assert config.agents == {"few": AGENTS["few"], "random": {}}
    assert config.regions == {"wide": REGIONS["wide"], "california": {}}
    assert [scenario.users for scenario in load_regions(config).values()] == [9, 6]


def test_groups_have_their_own_scenarios(tiny, tmp_path):
    file, other = tmp_path / "a.csv", tmp_path / "b.csv"
    regions = {**REGIONS, "plain": {"region": "virginia", "cells": None, "traces": str(other)}}
    scenarios = load_regions(make(tiny, regions=regions, cells=[file]))
    assert [s.name for s in scenarios.values()] == ["small", "wide", "plain"]
    assert [(s.users, s.mecs) for s in scenarios.values()] == [(6, 4), (9, 5), (6, 4)]
    assert [s.cells for s in scenarios.values()] == [file, file, None]
    assert [s.traces for s in scenarios.values()] == [None, None, other]


def test_held_out_seeds_are_those_asked_for(tiny):
    held_out = sample_instances(make(tiny, seeds=2))
    assert list(held_out) == ["small-70", "small-71", "wide-70", "wide-71"]
    scenario = load_scenario("california", mecs=4, users=6, spaces=3)
    drawn = sample_instance(scenario, np.random.default_rng(71))
    assert np.array_equal(held_out["small-71"].requests.probability, drawn.requests.probability)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"first_seed": -1}, "first_seed: "),
        ({"first_seed": True}, "first_seed: "),
        ({"agents": {"a": {"budget_s": 0}}}, "agents.a.budget_s: "),
        ({"agents": {"a": {"budget_s": float("nan")}}}, "agents.a.budget_s: "),
        ({"agents": {"a": {"agent": 3}}}, "agents.a.agent: "),
        ({"agents": {"a": None}}, "agents.a: "),
        ({"agents": {"a": {"agent": "nobody"}}}, "agents.a: agent: unknown agent 'nobody'"),
        ({"agents": {"a": {"agent": "descent", "speed": 1}}}, "agents.a: agent descent: speed"),
        ({"agents": {"fronts": {"agent": "descent"}}}, "'fronts' is taken"),
        ({"agents": {"a-b": {"agent": "descent"}}}, "name 'a-b'"),
        ({"reference_agent": "nobody"}, "reference_agent: no agent is labelled 'nobody'"),
        ({"reference_agent": 3}, "reference_agent: "),
        ({"agents": {"greedy": {}}, "reference_agent": None}, "certificate_budget_s: is null, but no agent"),
        ({"regions": {}}, "regions: "),
        ({"regions": {"a": 3}}, "regions.a: "),
        ({"regions": {"a": {"region": 3}}}, "regions.a.region: "),
        ({"regions": {"a": {}}}, "regions.a: region: unknown region 'a'"),
        ({"regions": {"a": {"region": "virginia", "towers": 3}}}, "regions.a: region virginia: towers"),
        ({"regions": {"a": {"region": "missing.yaml"}}}, "regions.a: missing.yaml"),
        ({"regions": {"a": {"region": "virginia", "name": "b"}}}, "regions.a: name: the label is the name"),
        ({"regions": {"a/b": {"region": "virginia"}}}, "name 'a/b'"),
        ({"regions": {"a": {"region": "virginia", "cells": "no.csv"}}}, "regions.a: no.csv: cells"),
        ({"regions": {"a": {"region": "virginia", "traces": "no"}}}, "regions.a: no: traces"),
    ],
)
def test_wrong_values_are_one_line_that_names_them(tiny, changes, text):
    with pytest.raises(InputError) as error:
        prepare(tiny, changes)
    assert text in str(error.value)
    assert "\n" not in str(error.value)


def test_the_certificate_is_what_the_exact_agent_proved(ran):
    results = collect(Store(ran))
    assert results.missing == ()
    assert set(results.certificates) == {"small-70", "wide-70"}
    for name, known in results.certificates.items():
        (scored,) = results.of(instance=name, agent="exact_long")
        front = scored.record.objectives
        assert np.allclose(known.front, front, rtol=1e-12)
        spread = front.max(axis=0) - front.min(axis=0)
        spread[spread == 0] = front.max(axis=0)[spread == 0]
        assert known.reference_point == pytest.approx(front.max(axis=0) + 0.1 * spread)
        assert [(b.weights, b.value) for b in known.bounds] == [
            (b.preference, b.lower_bound) for b in scored.record.bounds
        ]
        assert results.certificate_seconds[name] == scored.record.seconds


def test_the_ratio_to_the_reference_agent(ran):
    with (ran / "results.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 2 * len(AGENTS)

    def area(row):
        cell = json.loads((ran / "cells" / f"{row['region']}-70-{row['agent']}.json").read_text())
        points = [[p["latency_ms"], p["energy_j"]] for p in cell["points"]]
        return hypervolume(points, [float(row["ratio_latency_ms"]), float(row["ratio_energy_j"])])

    for row in rows:
        reference = next(r for r in rows if (r["region"], r["agent"]) == (row["region"], "exact_long"))
        assert float(row["hv_vs_reference"]) == pytest.approx(area(row) / area(reference), rel=1e-9)
    for line in json.loads((ran / "results.json").read_text())["table"]:
        own = [float(row["hv_vs_reference"]) for row in rows if row["agent"] == line["agent"]]
        assert line["overall"]["hv_vs_reference"]["mean"] == pytest.approx(np.mean(own))
        if line["agent"] == "exact_long":
            assert line["overall"]["hv_vs_reference"]["mean"] == 1.0


def test_everything_goes_by_label(ran):
    document = json.loads((ran / "results.json").read_text())
    assert set(document["hyperparameters"]) == set(AGENTS)
    assert document["hyperparameters"]["few"]["ruined_spaces"] == 2
    assert {path.name for path in (ran / "tensorboard").iterdir()} == {*AGENTS, "fronts"}
    report = (ran / "report.html").read_text()
    for text in (*AGENTS, "hv_vs_reference", "certificates of exact_long", "0.2, 0.3, 0.4, 0.8 s"):
        assert text in report
    results = collect(Store(ran))
    assert results.regions == ["small", "wide"]
    assert len(set(colours(results.config).values())) == len(AGENTS)
    # a curve ends with the budget of its own variant, and at the figure of the table
    curves = mean_curves(results, "few", "wide")
    assert 0.2 <= curves.seconds[-1] < 0.8 + max(s.record.seconds for s in results.of(agent="few"))
    row = next(row for row in summarise(results) if row.agent == "few")
    assert curves.values["hv_vs_reference"][-1] == row.regions["wide"]["hv_vs_reference"].mean


def test_a_table_too_wide_becomes_one_an_indicator(ran):
    rows = summarise(collect(Store(ran)))
    assert len(rich_tables(rows, 300)) == 1
    narrow = rich_tables(rows, 80)
    assert [len(table.columns) for table in narrow] == [1 + 3 + 1] * 3
    assert [table.columns[1].header for table in narrow] == ["small\nhv", "small\nhv_ratio", "small\nvs_ref"]


def test_an_unfinished_run_waits_for_its_certificates(copy, invoke):
    (copy / "cells" / "wide-70-exact_long.json").unlink()
    code, printed, error = invoke("report", copy)
    assert code == 0, error
    assert "missing: wide-70 exact_long" in printed
    results = collect(Store(copy))
    assert set(results.certificates) == {"small-70"}
    assert results.of(instance="wide-70", agent="few")[0].metrics["hv_vs_reference"] is None
    assert results.of(instance="wide-70", agent="few")[0].metrics["hv"] > 0
    assert json.loads((copy / "results.json").read_text())["instances"]["wide-70"]["certificate"] is None


def test_an_exact_agent_without_bounds_certifies_nothing_and_says_so(copy, invoke):
    path = copy / "cells" / "wide-70-exact_long.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "bounds": []}))
    code, printed, error = invoke("report", copy)
    assert code == 0, error
    assert "no certificate: wide-70" in printed


def test_a_resumed_run_may_have_more_agents_and_seeds(tiny, copy, invoke):
    before = cells_of(copy)
    more = ",".join([*AGENTS, "local"])
    flags = ("--agents", more, "--seeds", "2", "--reference-agent", "exact_short")
    code, printed, error = invoke("benchmark", "--resume", "--out", copy, *flags)
    assert code == 0, error
    assert "missing" not in printed
    after = cells_of(copy)
    assert {name: after[name] for name in before} == before
    assert len(after) == 2 * 2 * (len(AGENTS) + 1)
    stored = Store(copy).config()
    assert (stored.seeds, list(stored.agents)) == (2, [*AGENTS, "local"])
    assert invoke("benchmark", "--resume", "--out", copy)[0] == 0
    assert cells_of(copy) == after


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"agents": {**AGENTS, "few": {"agent": "descent"}}}, "agents.few: was"),
        ({"agents": {label: AGENTS[label] for label in ("greedy", "exact_long")}}, "agents: was"),
        ({"first_seed": 69}, "first_seed: was 70, is now 69"),
        ({"certificate_budget_s": 1.0}, "certificate_budget_s: was null"),
        ({"regions": {**REGIONS, "wide": {"region": "virginia"}}}, "regions: was"),
    ],
)
def test_what_is_there_may_not_change(tiny, ran, changes, text):
    before, stored = cells_of(ran), (ran / "config.yaml").read_bytes()
    with pytest.raises(InputError, match=text):
        run_benchmark(make(tiny, **changes), ran, True, show_progress)
    assert (cells_of(ran), (ran / "config.yaml").read_bytes()) == (before, stored)


def test_a_worker_makes_each_agent_once(tiny, ran, monkeypatch):
    from semverse.agents.benchmark.fronts import work

    made = []

    def counted(variant, env):
        made.append(variant.label)
        return original(variant, env)

    original = work.make_variant
    monkeypatch.setattr(work, "make_variant", counted)
    monkeypatch.setattr(work, "_AGENTS", {})
    config, store = make(tiny), Store(ran)
    for region in REGIONS:
        for label in ("greedy", "few"):
            assert run_task(make_task(store, config, Cell(region, 70, label)))["agent"] == label
    assert made == ["greedy", "few"]
