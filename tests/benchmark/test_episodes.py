"""Benchmarks of episodes: what is played, told and written."""

import csv
import json
import re

import gymnasium
import numpy as np
import pytest
from scipy.stats import trim_mean
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from semverse.agents.benchmark.episodes.config import EpisodeConfig
from semverse.agents.benchmark.episodes.record import Cell
from semverse.agents.benchmark.episodes.results import Runs, collect
from semverse.agents.benchmark.episodes.table import gap_closed, rich_tables, summarise
from semverse.agents.benchmark.runner import make_task
from semverse.agents.benchmark.store import Store
from semverse.agents.benchmark.worker import run_task
from semverse.agents.registry import make_agent
from semverse.agents.training.evaluation import evaluate_agent
from semverse.agents.training.play import play_episode

TIMES = {"seconds", "decision_ms"}


@pytest.fixture(scope="module")
def results(played):
    return collect(Store(played))


@pytest.fixture(scope="module")
def lines(played):
    with (played / "results.csv").open() as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def document(played):
    return json.loads((played / "results.json").read_text())


def returns_of(lines, agent, training=""):
    return np.array([float(x["return"]) for x in lines if (x["agent"], x["training"]) == (agent, training)])


def test_an_episode_by_hand(toy):
    played = play_episode(make_agent("half", toy), gymnasium.make(toy), 6)
    assert (played.total, played.steps, len(played.decision_s)) == (3.0 + 3.0 + 6.0, 3, 3)
    assert played.means == {"late": pytest.approx(1 / 3), "left": 1.0, "last": 7.0}
    assert played.sums == {"late": 1.0, "left": 3.0, "last": 7.0}


def test_a_bound_is_registered_once_for_benchmark_and_evaluation(toy, tmp_path):
    config = EpisodeConfig(
        env=toy, settings={}, seeds=1, episodes=4, first_seed=1, budget_s=1.0, workers=1, infos=("late",),
        agents={"half": {}},
    )  # fmt: skip
    store = Store(tmp_path / "out")
    store.create(config, {})
    for cell in (Cell(1, None), Cell(1, "half")):
        store.write(cell, json.dumps(run_task(make_task(store, config, cell))))
    (row,) = summarise(collect(store))
    assert row.estimates["return"].mean == 2.0 * (1 + 2 + 3 + 4) / 4
    assert (row.estimates["share"].mean, row.estimates["share"].low) == (0.5, 0.5)
    evaluated = evaluate_agent(make_agent("half", toy), toy, {}, episodes=4, seed=1)
    np.testing.assert_array_equal(evaluated.bounds, [4.0, 8.0, 12.0, 16.0])
    np.testing.assert_array_equal(evaluated.scores, 0.5)


def test_the_grid_holds_each_training_and_set_once(played, results):
    runs = {"separate": (None,), "isgc_exact": (None,), "mine": (0, 3)}
    assert {label: found.trainings for label, found in results.runs.items()} == runs
    assert len(list((played / "cells").iterdir())) == 2 * 4
    assert not list((played / "bounds").iterdir())  # the infos tell them
    for found in results.runs.values():
        assert found.seeds.tolist() == list(range(500, 510))
    assert results.missing == ()


def test_all_agents_see_the_episodes_of_the_evaluation(results):
    expected = evaluate_agent(make_agent("isgc_exact", "semverse/ISGC-v0"), "semverse/ISGC-v0", {}, 10, 500)
    np.testing.assert_allclose(results.runs["isgc_exact"].returns[0], expected.returns, rtol=1e-12)
    for found in results.runs.values():
        for bounds in found.bounds:
            np.testing.assert_array_equal(bounds, expected.bounds)
        assert (found.share <= 1 + 1e-9).all()
    assert results.runs["isgc_exact"].share.min() > 0.999


def test_trainings_play_with_their_own_weights(results, policies):
    from semverse.agents.common.checkpoint import load_checkpoint

    mine = results.runs["mine"].returns
    assert not np.array_equal(mine[0], mine[1])
    for row, seed in enumerate((0, 3)):
        agent = load_checkpoint(policies / f"seed_{seed}")
        evaluated = evaluate_agent(agent, "semverse/ISGC-v0", {}, 10, 500)
        np.testing.assert_allclose(mine[row], evaluated.returns, rtol=1e-5)  # float32, batch of 1 or of 10


def test_a_cell_is_the_same_whenever_it_is_run(played, results):
    store = Store(played)
    for cell, record in results.records.items():
        again = run_task(make_task(store, results.config, cell))
        first = json.loads(record.model_dump_json())
        assert {k: v for k, v in again.items() if k not in TIMES} == {
            k: v for k, v in first.items() if k not in TIMES
        }


def test_one_csv_line_an_episode_and_run(lines):
    assert len(lines) == 4 * 10
    for line in lines:
        assert float(line["share"]) == float(line["return"]) / float(line["bound"])
        assert (line["steps"], line["feasible"]) == ("1", "1.0")


def test_the_table_follows_from_the_csv(lines, document):
    table = {row["agent"]: row for row in document["table"]}
    assert list(table) == ["separate", "isgc_exact", "mine"]
    mine = np.array([returns_of(lines, "mine", training) for training in ("0", "3")])
    reference = returns_of(lines, "separate")
    estimates = table["mine"]["estimates"]
    assert (table["mine"]["runs"], table["mine"]["episodes"]) == (2, 10)
    assert estimates["return"]["mean"] == pytest.approx(mine.mean())
    assert estimates["iqm"]["mean"] == pytest.approx(trim_mean(mine.ravel(), 0.25))
    assert estimates["difference"]["mean"] == pytest.approx((mine - reference).mean())
    bound = np.mean([float(line["bound"]) for line in lines if line["agent"] == "separate"])
    closed = (mine.mean() - reference.mean()) / (bound - reference.mean())
    assert estimates["gap_closed"]["mean"] == pytest.approx(closed)
    assert table["separate"]["estimates"]["gap_closed"]["mean"] == 0.0
    assert table["isgc_exact"]["estimates"]["gap_closed"]["mean"] == pytest.approx(1.0, abs=1e-3)
    share = np.mean([float(line["share"]) for line in lines if line["agent"] == "mine"])
    assert estimates["share"]["mean"] == pytest.approx(share)
    missed = np.mean([float(line["missed_deadline"]) for line in lines if line["agent"] == "mine"])
    assert estimates["missed_deadline"]["mean"] == pytest.approx(missed)
    for row in table.values():
        assert 0 < row["p50_ms"] <= row["p99_ms"]
        for found in filter(None, row["estimates"].values()):
            assert found["low"] <= found["mean"] <= found["high"]
            assert found["count"] == 10
    assert table["separate"]["estimates"]["difference"] is None


def test_the_gap_closed_by_hand():
    """Means 3 of the reference, 7 of the bound: returns of 5 go half of the way, wherever they are earned."""

    def runs(*returns, seeds=(1, 2)):
        bounds, steps = np.array([[6.0, 8.0]]), np.ones((1, 2), dtype=np.int64)
        return Runs((None,), np.array(seeds), np.array([returns]), bounds, steps, {}, np.ones(1), 1.0)

    found = gap_closed(runs(4.0, 6.0), runs(2.0, 4.0))
    assert (found.mean, found.low, found.high, found.count) == (0.5, 0.5, 0.5, 2)
    found = gap_closed(runs(2.0, 8.0), runs(2.0, 4.0))
    assert (found.mean, found.low, found.high) == (0.5, 0.0, 1.0)
    assert gap_closed(runs(4.0, 6.0, seeds=(3, 4)), runs(2.0, 4.0)) is None


def test_json_tells_how_it_was_made(document):
    assert document["format"] == "semverse.benchmark.results/1"
    assert document["complete"] is True
    assert document["bound"] == "optimal_utility"
    assert {"python", "numpy", "torch"} <= set(document["versions"])
    assert [cell["training"] for cell in document["cells"] if cell["agent"] == "mine"] == [0, 3, 0, 3]
    assert document["hyperparameters"]["mine"]["checkpoint"]


def test_a_narrow_terminal_gets_more_tables(results):
    rows = summarise(results)
    assert len(rich_tables(results, rows, 300)) == 1
    narrow = rich_tables(results, rows, 60)
    assert len(narrow) > 1
    assert sum(len(table.columns) - 2 for table in narrow) == 5 + 2 + 3


def test_curves_end_at_the_table(played, results):
    for row in summarise(results):
        events = EventAccumulator(str(played / "tensorboard" / row.agent))
        events.Reload()
        tags = {"return", "share", "info/missed_deadline", "info/feasible", "decision_ms/p50"}
        assert set(events.Tags()["scalars"]) == tags
        last = events.Scalars("return")[-1]
        assert (last.step, last.value) == (10, pytest.approx(row.estimates["return"].mean, rel=1e-6))
        assert "_hparams_/session_start_info" in events.summary_metadata


def test_the_report_is_one_file_with_table_and_figures(played, results):
    text = (played / "report.html").read_text()
    assert "default-src 'none'" in text
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", text)
    for name in ("return", "share", "difference"):
        assert f'id="intervals-{name}"' in text
    table = re.search(r"<table id=summary>.*?</table>", text).group()
    for row in summarise(results):
        assert f"<td>{row.agent}</td>" in table
        assert f"{row.estimates['share'].mean:.4f}" in table


@pytest.mark.parametrize("agent", ["greedy", "local"])
def test_planners_act_over_episodes_and_no_bound_is_no_share(agent, tmp_path, invoke):
    config = EpisodeConfig(
        env="semverse/SCCDynamic-v0", settings={"users": 4, "spaces": 3, "mecs": 3, "slots": 2}, seeds=1,
        episodes=2, first_seed=3, budget_s=0.05, workers=1, infos=("repaired",), agents={agent: {}},
    )  # fmt: skip
    store = Store(tmp_path / "out")
    store.create(config, {})
    store.write(Cell(3, agent), json.dumps(run_task(make_task(store, config, Cell(3, agent)))))
    code, printed, error = invoke("report", store.folder)
    assert code == 0, error
    assert "no bound is known" in printed
    (row,) = json.loads((store.folder / "results.json").read_text())["table"]
    assert row["estimates"]["return"]["mean"] < 0
    assert "share" not in row["estimates"]
