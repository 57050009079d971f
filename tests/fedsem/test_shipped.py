"""What ships: a policy that was trained in the stand-in, and the training that made it."""

import json

import pytest

from semverse.agents.common.checkpoint import find_checkpoints, load_checkpoint
from semverse.agents.registry import make_agent
from semverse.agents.training.config import load_training
from semverse.agents.training.evaluation import evaluate_agent
from semverse.envs.config import shipped

FAST = "semverse/FedSemFast-v0"


@pytest.mark.parametrize("folder", find_checkpoints("fedsem_ppo"), ids=lambda path: path.name)
def test_the_policy_beats_the_schedule_where_it_was_trained(folder):
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1_000_000
    card = json.loads((folder / "card.json").read_text())
    assert card["command"].startswith("semverse train --config configs/training/fedsem_ppo.yaml")
    policy, flat = load_checkpoint(folder), make_agent("flat_schedule", FAST)
    for epsilon in (4.0, 8.0):
        settings = {"epsilon": epsilon}
        ours, theirs = (evaluate_agent(agent, FAST, settings, 40, 77).returns for agent in (policy, flat))
        assert ours.mean() > theirs.mean()


def test_the_training_can_be_read():
    config = load_training(shipped("training", "fedsem_ppo.yaml"))
    assert config.env.id == FAST
