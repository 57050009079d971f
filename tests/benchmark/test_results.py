"""What a benchmark writes: table, CSV, JSON, TensorBoard, report."""

import csv
import html.parser
import json
import re
import shutil
from statistics import mean

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from semverse.agents.benchmark.config import load_benchmark
from semverse.agents.benchmark.estimate import estimate
from semverse.agents.benchmark.fronts.plots import lower_energy
from semverse.agents.benchmark.fronts.results import METRICS, collect, mean_curves, spread_times
from semverse.agents.benchmark.fronts.table import summarise
from semverse.agents.benchmark.store import Store
from semverse.solvers.certificate import Certificate
from semverse.solvers.indicators import hypervolume

KEYS = [metric.key for metric in METRICS]


@pytest.fixture(scope="module")
def results(finished):
    return collect(Store(finished))


@pytest.fixture(scope="module")
def rows(finished):
    with (finished / "results.csv").open() as stream:
        return list(csv.DictReader(stream))


def test_one_csv_line_a_cell(rows):
    assert len(rows) == 12
    assert {(row["region"], row["seed"], row["agent"]) for row in rows} == {
        (region, seed, agent)
        for region in ("california", "virginia")
        for seed in "01"
        for agent in ("random", "local", "greedy")
    }
    for row in rows:
        assert 0 < float(row["hv"]) < 1
        assert 0 <= float(row["hv_ratio"]) <= 1 + 1e-9
        assert float(row["seconds"]) > 0


def test_both_hypervolumes_follow_from_points_and_reference_points(finished, rows):
    for row in rows:
        cell = json.loads(
            (finished / "cells" / f"{row['region']}-{row['seed']}-{row['agent']}.json").read_text()
        )
        points = np.array([[p["latency_ms"], p["energy_j"]] for p in cell["points"]])
        box = [float(row["eq35_latency_ms"]), float(row["eq35_energy_j"])]
        assert float(row["hv"]) == pytest.approx(hypervolume(points, box) / np.prod(box), rel=1e-9)
        corner = [float(row["ratio_latency_ms"]), float(row["ratio_energy_j"])]
        ratio = hypervolume(points, corner) / float(row["hypervolume_bound"])
        assert float(row["hv_ratio"]) == pytest.approx(ratio, rel=1e-9, abs=1e-12)


def test_the_table_is_the_mean_of_the_csv(finished, rows):
    table = json.loads((finished / "results.json").read_text())["table"]
    assert [line["agent"] for line in table] == ["random", "local", "greedy"]
    for line in table:
        mine = [row for row in rows if row["agent"] == line["agent"]]
        assert line["seconds"] == pytest.approx(mean(float(row["seconds"]) for row in mine))
        means = {}
        for region in ("california", "virginia"):
            values = [float(row["hv"]) for row in mine if row["region"] == region]
            found = line["regions"][region]["hv"]
            means[region] = mean(values)
            assert found["mean"] == pytest.approx(means[region], rel=1e-12)
            assert found["count"] == 2
            # of two values, a bootstrap sample's mean is one of three; the interval reaches both ends
            assert (found["low"], found["high"]) == pytest.approx((min(values), max(values)))
        assert line["overall"]["hv"]["mean"] == pytest.approx(mean(means.values()), rel=1e-12)


def test_json_tells_how_it_was_made(finished):
    data = json.loads((finished / "results.json").read_text())
    assert data["format"] == "semverse.benchmark.results/1"
    assert data["complete"] is True
    assert data["missing"] == []
    assert data["config"]["budget_s"] == 0.3
    assert {"python", "numpy", "semverse"} <= set(data["versions"])
    assert data["machine"]["cores"] >= 1
    assert set(data["instances"]) == {"california-0", "california-1", "virginia-0", "virginia-1"}
    for entry in data["instances"].values():
        assert len(entry["eq35_reference_point"]) == 2
        assert isinstance(Certificate.from_json(entry["certificate"]), Certificate)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([[0.5]], (0.5, None, None, 1)),  # one value: no interval
        ([[0.5, 0.5, 0.5]], (0.5, 0.5, 0.5, 3)),  # no variance
        ([[0.25, 0.75], [0.5]], (0.5, None, None, 3)),
        ([[1.0, 1.0], [0.0, 0.0]], (0.5, 0.5, 0.5, 4)),
    ],
)
def test_degenerate_intervals(samples, expected):
    found = estimate(samples)
    assert (found.mean, found.low, found.high, found.count) == expected


def test_no_values_no_estimate():
    assert estimate([[]]) is None
    assert estimate([]) is None
    assert estimate([[0.5], []]) is None


def test_the_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(60):
        found = estimate([rng.normal(5.0, 1.0, 30)])
        hits += found.low <= 5.0 <= found.high
    assert 50 <= hits <= 60  # 95 % of 60 is 57; 50 is four standard deviations below


def test_the_interval_is_stratified():
    # two regions far apart, no variance within: resampling across regions would give a wide interval
    found = estimate([[0.0, 0.0, 0.0, 1e-9], [1.0, 1.0, 1.0, 1.0]])
    assert found.high - found.low < 1e-8


def test_curves_end_at_the_table(results):
    for row in summarise(results):
        for region in results.regions:
            curves = mean_curves(results, row.agent, region)
            assert curves.values["hv"][-1] == pytest.approx(row.regions[region]["hv"].mean, rel=1e-12)
            known = curves.values["hv"][np.isfinite(curves.values["hv"])]
            assert (np.diff(known) >= -1e-12).all()


def test_times_are_whole_milliseconds_and_end_with_the_budget():
    times = spread_times(1e-3, 4.0, 30)
    assert (times[0], times[-1]) == (0.004, 4.0)
    assert np.allclose(times * 1000, np.round(times * 1000))
    assert (np.diff(times) > 0).all()


def test_no_point_lies_in_the_excluded_region(results):
    for scored in results.scored:
        known = results.certificates[scored.cell.instance]
        objectives = scored.record.objectives
        least = lower_energy(known, objectives[:, 0])
        assert (objectives[:, 1] >= least - 1e-6 * np.abs(least)).all()


def read_events(folder):
    accumulator = EventAccumulator(str(folder), size_guidance={"images": 0, "scalars": 0})
    accumulator.Reload()
    return accumulator


def test_each_agent_is_a_run_with_its_curves(finished, results):
    folder = finished / "tensorboard"
    assert sorted(p.name for p in folder.iterdir()) == ["fronts", "greedy", "local", "random"]
    for row in summarise(results):
        events = read_events(folder / row.agent)
        tags = {f"{key}/{region}" for key in KEYS for region in results.regions}
        assert set(events.Tags()["scalars"]) == tags
        last = events.Scalars("hv/virginia")[-1]
        assert last.value == pytest.approx(row.regions["virginia"]["hv"].mean, rel=1e-6)
        assert last.step >= 300  # milliseconds
        summary = events.summary_metadata
        assert "_hparams_/session_start_info" in summary


def test_the_fronts_evolve_in_one_figure_an_instance(finished, results):
    events = read_events(finished / "tensorboard" / "fronts")
    assert set(events.Tags()["images"]) == {f"fronts/{name}" for name in results.instances}
    for name in results.instances:
        images = events.Images(f"fronts/{name}")
        assert len(images) == len(spread_times(0.01, 0.3, 10))
        assert images[-1].step == 300
        assert len({image.encoded_image_string for image in images}) > 1
        assert images[0].encoded_image_string.startswith(b"\x89PNG")


class Requests(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found += [value for key, value in attrs if key in ("src", "href", "srcset", "data")]


def test_the_report_is_one_file_that_asks_for_nothing(finished):
    text = (finished / "report.html").read_text()
    parser = Requests()
    parser.feed(text)
    assert parser.found == ["#certificates"]
    assert "default-src 'none'" in text
    for instance in ("california-0", "virginia-1"):
        assert f'id="fronts-{instance}"' in text
    assert 'id="curves-virginia"' in text
    assert "<b>Incomplete" not in text
    assert len(text) < 8_000_000


def test_the_report_shows_the_table(finished, results):
    text = (finished / "report.html").read_text()
    table = re.search(r"<table id=summary>.*?</table>", text).group()
    for row in summarise(results):
        assert f"<td>{row.agent}</td>" in table
        assert f"{row.regions['california']['hv'].mean:.4f}" in table


def test_an_incomplete_folder_is_reported_as_such(finished, tmp_path, invoke):
    out = tmp_path / "copy"
    shutil.copytree(finished, out)
    (out / "cells" / "virginia-1-local.json").unlink()
    (out / "certificates" / "california-0.json").unlink()
    for name in ("report.html", "results.csv", "results.json"):
        (out / name).unlink()
    shutil.rmtree(out / "tensorboard")
    code, printed, error = invoke("report", out)
    assert code == 0, error
    assert "missing: virginia-1 local" in printed
    assert "missing: california-0 certificate" in printed
    assert "<b>Incomplete:</b> 2 cells" in (out / "report.html").read_text()
    data = json.loads((out / "results.json").read_text())
    assert data["complete"] is False
    assert data["missing"] == ["california-0 certificate", "virginia-1 local"]
    assert len(list((out / "tensorboard").iterdir())) == 4


def test_a_folder_with_no_finished_cell_is_reported_too(finished, tmp_path, invoke):
    out = tmp_path / "copy"
    shutil.copytree(finished, out)
    for path in [*out.glob("cells/*"), *out.glob("certificates/*")]:
        path.unlink()
    code, printed, error = invoke("report", out)
    assert code == 0, error
    assert printed.count("missing: ") == 16


def test_report_refuses_what_is_no_benchmark(tmp_path, invoke):
    for path in (tmp_path, tmp_path / "nothing"):
        code, _, error = invoke("report", path)
        assert code == 2
        assert "is not a benchmark folder" in error
    assert list(tmp_path.iterdir()) == []


def test_the_default_configuration_loads():
    assert load_benchmark(None, {}).processes >= 1
