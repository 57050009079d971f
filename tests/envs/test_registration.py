"""One table, three libraries, and nothing heavy imported."""

import subprocess
import sys

import gymnasium
import mo_gymnasium
import numpy as np
import pytest

from semverse.envs import list_envs, register_all

GYM_ROWS = [row for row in list_envs() if row.kind != "pettingzoo"]

IMPORT = """
import sys
import semverse.envs
heavy = {"torch", "ortools", "pymoo", "matplotlib", "mo_gymnasium", "stable_baselines3", "pygame", "scipy"}
print('-', sorted(heavy & set(sys.modules)))
"""


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split(maxsplit=1)


def test_import_is_light():
    assert run(IMPORT)[1].strip() == "[]"


def test_environments_import_nothing_heavy_either():
    code = "import gymnasium, semverse.envs, sys; env = gymnasium.make('semverse/SCC-v0'); env.reset(seed=0);"
    code += "env.step(0); import semverse.envs.scc.parallel_env, semverse.envs.scc.dynamic_env;"
    code += "print('-', sorted({'torch', 'ortools', 'pymoo', 'matplotlib', 'pygame'} & set(sys.modules)))"
    assert run(code)[1].strip() == "[]"


def test_registering_again_changes_nothing():
    before = dict(gymnasium.registry)
    register_all()
    assert dict(gymnasium.registry) == before


@pytest.mark.parametrize("row", GYM_ROWS, ids=lambda row: row.id)
def test_gymnasium_makes_every_row(row):
    gymnasium.make(row.id).reset(seed=1)
    assert gymnasium.make(f"semverse.envs:{row.id}").spec.id == row.id


@pytest.mark.parametrize("row", [r for r in GYM_ROWS if ".scc." in r.entry_point], ids=lambda row: row.id)
def test_options_of_placement_environments(row):
    env = gymnasium.make(row.id, region="virginia", users=12, spaces=4, mecs=5)
    env.reset(seed=1)
    assert env.unwrapped.instance.name == "virginia"
    assert env.unwrapped.instance.num_mecs == 5


@pytest.mark.parametrize("row", [r for r in GYM_ROWS if r.kind == "mo-gymnasium"], ids=lambda row: row.id)
def test_mo_gymnasium_makes_vector_rewards(row):
    env = mo_gymnasium.make(row.id)
    env.reset(seed=1)
    _, reward, _, _, info = env.step(env.action_space.sample())
    assert reward.dtype == np.float32
    assert reward in env.unwrapped.reward_space
    assert np.array_equal(reward, info["vector_reward"])


def test_pettingzoo_registry_knows_both_apis():
    from pettingzoo.env_registry import registration

    assert registration.make("parallel", "semverse/scc_v0", users=10, mecs=4).possible_agents[-1] == "mec_3"
    assert registration.make("aec", "semverse/scc_v0", users=10, mecs=4).possible_agents[-1] == "mec_3"


def test_every_agent_names_known_environments():
    from semverse.agents.registry import list_agents

    known = {row.id for row in list_envs()}
    for spec in list_agents():
        assert set(spec.supports) <= known
