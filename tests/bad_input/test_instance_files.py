"""Every way an instance file can be wrong ends in one line that names file and key."""

import copy
import json
import os

import numpy as np
import pytest

from semverse.envs.errors import InputError
from semverse.envs.scc.io import canonical_json, load_instance, save_instance
from semverse.envs.scc.toy import toy_instance

DOCUMENT = json.loads(canonical_json(toy_instance()))


def put(*path_and_value):
    """Mutation: set a value somewhere in the document."""
    *path, last, value = path_and_value

    def mutate(document):
        for key in path:
            document = document[key]
        document[last] = value

    return mutate


def drop(*path):
    """Mutation: delete a key."""

    def mutate(document):
        for key in path[:-1]:
            document = document[key]
        del document[path[-1]]

    return mutate


WRONG = {
    "no format": (drop("format"), "format"),
    "other format": (put("format", "semverse.scc/2"), "format"),
    "format is a number": (put("format", 1), "format"),
    "no table": (drop("spaces"), "spaces"),
    "unknown table": (put("towers", {}), "'towers'"),
    "table is a list": (put("users", []), "users"),
    "table is null": (put("links", None), "links"),
    "no field": (drop("mecs", "cache_gb"), "mecs.cache_gb"),
    "unknown field": (put("mecs", "cache_mb", [1, 1, 1]), "mecs.'cache_mb'"),
    "name is null": (put("name", None), "name"),
    "name of two lines": (put("name", "a\nb"), "name"),
    "string in numbers": (put("mecs", "lon", 0, "1.0"), "mecs.lon"),
    "boolean in numbers": (put("mecs", "lon", 0, True), "mecs.lon"),
    "null in numbers": (put("mecs", "lon", 0, None), "mecs.lon"),
    "object in numbers": (put("mecs", "lon", 0, {}), "mecs.lon"),
    "list in numbers": (put("mecs", "lon", 0, [1]), "mecs.lon"),
    "number for a list": (put("mecs", "lon", 3), "mecs.lon"),
    "list for a number": (put("mecs", "energy_coefficient", [0.1]), "mecs.energy_coefficient"),
    "boolean for a number": (put("mecs", "energy_coefficient", True), "mecs.energy_coefficient"),
    "negative coefficient": (put("mecs", "energy_coefficient", -1), "mecs.energy_coefficient"),
    "wrong length": (put("mecs", "cache_gb", [1.0, 2.0]), "mecs.cache_gb"),
    "no entries": (put("users", "mec", []), "users"),
    "no spaces": (put("spaces", "cache_gb", []), "spaces"),
    "flat matrix": (put("links", "sync_latency_ms", [1] * 9), "links.sync_latency_ms"),
    "ragged matrix": (put("links", "sync_latency_ms", [[1, 2, 3], [1, 2], [1]]), "links.sync_latency_ms"),
    "matrix too small": (put("links", "sync_energy_j", [[1, 2], [3, 4]]), "links.sync_energy_j"),
    "deep matrix": (put("links", "sync_energy_j", [[[1]]]), "links.sync_energy_j"),
    "negative cost": (put("links", "sensor_energy_j", 1, 2, -0.5), "links.sensor_energy_j"),
    "negative cache": (put("spaces", "cache_gb", 0, -1), "spaces.cache_gb"),
    "zero compute": (put("mecs", "compute_tflops", 1, 0), "mecs.compute_tflops"),
    "longitude": (put("mecs", "lon", 0, 180.5), "mecs.lon"),
    "latitude": (put("mecs", "lat", 0, -91), "mecs.lat"),
    "fractional tasks": (put("mecs", "max_tasks", 0, 1.5), "mecs.max_tasks"),
    "fractional index": (put("requests", "user", 0, 0.5), "requests.user"),
    "index too large": (put("users", "mec", 0, 3), "users.mec"),
    "space too large": (put("requests", "space", 3, 2), "requests.space"),
    "negative index": (put("requests", "user", 0, -1), "requests.user"),
    "doubled request": (put("requests", "space", [0, 1, 1, 1]), "requests"),
    "probability 0": (put("requests", "probability", 0, 0), "requests.probability"),
    "probability above 1": (put("requests", "probability", 0, 1.01), "requests.probability"),
    "user above 1": (put("requests", "probability", 1, 0.6), "requests.probability"),
    "huge number": (put("spaces", "frame_mbit", 0, 1e300), "spaces.frame_mbit"),
    "huge integer": (put("mecs", "max_tasks", 0, 10**30), "mecs.max_tasks"),
    "number of 400 digits": (put("spaces", "frame_mbit", 0, 10**400), "spaces.frame_mbit"),
    "too few tasks": (put("mecs", "max_tasks", [1, 1, 1]), "mecs.max_tasks"),
    "space fits nowhere": (put("spaces", "cache_gb", 0, 5), "spaces.cache_gb"),
    "too little cache": (put("mecs", "cache_gb", [2, 1, 0]), "mecs.cache_gb"),
    "cannot be packed": (put("mecs", "cache_gb", [2.2, 1.2, 1.2]), "mecs.cache_gb, mecs.max_tasks"),
}


def refusal(path):
    """The one line with which a file is refused; reading must not change the folder."""
    before = sorted(path.parent.iterdir())
    with pytest.raises(InputError) as caught:
        load_instance(path)
    assert sorted(path.parent.iterdir()) == before
    text = str(caught.value)
    assert str(path) in text
    assert len(text.splitlines()) == 1
    return text


@pytest.mark.parametrize("case", WRONG)
def test_wrong_document(tmp_path, case):
    mutate, key = WRONG[case]
    document = copy.deepcopy(DOCUMENT)
    mutate(document)
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(document))
    text = refusal(path)
    assert f": {key}: " in text
    assert "; " in text  # a remedy follows


TEXTS = {
    "empty": b"",
    "no json": b"{'format': 1}",
    "half a document": json.dumps(DOCUMENT).encode()[:300],
    "a list": b"[1, 2]",
    "a number": b"3",
    "nan": json.dumps(DOCUMENT).replace("0.25,", "NaN,", 1).encode(),
    "infinity": json.dumps(DOCUMENT).replace("0.25,", "-Infinity,", 1).encode(),
    "overflow": json.dumps(DOCUMENT).replace("0.25,", "1e999,", 1).encode(),
    "doubled key": b'{"format": "semverse.scc/1", "format": "semverse.scc/1"}',
    "deep": b"[" * 100_000,
    "not utf-8": b"\xff\xfe{}",
    "binary": bytes(range(256)),
    "integer of 5000 digits": b'{"format": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("case", TEXTS)
def test_wrong_text(tmp_path, case):
    path = tmp_path / "wrong.json"
    path.write_bytes(TEXTS[case])
    refusal(path)


def toy_arrays(folder):
    save_instance(toy_instance(), folder / "toy.npz")
    with np.load(folder / "toy.npz") as archive:
        return dict(archive)


ARRAYS = {
    "booleans": {"mecs.lon": np.array([True, False, True])},
    "text": {"mecs.lon": np.array(["1", "2", "3"])},
    "complex": {"mecs.lon": np.array([1j, 2, 3])},
    "nan": {"mecs.lon": np.array([np.nan, 2, 3])},
    "extended precision": {"mecs.lon": np.array([1, 2, 1e308], dtype=np.longdouble) * 10},
    "array for a number": {"mecs.energy_coefficient": np.array([0.1])},
    "number for text": {"name": np.array(3)},
    "other format": {"format": np.array("other")},
    "extra": {"extra": np.array(3)},
    "objects": {"mecs.lon": np.array([1, "a", None], dtype=object)},
}


@pytest.mark.parametrize("case", ARRAYS)
def test_wrong_archive(tmp_path, case):
    arrays, path = toy_arrays(tmp_path), tmp_path / "wrong.npz"
    np.savez(path, **{**arrays, **ARRAYS[case]}, allow_pickle=True)
    text = refusal(path)
    assert next(iter(ARRAYS[case])) in text or case == "objects"


@pytest.mark.parametrize("size", [0, 1, 100, 2000])
def test_truncated_archive(tmp_path, size):
    toy_arrays(tmp_path)
    path = tmp_path / "wrong.npz"
    path.write_bytes((tmp_path / "toy.npz").read_bytes()[:size])
    refusal(path)


def test_archive_that_lacks_a_key(tmp_path):
    arrays, path = toy_arrays(tmp_path), tmp_path / "wrong.npz"
    del arrays["links.sync_energy_j"]
    np.savez(path, **arrays)
    assert ": links.sync_energy_j: is missing" in refusal(path)


def test_json_named_npz(tmp_path):
    path = tmp_path / "wrong.npz"
    path.write_text(json.dumps(DOCUMENT))
    refusal(path)


def test_folder_for_a_file(tmp_path):
    path = tmp_path / "folder.json"
    path.mkdir()
    refusal(path)


def test_missing_file_and_folder(tmp_path):
    refusal(tmp_path / "missing.json")
    with pytest.raises(InputError, match=r"missing.a\.json"):
        load_instance(tmp_path / "missing" / "a.json")


def test_below_a_file(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="Not a directory"):
        load_instance(tmp_path / "file" / "a.json")


def test_device_for_a_file(tmp_path):
    path = tmp_path / "pipe.json"
    os.mkfifo(path)  # opening it would wait for ever
    refusal(path)


def test_name_too_long(tmp_path):
    with pytest.raises(InputError, match="too long"):
        load_instance(tmp_path / ("a" * 300 + ".json"))


def test_nul_in_the_path():
    with pytest.raises(InputError):
        load_instance("a\0.json")


@pytest.mark.parametrize("name", ["instance", "instance.txt", "instance.pkl", ""])
def test_unknown_suffix(tmp_path, name):
    with pytest.raises(InputError, match=r"\.json or \.npz"):
        load_instance(tmp_path / name)
    with pytest.raises(InputError, match=r"\.json or \.npz"):
        save_instance(toy_instance(), tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_target_that_cannot_be_written(tmp_path, suffix):
    (tmp_path / "file").touch()
    (tmp_path / f"folder{suffix}").mkdir()
    before = sorted(tmp_path.rglob("*"))
    for target in (f"missing/a{suffix}", f"file/a{suffix}", f"folder{suffix}"):
        with pytest.raises(InputError, match="cannot be written"):
            save_instance(toy_instance(), tmp_path / target)
    assert sorted(tmp_path.rglob("*")) == before
