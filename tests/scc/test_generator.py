"""Sampled instances: the scenario's ranges, the regions' distances, the same on any machine."""

import hashlib

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from semverse.envs.config import shipped
from semverse.envs.errors import InputError
from semverse.envs.scc.config import load_scenario
from semverse.envs.scc.generator import sample_instance
from semverse.envs.scc.geo import great_circle_km, sample_sites
from semverse.envs.scc.io import canonical_json
from semverse.envs.scc.model import evaluate
from semverse.envs.scc.servable import find_placement

REGIONS = sorted(path.stem for path in shipped("scc").glob("*.yaml"))

# SHA-256 of the canonical JSON of the instance drawn with seed 2024. A change means that every
# published result changes: bump the environments' versions.
GOLDEN = {
    "california": "2765560307787f480f47bb98b0a17cfd194e8086bccfea71e8a47c996428ebaa",
    "virginia": "a41b6974056feae7fa9576f57469753d730d12aa62e14e94fb3f5b9915016634",
}


def test_every_shipped_region_has_a_golden_instance():
    assert set(GOLDEN) == set(REGIONS)


@pytest.mark.parametrize("region", REGIONS)
def test_same_seed_same_instance_on_any_machine(region):
    text = canonical_json(sample_instance(load_scenario(region), np.random.default_rng(2024)))
    assert hashlib.sha256(text.encode()).hexdigest() == GOLDEN[region]


def test_other_seed_other_instance():
    config = load_scenario()
    texts = {canonical_json(sample_instance(config, np.random.default_rng(seed))) for seed in range(20)}
    assert len(texts) == 20


# medians and maxima that paper 003, section IV-A prints
@pytest.mark.parametrize(
    ("region", "median_km", "largest_km"), [("california", 7, 65.2), ("virginia", 48.4, 168.6)]
)
def test_distances_of_the_regions(region, median_km, largest_km):
    rng, sites = np.random.default_rng(0), load_scenario(region).sites
    pairs = np.triu_indices(20, 1)
    distances = np.concatenate([great_circle_km(*sample_sites(sites, 20, rng))[pairs] for _ in range(200)])
    assert np.median(distances) == pytest.approx(median_km, rel=0.02)
    assert distances.max() == pytest.approx(largest_km, rel=0.005)


def test_great_circle_of_known_points():
    # a quarter of the equator, and from a pole to the equator: a quarter of the circumference each
    quarter = 2 * np.pi * 6371.0088 / 4
    km = great_circle_km(np.array([0.0, 90.0, 30.0]), np.array([0.0, 0.0, 90.0]))
    np.testing.assert_allclose(km, quarter * (1 - np.eye(3)), rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("seed", range(5))
def test_values_keep_the_scenario(region, seed):
    config = load_scenario(region)
    instance = sample_instance(config, np.random.default_rng(seed))
    mecs, requests = instance.mecs, instance.requests
    assert (instance.num_mecs, instance.num_users, instance.num_spaces) == (20, 100, 20)
    for value, (low, high) in (
        (mecs.cache_gb, config.mec.cache_gb),
        (mecs.compute_tflops, config.mec.compute_tflops),
        (mecs.max_tasks, config.mec.max_tasks),
        (instance.users.access_latency_ms_per_mbit, config.access.latency_ms_per_mbit),
        (instance.users.access_energy_j_per_mbit, config.access.energy_j_per_mbit),
        (np.bincount(requests.user, minlength=100), config.spaces_per_user),
    ):
        assert low <= value.min()
        assert value.max() <= high
    online = np.bincount(requests.user, weights=requests.probability)
    assert online.min() >= config.online_probability[0] - 1e-5  # cut to 6 decimals, space by space
    assert online.max() <= config.online_probability[1]
    for name, levels in config.space_levels:
        assert set(getattr(instance.spaces, name)) <= set(levels)


def test_links_are_proportional_to_distance():
    config = load_scenario("virginia")
    instance = sample_instance(config, np.random.default_rng(1))
    km = great_circle_km(instance.mecs.lon, instance.mecs.lat)
    for name, per_km in config.per_km:
        np.testing.assert_allclose(getattr(instance.links, name), per_km * km, atol=per_km * 1e-3)


@pytest.mark.parametrize("seed", range(10))
def test_every_instance_is_servable(seed):
    instance = sample_instance(load_scenario("virginia"), np.random.default_rng(seed))
    assert evaluate(instance, find_placement(instance)[None]).feasible[0]


@given(
    seed=st.integers(0, 2**32 - 1),
    region=st.sampled_from(REGIONS),
    mecs=st.integers(1, 6),
    users=st.integers(1, 40),
    spaces=st.integers(1, 12),
)
def test_any_size_is_servable_or_refused(seed, region, mecs, users, spaces):
    config = load_scenario(region, mecs=mecs, users=users, spaces=spaces)
    try:
        instance = sample_instance(config, np.random.default_rng(seed))
    except InputError:
        # only crowded scenarios may be: a MEC serves at least 15 requests and caches at least 15 GB
        assert users * min(spaces, 4) > 15 * mecs or 4 * spaces > 15 * mecs
        return
    assert evaluate(instance, find_placement(instance)[None]).feasible[0]


def test_spaces_differ_in_popularity():
    counts = np.zeros(20)
    rng = np.random.default_rng(0)
    for _ in range(20):
        requests = sample_instance(load_scenario(), rng).requests
        counts += np.sort(np.bincount(requests.space, minlength=20))
    assert counts[-1] > 3 * counts[0]


def test_unservable_scenario_is_one_line():
    tight = load_scenario(mec={**load_scenario().mec.model_dump(), "max_tasks": [1, 1]})
    with pytest.raises(InputError, match=r"scenario california: mec.cache_gb, mec.max_tasks: no servable"):
        sample_instance(tight, np.random.default_rng(0))


@pytest.mark.parametrize("region", REGIONS)
def test_every_constant_is_in_the_file(region):
    # the schema has no defaults: the file must give every key, and nothing but the file gives a value
    content = yaml.safe_load(shipped("scc", f"{region}.yaml").read_text())
    assert load_scenario(region).model_dump(mode="json") == content


def test_overrides_and_small_sizes():
    config = load_scenario("california", users=1, spaces=1, mecs=1, cells=None)
    instance = sample_instance(config, np.random.default_rng(0))
    assert (instance.num_users, instance.num_spaces, instance.num_mecs) == (1, 1, 1)


def test_a_path_may_begin_with_an_environment_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("SOMEWHERE", str(tmp_path))
    assert load_scenario("california", cells="$SOMEWHERE/sites.csv").cells == tmp_path / "sites.csv"
    monkeypatch.delenv("SOMEWHERE")
    with pytest.raises(InputError, match=r"cells: .*names an environment variable that is not set"):
        load_scenario("california", cells="$SOMEWHERE/sites.csv")
