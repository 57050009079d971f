"""What ships: a policy that was trained in the stand-in, and the training that made it."""

import json

import pytest

from semverse.agents.common.checkpoint import find_checkpoints, load_checkpoint
from semverse.agents.registry import make_agent
from semverse.agents.training.config import load_training
from semverse.agents.training.evaluation import evaluate_agent
from semverse.envs.config import shipped

FAST = "semverse/FedSemFast-v0"


NAMES = ("fedsem_ppo", "fedsem_ppo_deadline", "fedsem_diffusion")
FOLDERS = [(name, folder) for name in NAMES for folder in find_checkpoints(name)]


@pytest.mark.parametrize(("name", "folder"), FOLDERS, ids=lambda part: getattr(part, "name", part))
def test_policies_beat_the_flat_schedule_where_they_were_trained(name, folder):
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1_000_000
    card = json.loads((folder / "card.json").read_text())
    assert card["command"].startswith(f"semverse train --config configs/training/{name}.yaml")
    policy, flat = load_checkpoint(folder), make_agent("flat_schedule", FAST)
    deadline = load_training(shipped("training", f"{name}.yaml")).env.settings.get("deadline_s", 9.0)
    for epsilon in (4.0, 8.0):
        settings = {"epsilon": epsilon, "deadline_s": deadline}
        ours, theirs = (evaluate_agent(agent, FAST, settings, 40, 77).returns for agent in (policy, flat))
        assert ours.mean() > theirs.mean()


@pytest.mark.parametrize("name", NAMES)
def test_the_training_can_be_read(name):
    config = load_training(shipped("training", f"{name}.yaml"))
    assert config.env.id == FAST
