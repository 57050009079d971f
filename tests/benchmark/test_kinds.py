"""Which environment has which kind of benchmark, and where its bound comes from."""

import numpy as np
import pytest

from semverse.agents.benchmark.config import default_file, load_benchmark
from semverse.agents.benchmark.episodes.config import EpisodeConfig
from semverse.agents.benchmark.episodes.plan import check
from semverse.agents.benchmark.fronts.config import FrontConfig
from semverse.agents.benchmark.kinds import kind_name
from semverse.agents.benchmark.store import Store
from semverse.agents.registry import list_agents
from semverse.agents.training.bounds import bound_of, episode_bounds, share_of_bound
from semverse.agents.training.play import play_episode
from semverse.agents.training.vector import make_env, telling_settings
from semverse.envs.config import load_yaml, shipped
from semverse.envs.errors import InputError
from semverse.envs.registration import list_envs

ENVS = [row.id for row in list_envs()]
BOUNDED = [row.id for row in list_envs() if row.bound is not None]
SHIPPED = sorted(path.name for path in shipped("benchmark").glob("*.yaml"))
SETTINGS = {"semverse/ISGCDynamic-v0": {"slots": 3}}  # that make episodes short


@pytest.mark.parametrize("env_id", ENVS)
def test_every_environment_has_a_benchmark_or_one_line_that_says_why_not(env_id):
    row = next(row for row in list_envs() if row.id == env_id)
    if list_agents(env_id) and (row.benchmark == "front" or row.kind == "gymnasium"):
        assert kind_name(env_id) == row.benchmark
    else:
        with pytest.raises(InputError, match=f"{env_id}: semverse benchmark does not support it"):
            kind_name(env_id)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_benchmark_that_ships_is_of_its_environments_kind(name):
    config = load_benchmark(shipped("benchmark", name), {})
    assert type(config) is {"front": FrontConfig, "episode": EpisodeConfig}[kind_name(config.env)]
    assert type(load_benchmark(None, {"env": config.env})) is type(config)
    assert load_yaml(default_file(config.env))["env"] == config.env


@pytest.mark.parametrize("name", [n for n in SHIPPED if "episodes" in load_yaml(shipped("benchmark", n))])
def test_every_agent_of_a_shipped_benchmark_of_episodes_can_be_made(name, tmp_path):
    config = load_benchmark(shipped("benchmark", name), {})
    check(config, Store(tmp_path / "new"))


@pytest.mark.parametrize(
    ("env_id", "text"),
    [
        ("semverse/MO-ISGC-v0", "its reward is a vector; use semverse/ISGC-v0"),
        ("semverse/isgc_parallel_v0", "several agents act in it"),
        ("CartPole-v1", "no agent is registered for it"),
        ("semverse/None-v0", "no agent is registered for it"),
        ("semverse/ISGCQoE-v0", "no benchmark ships for it; give a --config"),
    ],
)
def test_what_cannot_be_compared_is_one_line(env_id, text, invoke, tmp_path):
    out = tmp_path / "out"
    code, printed, error = invoke("benchmark", "--env", env_id, "--out", out)
    assert (code, printed) == (2, "")
    assert error.count("\n") == 1
    assert f"{env_id}: " in error
    assert text in error
    assert not out.exists()


class Anything:
    """Acts at random."""

    def __init__(self, seed):
        self.seed = seed

    def begin(self, env):
        self.space = env.action_space
        self.space.seed(self.seed)

    def act(self, observation, *, deterministic=True):
        return self.space.sample()


@pytest.mark.parametrize("env_id", BOUNDED)
def test_nothing_returns_more_than_the_bound(env_id):
    settings, bound = SETTINGS.get(env_id, {}), bound_of(env_id)
    env = make_env(env_id, telling_settings(env_id, settings))
    played = [play_episode(Anything(seed), env, seed) for seed in range(4)]
    bounds = episode_bounds(env_id, settings, range(4))
    if bound.info is not None:
        assert bounds is None
        bounds = np.array([episode.sums[bound.info] for episode in played])
    returns = np.array([episode.total for episode in played])
    assert (returns <= bounds + 1e-6 * np.abs(bounds)).all()
    assert (share_of_bound(returns, bounds) <= 1 + 1e-6).all()
    assert len(set(bounds.tolist())) == 4  # each episode has its own


def test_shares_of_earnings_and_of_costs():
    returns = np.array([3.0, -1.0, -8.0, 0.0, 0.0, 4.0])
    bounds = np.array([4.0, 4.0, -6.0, 4.0, 0.0, 4.0])
    expected = [0.75, -0.25, 0.75, 0.0, np.nan, 1.0]
    np.testing.assert_array_equal(share_of_bound(returns, bounds), expected)
