"""Learned agents on every environment the registry says they support."""

import numpy as np
import pytest

from semverse.agents.registry import list_agents, make_agent
from semverse.agents.training.evaluation import evaluate_agent
from semverse.agents.training.session import Session

TINY = {
    "ppo": {"hidden": [8], "rollout_steps": 4},
    "sac": {"hidden": [8], "learning_starts": 4},
    "diffusion": {"hidden": [8], "critic_hidden": [8], "warmup_steps": 4, "critic_warmup_updates": 1},
}
SETTINGS = {
    "semverse/ISGCDynamic-v0": {"slots": 5},
    "semverse/FedSem-v0": {"profile": "toy"},  # really trains: the default takes minutes
    "semverse/VLSCC-v0": {"profile": "toy", "frames": 4},
    "semverse/VLSCCMap-v0": {"profile": "toy_map", "frames": 4},
}
PAIRS = [(s.name, env) for s in list_agents() if s.name in TINY for env in s.supports]


@pytest.mark.parametrize(("name", "env_id"), PAIRS)
def test_agents_train_and_score_where_they_say(name: str, env_id: str) -> None:
    settings = SETTINGS.get(env_id, {})
    features = {} if "ISGC" in env_id else {"features": "raw"}
    agent = make_agent(name, env_id, env_settings=settings, **TINY[name], **features)
    agent.train(Session(total_steps=16, num_envs=4, seed=0, checkpoint_every=16))
    found = evaluate_agent(agent, env_id, settings, episodes=4, seed=1)
    assert np.isfinite(found.scores).all()
    if found.bounds is not None:
        assert (found.scores > 0).all()
        assert (found.scores <= 1 + 1e-6).all()
