"""The weights that ship are described and better than the best rule without foresight, on other episodes."""

import json
from functools import lru_cache

import pytest

from semverse.agents.common.checkpoint import find_checkpoints, load_checkpoint
from semverse.agents.registry import make_agent
from semverse.agents.training.evaluation import evaluate_agent

ENV = "semverse/CEE-v0"
EPISODES, SEED = 4, 77


@lru_cache(maxsize=2)
def myopic_mean(links):
    """Return the mean return of the best rule without foresight."""
    settings = {"links": links}
    agent = make_agent("cee_myopic", ENV, env_settings=settings)
    return evaluate_agent(agent, ENV, settings, EPISODES, SEED).returns.mean()


@pytest.mark.parametrize(
    ("name", "links"),
    [("cee_fitted_value", "links"), ("cee_ppo", "links"), ("cee_fitted_value_measured", "measured")],
)
def test_shipped_weights_beat_the_myopic_rule(name, links):
    for folder in find_checkpoints(name):
        assert sum(path.stat().st_size for path in folder.iterdir()) < 1_000_000
        card = json.loads((folder / "card.json").read_text())
        assert card["command"].startswith(f"semverse train --config configs/training/{name}.yaml")
    agent = load_checkpoint(find_checkpoints(name)[0])
    found = evaluate_agent(agent, ENV, {"links": links}, EPISODES, SEED)
    assert found.returns.mean() > myopic_mean(links)
    assert found.scores.max() <= 1 + 1e-9
