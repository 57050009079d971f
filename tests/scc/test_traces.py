"""Request probabilities from positional traces."""

import numpy as np
import pytest

from semverse.envs.errors import InputError
from semverse.envs.scc.config import load_scenario
from semverse.envs.scc.generator import sample_instance
from semverse.envs.scc.traces import load_traces, trace_probabilities, trace_shares

HEADER = "HMDPZ,Participant,HMDPX\n"


def write(folder, rows, name="walk.csv"):
    path = folder / name
    path.write_text(HEADER + "\n".join(f"{z},{who},{x}" for x, z, who in rows))
    return path


def test_tracks_are_participants_of_files(tmp_path):
    write(tmp_path, [(1, 2, "B"), (3, 4, "A"), (5, 6, "B")], "h1.csv")
    write(tmp_path, [(7, 8, "A"), ("x", 1, "A"), (1, 2, ""), ("nan", 0, "A")], "h2.csv")
    traces = load_traces(tmp_path)
    assert traces.num_tracks == 3
    assert traces.position.tolist() == [[3, 4], [1, 2], [5, 6], [7, 8]]  # x, z; in order of time
    assert traces.start.tolist() == [0, 1, 3, 4]
    assert traces.bad_rows == 3


def test_shares_by_hand(tmp_path):
    # two positions only, so that both are seeds: A spends 3 of 4 frames at the origin, then 4 of 4 at (9, 0)
    path = write(tmp_path, [(0, 0, "A")] * 3 + [(9, 0, "A")] * 5 + [(9, 0, "B")])
    traces = load_traces(path)
    for slot, expected in ((0, [0.25, 0.75]), (1, [0.0, 1.0])):
        shares = trace_shares(traces, 2, slot, 2, np.random.default_rng(0))
        assert sorted(shares[0].tolist()) == expected
        # B stands at (9, 0) in every slot, however short its track is
        assert sorted(shares[1].tolist()) == [0.0, 1.0]


def test_nearest_seed_wins(tmp_path):
    path = write(tmp_path, [(0, 0, "A"), (1, 0, "A"), (10, 0, "A"), (9, 0, "A"), (9, 0, "A")])
    rng = np.random.default_rng(0)
    traces = load_traces(path)
    chosen = traces.visited[np.random.default_rng(0).choice(4, 2, replace=False)]
    expected = np.zeros(2)
    for x in (0, 1, 10, 9, 9):
        expected[int(abs(chosen[1, 0] - x) < abs(chosen[0, 0] - x))] += 0.2
    np.testing.assert_allclose(trace_shares(traces, 2, 0, 1, rng)[0], expected)


def test_only_the_largest_shares_are_kept(tmp_path):
    rows = [(x, 0, "A") for x, count in ((0, 5), (1, 3), (2, 2)) for _ in range(count)]
    shares = trace_probabilities(write(tmp_path, rows), 4, 3, 1, 2, np.random.default_rng(0))
    assert shares.shape == (4, 3)
    for row in shares:
        assert sorted(row.tolist()) == [0.0, 0.3, 0.5]


def test_real_traces(data_dir):
    traces = load_traces(data_dir / "vr")
    assert traces.bad_rows == 0
    assert traces.num_tracks == 2 * 27  # participants, files
    config = load_scenario(traces=data_dir / "vr")
    instance = sample_instance(config, np.random.default_rng(0))
    assert np.bincount(instance.requests.user).max() <= config.spaces_per_user[1]
    assert 100 <= instance.num_requests <= 400
    again = sample_instance(config, np.random.default_rng(0))
    assert np.array_equal(instance.requests.probability, again.requests.probability)


def test_fewer_positions_than_spaces(tmp_path):
    path = write(tmp_path, [(0, 0, "A"), (0, 0, "B")])
    with pytest.raises(InputError, match="visit 1 distinct positions, 20 spaces"):
        sample_instance(load_scenario(traces=path), np.random.default_rng(0))
