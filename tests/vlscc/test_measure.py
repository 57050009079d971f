"""Measured surfaces: how they are made, and that the codec itself agrees with them."""

import gymnasium
import numpy as np
import pytest

import semverse.envs  # noqa: F401  registers the ids
from semverse.envs.config import load_config, shipped
from semverse.envs.errors import InputError
from semverse.envs.vlscc.measure import MeshConfig, mesh_surfaces, smooth
from semverse.envs.vlscc.problem import Problem
from semverse.envs.vlscc.surfaces import load_surfaces

torch = pytest.importorskip("torch")
from semverse.envs.vlscc.live import LiveMeter  # noqa: E402

TINY = MeshConfig(
    kind="mesh",
    name="tiny",
    codec="mesh_vlscc",
    scenes=4,
    scene_frames=1,
    snr_db=(0.0, 10.0),
    draws=2,
    smoothing=1,
    seed=3,
)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def ignore(done, total):
    """Show no progress."""


def stop_at(count):
    def progress(done, total):
        if done == count:
            raise KeyboardInterrupt

    return progress


def test_a_stopped_measurement_goes_on_to_the_same_surfaces(tmp_path):
    whole = mesh_surfaces(TINY, tmp_path / "a", ignore)
    with pytest.raises(KeyboardInterrupt):
        mesh_surfaces(TINY, tmp_path / "b", stop_at(3))
    seen = []
    again = mesh_surfaces(TINY, tmp_path / "b", lambda done, total: seen.append(done))
    assert seen[0] == 3
    assert np.array_equal(whole.distortion, again.distortion)
    other = TINY.model_copy(update={"seed": 4})
    with pytest.raises(InputError, match="another configuration"):
        mesh_surfaces(other, tmp_path / "b", ignore)


def test_measured_surfaces_are_of_the_codec(tmp_path):
    found = mesh_surfaces(TINY, tmp_path / "a", ignore)
    assert found.distortion.shape == (8, 1, 16, 2)
    assert found.held_out.tolist() == [False] * 4 + [True] * 4
    assert found.distortion[:, 0, 0].mean() > 3 * found.distortion[:, 0, -1].mean()
    assert found.feature_names[0] == "entropy"


def test_smoothing_keeps_what_is_smooth_and_level_zero():
    """Powers of the level and of the ratio are straight in logarithms: degree 1 is exact for them."""
    level, ratio = np.arange(16)[:, None], 10 ** (np.arange(0, 12, 3) / 10)
    exact = 0.2 / (np.maximum(level, 0.5) ** 0.7 * ratio**0.5)
    rough = exact * np.exp(0.05 * np.random.default_rng(0).standard_normal((6, 1, 16, 4)))
    assert smooth(exact[None, None], 1)[0, 0] == pytest.approx(exact)
    error = np.abs(np.log(smooth(rough, 1) / exact))
    assert error[..., 1:, :].mean() < 0.5 * np.abs(np.log(rough / exact))[..., 1:, :].mean()
    assert np.array_equal(smooth(rough, 1)[..., 0, :], rough[..., 0, :])


def test_the_command_writes_a_table(semverse, tmp_path):
    lines = [f"{key}: {list(v) if isinstance(v, tuple) else v}" for key, v in TINY.model_dump().items()]
    (tmp_path / "tiny.yaml").write_text("\n".join(lines))
    outcome = semverse("surfaces", "--config", tmp_path / "tiny.yaml", "--out", tmp_path / "tiny.npz")
    assert outcome.code == 0
    assert load_surfaces(str(tmp_path / "tiny.npz")).frames == 8
    assert [path.name for path in tmp_path.glob("*.partial")] == []


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--config", "moon", "--out", "x.npz"), "moon.yaml"),
        (("--config", "mesh", "--out", "x.csv"), "--out"),
        (("--config", "README.md", "--out", "x.npz"), "README.md"),
    ],
)
def test_wrong_input_is_one_line(semverse, monkeypatch, tmp_path, arguments, word):
    monkeypatch.chdir(tmp_path)
    outcome = semverse("surfaces", *arguments)
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1
    assert word in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_the_shipped_table_was_made_by_the_shipped_configuration():
    config = load_config(MeshConfig, shipped("vlscc", "surfaces", "mesh.yaml"))
    surfaces = load_surfaces("mesh")
    assert surfaces.frames == 2 * config.scenes * config.scene_frames
    assert surfaces.snr_db == pytest.approx(config.snr_db)
    assert surfaces.held_out.sum() == config.scenes * config.scene_frames
    assert surfaces.codec == config.codec


def test_the_codec_agrees_with_its_surfaces():
    """Within sampling error: 24 draws in the table, 32 here, at ratios on the grid and between."""
    problem, draws = Problem.of("mesh", "all"), 32
    rng = np.random.default_rng(0)
    meter, config = LiveMeter(problem), load_config(MeshConfig, shipped("vlscc", "surfaces", "mesh.yaml"))
    deviations = []
    for _ in range(12):
        frame, level = rng.integers(problem.surfaces.frames), rng.integers(1, 16)
        snr = rng.choice([-14.0, -3.5, 1.0, 5.5, 10.0])
        levels = np.full((1, draws), level)
        live = meter(np.full(draws, frame), np.full(draws, snr), levels, [rng] * draws)
        lower, weight = np.floor((snr + 20) / 3).astype(int), ((snr + 20) / 3) % 1
        table = problem.surfaces.distortion[frame, 0, level]
        expected = table[lower] + weight * (table[min(lower + 1, 10)] - table[lower])
        deviations.append((live.mean() - expected) / (live.std() * np.sqrt(1 / draws + 1 / config.draws)))
    assert np.abs(deviations).max() < 4.5
    assert np.square(deviations).mean() < 2


def test_live_environments_measure_anew():
    """The same episode, level for level: another quality every time, and the table's on average."""
    envs = [
        gymnasium.make("semverse/VLSCC-v0", profile="mesh", frames=40, codec=c) for c in ("table", "live")
    ]
    found = []
    for env in envs:
        env.reset(seed=0)
        found.append(np.array([env.step(7)[4]["quality"] for _ in range(40)]))
    assert (found[0] != found[1]).mean() > 0.9
    assert found[0].mean() == pytest.approx(found[1].mean(), abs=0.03)


def test_a_live_batch_equals_live_environments():
    options = {"profile": "mesh", "frames": 4, "codec": "live"}
    batch = gymnasium.make_vec("semverse/VLSCC-v0", num_envs=2, **options)
    batch.reset(seed=[3, 4])
    together = np.array([batch.step(np.array([3, 9]))[1] for _ in range(4)])
    for row, level in enumerate((3, 9)):
        env = gymnasium.make("semverse/VLSCC-v0", **options)
        env.reset(seed=3 + row)
        assert [env.step(level)[1] for _ in range(4)] == together[:, row].tolist()


def test_a_formula_has_no_codec():
    with pytest.raises(InputError, match="codec"):
        gymnasium.make("semverse/VLSCC-v0", profile="toy", codec="live")
