"""Making label sets: every backend the same bytes, nothing finished is lost or made again."""

import signal
import subprocess
import sys
import time

import psutil
import pytest

from semverse.envs.errors import InputError
from semverse.solvers.label_run import process_pool
from semverse.solvers.label_set import open_set


def shards(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.npz")}


def make(folder, recipe, backend, **options):
    options = {"shard_size": 4, **options}
    return [item.index for item in open_set(folder, recipe, **options).fill(backend)]


@pytest.fixture(scope="session")
def whole(tmp_path_factory, recipe):
    """The shards of the whole set, made by a pool without a break."""
    folder = tmp_path_factory.mktemp("whole")
    assert sorted(make(folder, recipe, process_pool(2))) == list(range(13))
    return shards(folder)


def test_the_pool_makes_what_this_process_makes(tmp_path, recipe, recorder, whole):
    make(tmp_path, recipe, recorder())
    assert shards(tmp_path) == whole
    assert len(whole) == 4


@pytest.mark.parametrize("stop_after", [0, 1, 5, 12])
def test_an_interrupted_set_is_carried_on_with(tmp_path, recipe, recorder, whole, stop_after):
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path, recipe, recorder(stop_after))
    rest = recorder()
    made = make(tmp_path, recipe, rest)
    assert sorted(made) == rest.asked == list(range(13 - stop_after))
    assert shards(tmp_path) == whole
    assert not (tmp_path / ".items").exists()
    nothing = recorder()
    assert make(tmp_path, recipe, nothing) == []
    assert nothing.asked == []


def test_a_larger_count_adds_items(tmp_path, recipe, recorder, whole):
    assert sorted(make(tmp_path, recipe, recorder(), count=6)) == list(range(6))
    more = recorder()
    make(tmp_path, recipe, more)
    assert more.asked == list(range(6, 13))
    assert shards(tmp_path) == whole
    assert make(tmp_path, recipe, recorder(), count=2) == []
    assert shards(tmp_path) == whole


def test_a_crash_around_a_shard_changes_nothing(tmp_path, recipe, recorder, whole, monkeypatch):
    """The shard is written but not the manifest; then the manifest but its items are still there."""
    import semverse.solvers.label_set as module

    write = module.write_manifest

    def crash(folder, manifest):
        if manifest.shards:
            raise OSError("no space")
        write(folder, manifest)

    monkeypatch.setattr(module, "write_manifest", crash)
    with pytest.raises(OSError, match="no space"):
        make(tmp_path, recipe, recorder())
    monkeypatch.undo()
    monkeypatch.setattr("pathlib.Path.unlink", lambda path: (_ for _ in ()).throw(OSError("gone")))
    with pytest.raises(OSError, match="gone"):
        make(tmp_path, recipe, recorder())
    monkeypatch.undo()
    make(tmp_path, recipe, recorder())
    assert shards(tmp_path) == whole


def test_a_deleted_shard_is_made_again_and_a_damaged_one_refused(tmp_path, recipe, recorder, whole):
    make(tmp_path, recipe, recorder())
    (tmp_path / "00001.npz").write_bytes(b"x")
    with pytest.raises(InputError, match=r"00001\.npz: is damaged.*delete the file and run"):
        make(tmp_path, recipe, recorder())
    (tmp_path / "00001.npz").unlink()
    again = recorder()
    make(tmp_path, recipe, again)
    assert again.asked == [4, 5, 6, 7]
    assert shards(tmp_path) == whole


def test_other_settings_are_refused(tmp_path, recipe, recorder):
    make(tmp_path, recipe, recorder(), count=2)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(InputError, match=r"manifest\.json: recipe: is of other settings"):
        make(tmp_path, recipe.model_copy(update={"seed": 6}), recorder())
    with pytest.raises(InputError, match="shard_size"):
        make(tmp_path, recipe, recorder(), shard_size=5)
    with pytest.raises(InputError, match="--count"):
        make(tmp_path, recipe, recorder(), count=14)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_backend_may_neither_lose_nor_double(tmp_path, recipe, items):
    with pytest.raises(RuntimeError, match=r"lost items \[12\]"):
        make(tmp_path / "a", recipe, lambda recipe, indices: iter(items[:12]))
    with pytest.raises(KeyError):
        make(tmp_path / "b", recipe, lambda recipe, indices: iter([items[3], items[3]]))


def test_a_fault_of_a_worker_is_not_hidden(tmp_path, recipe):
    with pytest.raises(IndexError):
        list(process_pool(1)(recipe, [recipe.count]))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=lambda how: how.name)
def test_a_stopped_command_loses_no_finished_item(tmp_path, recipe_file, recipe, recorder, whole, how):
    out = tmp_path / "set"
    command = [sys.executable, "-m", "semverse.scripts.main", "generate", "--env", "semverse/SCC-v0"]
    command += ["--labels", "--config", recipe_file, "--out", out, "--shard-size", "4", "--workers", "1"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not list(out.glob(".items/[0-9]*.npz")) and time.monotonic() < deadline:
        time.sleep(0.005)
    family = psutil.Process(running.pid).children(recursive=True)
    running.send_signal(how)
    text = running.communicate(timeout=60)[1]
    if how is signal.SIGINT:
        assert running.returncode == 130
        assert text.endswith("semverse: interrupted; what was finished is on disk\n")
        assert "Traceback" not in text
    assert family
    assert not psutil.wait_procs(family, timeout=30)[1]  # no worker outlives its driver
    rest = recorder()
    make(out, recipe, rest)
    assert 0 < len(rest.asked) < 13
    assert shards(out) == whole


def test_the_command(tmp_path, semverse, recipe_file, whole):
    arguments = ("generate", "--env", "semverse/SCC-v0", "--labels", "--config", recipe_file)
    outcome = semverse(*arguments, "--out", tmp_path / "a", "--shard-size", 4, "--count", 4, "--workers", 1)
    assert (outcome.code, outcome.out) == (0, f"4 items in {tmp_path / 'a'}\n")
    assert "pairs/s" in outcome.err
    assert shards(tmp_path / "a") == {"00000.npz": whole["00000.npz"]}
    outcome = semverse(*arguments, "--out", tmp_path / "a", "--shard-size", 4, "--count", 4, "--seed", 6)
    assert outcome.code == 2
    assert "manifest.json: recipe: is of other settings" in outcome.err
