"""A local Ray cluster of two nodes, one of which is killed at work: nothing lost, nothing doubled."""

import importlib.util
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from semverse.solvers import label_ray
from semverse.solvers.label_ray import ray_cluster
from semverse.solvers.label_recipe import make_item
from semverse.solvers.label_run import process_pool
from semverse.solvers.label_set import open_set

PATIENCE_S = 30.0
needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed; pip install 'semverse[ray]'"
)


@pytest.fixture
def cluster(monkeypatch):
    """Two nodes of one processor each."""
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_worker_niceness", "0")  # 15 would starve them on a busy machine
    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    nodes.add_node(num_cpus=1)
    yield nodes
    nodes.shutdown()


def until(found: Callable[[], list[Path]]) -> list[Path]:
    """Wait for files to appear."""
    end = time.monotonic() + PATIENCE_S
    while not (files := found()):
        assert time.monotonic() < end, "nothing appeared"
        time.sleep(0.02)
    return files


@needs_ray
@pytest.mark.filterwarnings("default")  # Ray's own
def test_a_killed_node_costs_no_item(tmp_path, recipe, cluster, monkeypatch):
    """The node is killed in the middle of an item, which the other node then makes."""
    (second,) = cluster.worker_nodes
    notes, doomed = tmp_path / "notes", second.node_id
    notes.mkdir()

    def noted_item(recipe, index):
        import ray

        node = ray.get_runtime_context().get_node_id()
        (notes / f"{index}.{node}").touch()
        if node == doomed:
            time.sleep(10 * PATIENCE_S)  # it will not live to see the end of this
        return make_item(recipe, index)

    monkeypatch.setattr(label_ray, "make_item", noted_item)
    made = []
    for item in open_set(tmp_path / "ray", recipe, shard_size=4).fill(ray_cluster(cluster.address)):
        made.append(item.index)
        if len(made) == 1:
            (at_work,) = until(lambda: list(notes.glob(f"*.{doomed}")))
            cluster.remove_node(second, allow_graceful=False)
    assert sorted(made) == list(range(13))
    lost = int(at_work.stem)
    nodes = {path.suffix[1:] for path in notes.glob(f"{lost}.*")}
    assert doomed in nodes
    assert len(nodes) == 2  # the item was begun anew on the other one
    for _ in open_set(tmp_path / "here", recipe, shard_size=4).fill(process_pool(2)):
        pass
    here = {path.name: path.read_bytes() for path in (tmp_path / "here").glob("*.npz")}
    assert {path.name: path.read_bytes() for path in (tmp_path / "ray").glob("*.npz")} == here
    assert len(here) == 4


def command(semverse, out, address):
    return semverse("generate", "--labels", "--env", "semverse/SCC-v0", "--out", out, "--ray", address)


def test_without_ray_the_package_is_named(tmp_path, semverse, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    outcome = command(semverse, tmp_path / "new", "auto")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "semverse: error: needs the package 'ray'; pip install 'semverse[all]'\n"
    assert not (tmp_path / "new").exists()


@needs_ray
def test_without_a_cluster_there_is_one_line(tmp_path, semverse):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    for address in (f"127.0.0.1:{port}", "nonsense"):
        outcome = command(semverse, tmp_path / "new", address)
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err.startswith("semverse: error: --ray: no connection to")
        assert outcome.err.count("\n") == 1
    assert not (tmp_path / "new").exists()
