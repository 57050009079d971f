"""The command behind paper 003, Fig. 8."""

import numpy as np
import pytest
import yaml

from semverse.agents.findings import at_distance, read
from semverse.envs.config import shipped
from semverse.envs.errors import InputError
from semverse.envs.scc.config import load_scenario
from semverse.envs.scc.generator import sample_instance

SIZE = {"mecs": 4, "users": 6, "spaces": 3}


@pytest.fixture
def scenario(tmp_path):
    values = yaml.safe_load(shipped("scc", "california.yaml").read_text())
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump({**values, **SIZE}))
    return path


def test_all_links_scale_with_the_distance():
    config = load_scenario(**SIZE)
    instance = sample_instance(config, np.random.default_rng(0))
    near, far = (at_distance(instance, km, config).links for km in (10.0, 30.0))
    apart = ~np.eye(4, dtype=bool)
    assert near.sync_latency_ms[apart].mean() == pytest.approx(10.0 * config.per_km.sync_latency_ms)
    assert np.allclose(far.frame_energy_j_per_mbit, 3 * near.frame_energy_j_per_mbit)


def test_one_site_has_no_distance():
    config = load_scenario(mecs=1, users=3, spaces=2)
    with pytest.raises(InputError, match="mecs"):
        at_distance(sample_instance(config, np.random.default_rng(0)), 10.0, config)


def test_command_carries_on_with_the_same_settings_only(tmp_path, semverse, scenario):
    out = tmp_path / "out"
    command = ("findings", "--region", str(scenario), "--out", str(out), "--seeds", "1", "--seconds", "0.5")
    assert semverse(*command, "--distances", "3.14159265").code == 0
    first = read(out / "fig8.csv")
    assert [(f.seed, f.mean_km, f.orientation) for f in first] == [
        (0, 3.14159265, "latency"),
        (0, 3.14159265, "energy"),
    ]
    assert first[0].latency_ms <= first[1].latency_ms
    assert first[1].energy_j <= first[0].energy_j
    assert (out / "fig8.png").stat().st_size > 0
    assert semverse(*command, "--distances", "3.14159265,20").code == 0
    assert read(out / "fig8.csv")[:2] == first
    assert len(read(out / "fig8.csv")) == 4
    for other in (("--region", "virginia"), ("--seconds", "0.6")):
        outcome = semverse(*command, *other)
        assert outcome.code == 2
        assert "fig8.json" in outcome.err
    assert len(read(out / "fig8.csv")) == 4


def test_several_agents_stand_side_by_side(tmp_path, semverse, scenario):
    out = tmp_path / "out"
    command = ("findings", "--region", str(scenario), "--out", str(out), "--seeds", "1", "--seconds", "0.5")
    assert semverse(*command, "--distances", "5", "--agents", "exact,greedy").code == 0
    rows = {(f.agent, f.orientation): f for f in read(out / "fig8.csv")}
    assert set(rows) == {(a, o) for a in ("exact", "greedy") for o in ("latency", "energy")}
    assert rows["greedy", "latency"].latency_ms >= rows["exact", "latency"].latency_ms * (1 - 1e-3)
    assert np.isnan(rows["greedy", "energy"].gap)
    assert semverse(*command, "--agents", "nobody").code == 2
