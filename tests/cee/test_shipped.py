"""The weights that ship are described and better than the best rule without foresight, on other episodes."""

import json

import pytest

from semverse.agents.common.checkpoint import find_checkpoints, load_checkpoint
from semverse.agents.registry import make_agent
from semverse.agents.training.evaluation import evaluate_agent

ENV = "semverse/CEE-v0"
EPISODES, SEED = 4, 77


@pytest.fixture(scope="module")
def myopic():
    return evaluate_agent(make_agent("cee_myopic", ENV), ENV, {}, EPISODES, SEED)


@pytest.mark.parametrize("name", ["cee_fitted_value", "cee_ppo"])
def test_shipped_weights_beat_the_myopic_rule(name, myopic):
    for folder in find_checkpoints(name):
        assert sum(path.stat().st_size for path in folder.iterdir()) < 1_000_000
        card = json.loads((folder / "card.json").read_text())
        assert card["command"].startswith(f"semverse train --config configs/training/{name}.yaml")
    found = evaluate_agent(load_checkpoint(find_checkpoints(name)[0]), ENV, {}, EPISODES, SEED)
    assert found.returns.mean() > myopic.returns.mean()
    assert found.scores.max() <= 1 + 1e-9
