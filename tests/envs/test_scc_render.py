"""The map: it is drawn, it changes with the placement, and no screen is needed."""

import gymnasium
import numpy as np
import pytest

import semverse.envs  # noqa: F401  registers the ids
from semverse.envs.scc.render import SITE_RADIUS, site_positions

SIZE = {"mecs": 6, "users": 12, "spaces": 4}


def test_image_changes_with_every_step():
    env = gymnasium.make("semverse/SCC-v0", render_mode="rgb_array", **SIZE)
    env.reset(seed=0)
    first = env.render()
    env.step(0)
    second = env.render()
    assert first.dtype == np.uint8
    assert first.ndim == 3
    assert first.shape[2] == 3
    assert min(first.shape[:2]) >= 400
    assert np.mean(np.any(first != second, axis=2)) > 0.001
    assert np.array_equal(second, env.render())


def test_finished_and_overfull_episodes_are_drawn():
    env = gymnasium.make("semverse/SCC-v0", render_mode="rgb_array", mecs=3, users=20, spaces=4)
    env.reset(seed=0)
    over = False
    while not over:
        _, _, over, _, _ = env.step(0)
    assert env.render().std() > 0


@pytest.mark.parametrize("env_id", ["semverse/SCC-v0", "semverse/SCCJoint-v0", "semverse/SCCDynamic-v0"])
def test_human_mode_needs_no_screen(env_id, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SDL_VIDEODRIVER", "x11")
    env = gymnasium.make(env_id, render_mode="human", **SIZE)
    env.reset(seed=0)
    env.step(env.action_space.sample())
    assert env.render() is None
    env.close()
    env.close()


def test_crowded_sites_are_pushed_apart_and_stay_near():
    rng = np.random.default_rng(0)
    lon, lat = -122 + 0.01 * rng.normal(size=20), 37 + 0.01 * rng.normal(size=20)
    lon[0] += 0.5
    true, shown, km = site_positions(lon, lat)
    gap = np.linalg.norm(shown[:, None] - shown, axis=-1) + np.eye(20)
    assert gap.min() > 2 * SITE_RADIUS
    assert np.linalg.norm(true - shown, axis=1).max() < 0.35
    assert km > 0


def test_vector_environment_draws_each_row():
    env = gymnasium.make_vec("semverse/SCC-v0", num_envs=2, render_mode="rgb_array", **SIZE)
    env.reset(seed=0)
    images = env.render()
    assert len(images) == 2
    assert not np.array_equal(images[0], images[1])
