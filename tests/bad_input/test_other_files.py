"""Cells, traces and scenarios that are wrong end in one line that names file and key."""

import contextlib
import os

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from semverse.agents.registry import make_agent, register_agent
from semverse.envs.config import shipped
from semverse.envs.errors import InputError
from semverse.envs.files import write_atomic
from semverse.envs.scc.cells import load_cells
from semverse.envs.scc.config import load_scenario
from semverse.envs.scc.traces import load_traces

SCENARIO = yaml.safe_load(shipped("scc", "california.yaml").read_text())


def refusal(read, path, key):
    with pytest.raises(InputError) as caught:
        read(path)
    text = str(caught.value)
    assert str(path) in text
    assert key in text
    assert len(text.splitlines()) == 1
    return text


CELLS = {
    "empty": (b"", "lon"),
    "no header": (b"LTE,310,260,1,2,0,-118.1,34.6,96,8\n", "lon"),
    "no lat": (b"lon,radio\n1,LTE\n", "lat"),
    "header only": (b"lon,lat\n", "lon, lat"),
    "only bad rows": (b"lon,lat\nx,1\n200,1\n", "lon, lat"),
    "other delimiter": (b"lon;lat\n1;2\n", "lon"),
    "binary": (bytes(range(256)) * 20, "lon"),
    "one endless field": (b"lon,lat\n" + b"1" * 200_000 + b",2\n", "CSV"),
}


@pytest.mark.parametrize("case", CELLS)
def test_wrong_cells(tmp_path, case):
    content, key = CELLS[case]
    path = tmp_path / "cells.csv"
    path.write_bytes(content)
    refusal(load_cells, path, key)


TRACES = {
    "empty": (b"", "HMDPX"),
    "no floor": (b"HMDPX,Participant\n1,A\n", "HMDPZ"),
    "no participant": (b"HMDPX,HMDPZ\n1,2\n", "Participant"),
    "only bad rows": (b"HMDPX,HMDPZ,Participant\nnan,1,A\n1,2,\n1e9,0,B\n", "HMDPX, HMDPZ"),
    "binary": (b"\x00\xff" * 100, "HMDPX"),
}


@pytest.mark.parametrize("case", TRACES)
def test_wrong_traces(tmp_path, case):
    content, key = TRACES[case]
    path = tmp_path / "walk.csv"
    path.write_bytes(content)
    refusal(load_traces, path, key)
    with pytest.raises(InputError, match=r"walk\.csv"):
        load_traces(tmp_path)  # the folder's file is named


@pytest.mark.parametrize("read", [load_cells, load_traces])
def test_missing_path(tmp_path, read):
    refusal(read, tmp_path / "missing.csv", "no such file")
    (tmp_path / "file").touch()
    refusal(read, tmp_path / "file" / "below.csv", "no such file")


def test_folders(tmp_path):
    refusal(load_cells, tmp_path, "regular file")
    refusal(load_traces, tmp_path, "*.csv")


def with_key(*path_and_value):
    *path, last, value = path_and_value
    document = yaml.safe_load(yaml.safe_dump(SCENARIO))
    section = document
    for key in path:
        section = section[key]
    section[last] = value
    return document


def without_key(*path):
    document = with_key(*path, None)
    section = document
    for key in path[:-1]:
        section = section[key]
    del section[path[-1]]
    return document


SCENARIOS = {
    "unknown key": (with_key("user", 3), "user"),
    "unknown inner key": (with_key("mec", "cache", 3), "mec.cache"),
    "missing key": (without_key("users"), "users"),
    "missing inner key": (without_key("per_km", "sync_energy_j"), "per_km.sync_energy_j"),
    "no users": (with_key("users", 0), "users"),
    "too many MECs": (with_key("mecs", 201), "mecs"),
    "boolean": (with_key("users", True), "users"),
    "text": (with_key("users", "100"), "users"),
    "fraction": (with_key("users", 1.5), "users"),
    "nan": (with_key("per_km", "sync_energy_j", float("nan")), "per_km.sync_energy_j"),
    "infinity": (with_key("mec", "energy_coefficient", float("inf")), "mec.energy_coefficient"),
    "negative": (with_key("per_km", "sync_latency_ms", -1.0), "per_km.sync_latency_ms"),
    "range turned round": (with_key("mec", "cache_gb", [20.0, 15.0]), "mec.cache_gb"),
    "range of three": (with_key("mec", "cache_gb", [1.0, 2.0, 3.0]), "mec.cache_gb"),
    "no levels": (with_key("space_levels", "frame_mbit", []), "space_levels.frame_mbit"),
    "section is a list": (with_key("access", [1]), "access"),
    "probability 0": (with_key("online_probability", [0.0, 1.0]), "online_probability"),
    "share above 1": (with_key("sites", "scattered_share", 1.5), "sites.scattered_share"),
}


@pytest.mark.parametrize("case", SCENARIOS)
def test_wrong_scenario(tmp_path, case):
    document, key = SCENARIOS[case]
    path = tmp_path / "scenario.yaml"
    path.write_text(yaml.safe_dump(document))
    refusal(load_scenario, path, f"{path}: {key}")


YAML_TEXTS = {
    "empty": "",
    "list": "- 1",
    "syntax": "a: [",
    "tab": "a:\n\t- b",
    "number keys": "1: 2",
    "doubled key": "mecs: 1\nmecs: 2",
    "thirteenth month": "name: 2001-13-01",
    "code": "name: !!python/object/apply:os.system [exit]",
    "endless number": "users: " + "9" * 5000,
    "deep": "[" * 5000,
    "no truth value": "name: !!bool maybe",
    "no whole number": "users: !!int ''",
    "no time": "name: !!timestamp soon",
    "recursion": "name: &a [*a]",
}


@pytest.mark.parametrize("case", YAML_TEXTS)
def test_wrong_yaml(tmp_path, case):
    path = tmp_path / "scenario.yaml"
    path.write_text(YAML_TEXTS[case])
    refusal(load_scenario, path, "")


LETTERS = st.text(alphabet="lonatHMDPXZ,;.\"'\r\n\t 0123456789-+eE:[]{}!&*#|>?%@\x00é", max_size=200)


@given(text=LETTERS)
@pytest.mark.parametrize(
    ("read", "start"),
    [
        (load_cells, "lon,lat\n"),
        (load_cells, ""),
        (load_traces, "HMDPX,HMDPZ,Participant\n"),
        (load_scenario, ""),
        (load_scenario, "name: "),
    ],
)
def test_arbitrary_text_is_read_or_refused(tmp_path_factory, read, start, text):
    path = tmp_path_factory.mktemp("text") / "a.yaml"
    path.write_text(start + text, newline="")
    with contextlib.suppress(InputError):
        read(path)


def test_yaml_that_is_not_utf8(tmp_path):
    path = tmp_path / "scenario.yaml"
    path.write_bytes(b"name: \xff")
    refusal(load_scenario, path, "UTF-8")


def test_aliases_that_would_explode_are_not_written_out(tmp_path):
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    path = tmp_path / "scenario.yaml"
    path.write_text("\n".join([*lines, "users: *a29"]))
    assert len(refusal(load_scenario, path, "a0")) < 1000


@pytest.mark.parametrize(
    "region", ["", "california.yml.bak", "atlantis", "a\0b", "a" * 5000, "../scc/california"]
)
def test_unknown_region(region):
    with pytest.raises(InputError, match=r"region.*choose california, virginia"):
        load_scenario(region)


@pytest.mark.parametrize(
    ("overrides", "key"),
    [({"users": -1}, "users"), ({"towers": 3}, "towers"), ({"cells": 3}, "cells"), ({"users": [1]}, "users")],
)
def test_wrong_override(overrides, key):
    with pytest.raises(InputError, match=f"region california: {key}: "):
        load_scenario("california", **overrides)


def test_unknown_agent_names_the_known_ones():
    with pytest.raises(InputError, match=r"unknown agent 'gredy'; choose from random, local, greedy"):
        make_agent("gredy")


def test_agent_that_does_not_support_the_environment():
    wanted = "greedy: does not support CartPole-v1; it supports semverse/SCC-v0,"
    with pytest.raises(InputError, match=wanted):
        make_agent("greedy", "CartPole-v1")


def test_unknown_key_of_an_agent():
    with pytest.raises(InputError, match=r"agent greedy: sped: .*known keys"):
        make_agent("greedy", sped=3)


def test_agent_names_are_unique_and_targets_have_a_colon():
    with pytest.raises(InputError, match="taken"):
        register_agent("greedy", "a:B", supports=())
    with pytest.raises(InputError, match="module:Class"):
        register_agent("new agent", "a.B", supports=())


def test_a_device_is_not_replaced_by_a_file(tmp_path):
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    with pytest.raises(InputError, match="no regular file"):
        write_atomic(pipe, b"x")
    assert list(tmp_path.iterdir()) == [pipe]
    assert pipe.is_fifo()
