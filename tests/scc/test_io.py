"""Instance files: exact round trips, atomic writes, and any document either loads or is refused."""

import copy
import json
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semverse.envs.errors import InputError
from semverse.envs.scc.config import load_scenario
from semverse.envs.scc.generator import sample_instance
from semverse.envs.scc.io import canonical_json, load_instance, save_instance
from semverse.envs.scc.toy import toy_instance
from semverse.envs.scc.types import Instance

DOCUMENT = json.loads(canonical_json(toy_instance()))
TABLES = {
    "mecs": ["lon", "lat", "cache_gb", "compute_tflops", "max_tasks", "energy_coefficient"],
    "spaces": ["cache_gb", "maintenance_j", "workload_gflop", "frame_mbit"],
    "users": ["mec", "access_latency_ms_per_mbit", "access_energy_j_per_mbit"],
    "requests": ["user", "space", "probability"],
    "links": [
        "sync_latency_ms",
        "sync_energy_j",
        "sensor_latency_ms",
        "sensor_energy_j",
        "frame_latency_ms_per_mbit",
        "frame_energy_j_per_mbit",
    ],
}


def test_document_has_the_published_keys():
    assert list(DOCUMENT) == ["format", "name", *TABLES]
    assert DOCUMENT["format"] == "semverse.scc/1"
    assert {table: list(DOCUMENT[table]) for table in TABLES} == TABLES
    assert DOCUMENT["links"]["sync_latency_ms"] == [[1, 2, 4], [3, 0, 5], [6, 7, 2]]  # row = from


@pytest.mark.parametrize("suffix", [".json", ".npz", ".JSON"])
@pytest.mark.parametrize("region", ["california", "virginia"])
def test_round_trip_is_exact(tmp_path, suffix, region):
    instance = sample_instance(load_scenario(region), np.random.default_rng(3))
    path = tmp_path / f"instance{suffix}"
    save_instance(instance, path)
    loaded = load_instance(path)
    assert loaded.name == instance.name
    for table, fields in TABLES.items():
        for field in fields:
            old, new = (np.asarray(getattr(getattr(i, table), field)) for i in (instance, loaded))
            assert old.dtype == new.dtype
            np.testing.assert_array_equal(old, new, strict=True)


@given(numbers=st.lists(st.floats(0, 1e12, allow_subnormal=True), min_size=9, max_size=9))
def test_any_float_survives(tmp_path_factory, numbers):
    document = copy.deepcopy(DOCUMENT)
    document["links"]["frame_energy_j_per_mbit"] = [numbers[:3], numbers[3:6], numbers[6:]]
    path = tmp_path_factory.mktemp("floats") / "a.json"
    path.write_text(json.dumps(document))
    save_instance(load_instance(path), path.with_suffix(".npz"))
    loaded = load_instance(path.with_suffix(".npz"))
    assert loaded.links.frame_energy_j_per_mbit.ravel().tolist() == numbers


def test_npz_holds_the_same_keys(tmp_path):
    save_instance(toy_instance(), tmp_path / "toy.npz")
    with np.load(tmp_path / "toy.npz", allow_pickle=False) as archive:
        flat = {f"{table}.{field}" for table, fields in TABLES.items() for field in fields}
        assert set(archive.files) == {"format", "name"} | flat


def test_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "toy.json"
    save_instance(toy_instance(), path)
    before = path.read_bytes()

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full_disk)
    with pytest.raises(InputError, match="No space left"):
        save_instance(toy_instance(), path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["toy.json"]


def test_pickle_in_npz_is_not_run(tmp_path):
    marker = tmp_path / "ran"

    class Payload:
        def __reduce__(self):
            return (open, (str(marker), "w"))

    path = tmp_path / "toy.npz"
    save_instance(toy_instance(), path)
    with np.load(path) as archive:
        arrays = dict(archive)
    np.savez(path, **{**arrays, "mecs.lon": np.array([Payload()], dtype=object)}, allow_pickle=True)
    with pytest.raises(InputError, match="unsafe"):
        load_instance(path)
    assert not marker.exists()


def loads_or_is_refused(path):
    refusal = None
    try:
        assert isinstance(load_instance(path), Instance)
    except InputError as error:
        refusal = str(error)
    if refusal is not None:
        assert str(path) in refusal
        assert "\n" not in refusal


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([10**400, -1, 0, 1e308, 5e-324, 2**63, "1"])
    | st.sampled_from(["[]", "{}", "[[]]", "[1, [2]]", "[true, 1]"]).map(json.loads),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def every_path(node, path=()):
    """All paths into a JSON document, leaves and branches."""
    yield path
    if isinstance(node, dict | list):
        for key in node if isinstance(node, dict) else range(len(node)):
            yield from every_path(node[key], (*path, key))


PATHS = list(every_path(DOCUMENT))


@given(
    where=st.lists(st.sampled_from(PATHS[1:]), min_size=1, max_size=3),
    value=JSON_VALUES,
    delete=st.booleans(),
)
def test_mutated_document(tmp_path_factory, where, value, delete):
    document = copy.deepcopy(DOCUMENT)
    for path in where:
        parent = document
        try:
            for key in path[:-1]:
                parent = parent[key]
            if delete:
                del parent[path[-1]]
            else:
                parent[path[-1]] = copy.deepcopy(value)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier mutation removed this path
    file = tmp_path_factory.mktemp("mutated") / "a.json"
    file.write_text(json.dumps(document))
    loads_or_is_refused(file)


@given(value=JSON_VALUES)
def test_arbitrary_document(tmp_path_factory, value):
    file = tmp_path_factory.mktemp("any") / "a.json"
    file.write_text(json.dumps(value))
    with pytest.raises(InputError):
        load_instance(file)


@given(content=st.binary(max_size=60), suffix=st.sampled_from([".json", ".npz"]))
def test_arbitrary_bytes(tmp_path_factory, content, suffix):
    file = tmp_path_factory.mktemp("bytes") / f"a{suffix}"
    file.write_bytes(content)
    with pytest.raises(InputError):
        load_instance(file)


@given(cut=st.floats(0, 1), position=st.floats(0, 1), replacement=st.binary(max_size=3), suffix=st.booleans())
def test_damaged_bytes(tmp_path_factory, cut, position, replacement, suffix):
    file = tmp_path_factory.mktemp("damaged") / ("a.npz" if suffix else "a.json")
    save_instance(toy_instance(), file)
    data = file.read_bytes()
    at = int(position * len(data))
    data = data[:at] + replacement + data[at + len(replacement) :]
    file.write_bytes(data[: max(at, int(cut * len(data)))])
    loads_or_is_refused(file)


@given(header=st.binary(min_size=1, max_size=40), at=st.integers(0, 90))
def test_damaged_array_inside_a_sound_archive(tmp_path_factory, header, at):
    # the archive's checksums are right, so that numpy's own header parser sees the damage
    file = tmp_path_factory.mktemp("header") / "a.npz"
    save_instance(toy_instance(), file)
    with zipfile.ZipFile(file) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    lon = entries["mecs.lon.npy"]
    entries["mecs.lon.npy"] = lon[:at] + header + lon[at + len(header) :]
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    loads_or_is_refused(file)
