"""Label sets on disk: exact, reproducible to the byte, and never silently damaged."""

import dataclasses
import io
import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from semverse.envs.errors import InputError
from semverse.envs.scc.npz_format import instance_arrays
from semverse.solvers.label_codec import pack, unpack
from semverse.solvers.label_set import open_set
from semverse.solvers.label_store import load_labels


@pytest.fixture
def folder(tmp_path, recipe, recorder):
    """A finished set of 13 items in 4 shards."""
    for _ in open_set(tmp_path / "set", recipe, shard_size=4).fill(recorder()):
        pass
    return tmp_path / "set"


def same(first, second):
    assert first.index == second.index
    assert first.instance.name == second.instance.name
    for key, array in instance_arrays(first.instance).items():
        np.testing.assert_array_equal(array, instance_arrays(second.instance)[key])
    for key in ("preferences", "placements", "lower_bounds"):
        got, expected = getattr(first.labels, key), getattr(second.labels, key)
        assert got.dtype == expected.dtype
        np.testing.assert_array_equal(got, expected)
    for spec in dataclasses.fields(first.labels.costs):
        got, expected = (getattr(item.labels.costs, spec.name) for item in (first, second))
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("verify", [True, False])
def test_what_is_read_is_what_was_made(folder, items, verify):
    loaded = load_labels(folder, verify=verify)
    assert len(loaded) == 13
    for got, expected in zip(loaded, items, strict=True):
        same(got, expected)


def test_an_item_without_labels(items):
    bare = dataclasses.replace(items[4], labels=None)
    (first, second) = unpack(pack([bare, items[6]]))
    assert (first.index, first.labels) == (4, None)
    same(second, items[6])


def test_bytes_depend_on_the_items_alone(items):
    data = pack(items)
    assert pack(unpack(data)) == data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_placements_take_a_byte_a_request(items):
    with np.load(io.BytesIO(pack(items[:1])), allow_pickle=False) as archive:
        assert archive["0.placements"].dtype == np.uint8


def test_manifest_says_what_is_there(folder, recipe):
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["count"], manifest["shard_size"]) == (13, 4)
    assert manifest["recipe"] == recipe.model_dump(mode="json")
    assert set(manifest["scenarios"]) == {"california", "virginia"}
    assert [(s["first"], s["stop"]) for s in manifest["shards"]] == [(0, 4), (4, 8), (8, 12), (12, 13)]
    assert set(manifest["versions"]) == {"python", "semverse", "numpy", "scipy", "ortools"}
    for shard in manifest["shards"]:
        assert (folder / shard["file"]).stat().st_size == shard["bytes"]
    listed = {shard["file"] for shard in manifest["shards"]} | {"manifest.json"}
    assert {path.name for path in folder.iterdir()} == listed


def refused(folder, *named, **options):
    with pytest.raises(InputError) as error:
        load_labels(folder, **options)
    text = str(error.value)
    assert "\n" not in text
    assert ";" in text  # a remedy
    for part in named:
        assert part in text


def test_a_changed_bit_is_found(folder):
    path = folder / "00001.npz"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    refused(folder, str(path), "damaged", "delete the file")


@pytest.mark.parametrize("data", [b"", b"x", b"PK\x05\x06" + bytes(18)])
def test_other_content_is_refused_without_checksums_too(folder, data):
    (folder / "00001.npz").write_bytes(data)
    refused(folder, "00001.npz", verify=False)


def test_a_bare_array_and_a_pickle_are_refused(folder):
    for content in (np.arange(3), np.array([{}], dtype=object)):
        buffer = io.BytesIO()
        np.save(buffer, content, allow_pickle=True)
        (folder / "00000.npz").write_bytes(buffer.getvalue())
        refused(folder, "00000.npz", "archive", verify=False)
    np.savez(folder / "00000.npz", **{"0.name": np.array([{}], dtype=object)})
    refused(folder, "00000.npz", "allow_pickle", verify=False)


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("objectives", lambda array: array * 1.001),
        ("placements", lambda array: array + 200),
        ("placements", lambda array: array[:, 1:]),
        ("placements", lambda array: array.astype(float)),
        ("lower_bounds", lambda array: array[1:]),
        ("mecs.lon", lambda array: array[1:]),
        ("mecs.energy_coefficient", lambda array: np.stack([array, array])),
        ("links.sync_energy_j", lambda array: -array - 1),
    ],
)
def test_wrong_numbers_are_named(folder, items, key, change):
    with np.load(io.BytesIO(pack(items[:4]))) as archive:
        arrays = dict(archive)
    arrays[f"2.{key}"] = change(arrays[f"2.{key}"])
    np.savez(folder / "00000.npz", **arrays)
    refused(folder, "00000.npz: item 2", verify=False)


def test_missing_and_unknown_entries_are_named(folder, items):
    with np.load(io.BytesIO(pack(items[:4]))) as archive:
        arrays = dict(archive)
    np.savez(folder / "00000.npz", **{k: v for k, v in arrays.items() if k != "1.lower_bounds"})
    refused(folder, "item 1: lower_bounds: is missing", verify=False)
    np.savez(folder / "00000.npz", **arrays, **{"1.towers": np.arange(2)})
    refused(folder, "towers", verify=False)
    np.savez(folder / "00000.npz", **arrays, towers=np.arange(2))
    refused(folder, "towers", verify=False)
    (folder / "00000.npz").write_bytes(pack(items[1:5]))
    refused(folder, "00000.npz", "other items", verify=False)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "no JSON"),
        ("[]", "no manifest"),
        ("{", "no JSON"),
        ("{}", "format"),
        (("semverse.labels/1", "semverse.labels/9"), "format"),
        (('"count"', '"number"'), "number"),
        (("00000.npz", "../../etc/passwd"), "shards.0.file"),
        (('"first": 4', '"first": -4'), "shards.1.first"),
    ],
)
def test_a_wrong_manifest_is_refused(folder, text, named):
    path = folder / "manifest.json"
    path.write_text(text if isinstance(text, str) else path.read_text().replace(*text))
    refused(folder, str(path), named)


def test_missing_files_are_named(folder, tmp_path):
    (folder / "00002.npz").unlink()
    refused(folder, "00002.npz")
    refused(tmp_path / "nowhere", "manifest.json")


def test_an_unfinished_set(tmp_path, recipe, items, recorder):
    with pytest.raises(KeyboardInterrupt):
        list(open_set(tmp_path, recipe, shard_size=4).fill(recorder(stop_after=7)))
    refused(tmp_path, "of 13 items", "finish it")
    loaded = load_labels(tmp_path, partial=True)
    assert [item.index for item in loaded] == list(range(6, 13))
    for got in loaded:
        same(got, items[got.index])


def test_reading_needs_no_solver():
    code = "import sys, semverse.solvers.label_store\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    assert not {name.partition(".")[0] for name in done.stdout.split()} & {"ortools", "scipy", "torch", "ray"}
