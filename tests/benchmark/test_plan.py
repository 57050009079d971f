"""Configuration, instances and cells of a benchmark."""

import numpy as np
import pytest

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
from semverse.agents.registry import list_agents
from semverse.envs.config import parse
from semverse.envs.errors import InputError


def make(tiny, **changes):
    return parse(FrontConfig, {**tiny, **changes})


def test_the_default_compares_every_agent_in_both_regions():
    config = load_benchmark(None, {})
    assert set(config.agents) <= {spec.name for spec in list_agents("semverse/SCC-v0")}
    assert {"random", "local", "greedy", "descent", "nsga2", "moead", "cpsat", "exact"} <= set(config.agents)
    assert config.regions == ("california", "virginia")


def test_the_grid_holds_each_cell_once_and_certifies_every_instance(tiny):
    cells = plan_cells(make(tiny))
    assert len(cells) == len(set(cells)) == 2 * 2 * (1 + 3)
    assert cells[0] == Cell("california", 0, None)
    certified = [cell for cell in cells if cell.agent is None]
    assert {c.instance for c in certified} == {"california-0", "california-1", "virginia-0", "virginia-1"}
    assert [expected_seconds(make(tiny), cell) for cell in cells] == [1.0] * 4 + [0.3] * 12


def test_flags_replace_values_and_keep_the_settings_of_named_agents(tiny_file):
    flags = {"agents": ["local"], "seeds": 5, "budget_s": None}
    config = load_benchmark(tiny_file, flags)
    assert (config.agents, config.seeds, config.budget_s) == ({"local": {}}, 5, 0.3)


def test_a_seed_is_the_same_instance_whatever_else_is_asked_for(tiny):
    few = sample_instances(make(tiny, seeds=1, regions=["virginia"]))
    many = sample_instances(make(tiny))
    assert list(many) == ["california-0", "california-1", "virginia-0", "virginia-1"]
    assert few["virginia-0"].name == "virginia-0"
    same = (few["virginia-0"].requests.probability, many["virginia-0"].requests.probability)
    assert np.array_equal(*same)
    assert not np.array_equal(many["california-0"].mecs.lon, many["california-1"].mecs.lon)
    assert few["virginia-0"].num_mecs == 4


def test_one_cell_file_a_region(tiny, tmp_path):
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    scenarios = load_regions(make(tiny, cells=paths))
    assert [scenarios[name].cells for name in ("california", "virginia")] == paths
    shared = load_regions(make(tiny, cells=paths[:1]))
    assert {scenario.cells for scenario in shared.values()} == {paths[0]}


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"budget_s": 0.0}, "budget_s"),
        ({"clock": "sun"}, "clock"),
        ({"budget_s": float("nan")}, "budget_s"),
        ({"budget_s": float("inf")}, "budget_s"),
        ({"certificate_budget_s": -1}, "certificate_budget_s"),
        ({"seeds": 0}, "seeds"),
        ({"preferences": 1}, "preferences"),
        ({"workers": 0}, "workers"),
        ({"agents": {}}, "agents"),
        ({"regions": []}, "regions"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_values_name_their_key(tiny, changes, key):
    with pytest.raises(InputError, match=key) as error:
        make(tiny, **changes)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"agents": {"nobody": {}}}, "unknown agent 'nobody'"),
        ({"agents": {"random": {"colour": "red"}}}, "colour"),
        ({"env": "semverse/Nothing-v0"}, "does not support"),
    ],
)
def test_wrong_agents_are_found_before_anything_runs(tiny, changes, text):
    with pytest.raises(InputError, match=text):
        check_agents(make(tiny, **changes))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"regions": ["atlantis"]}, "unknown region 'atlantis'"),
        ({"regions": ["virginia", "virginia"]}, "two are named 'virginia'"),
        ({"cells": ["a.csv", "b.csv", "c.csv"]}, "3 files for 2 regions"),
        ({"scenario": {"colour": "red"}}, "colour"),
        ({"scenario": {"name": "../up"}}, "name '../up'"),
    ],
)
def test_wrong_regions(tiny, changes, text):
    with pytest.raises(InputError, match=text):
        load_regions(make(tiny, **changes))
