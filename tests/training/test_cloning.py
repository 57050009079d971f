"""Behaviour cloning: what an expert shows, what a policy makes of it, who cannot be imitated."""

from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from semverse.agents.common.actions import from_space, to_space
from semverse.agents.common.cloning import CloningConfig, Demonstrations, demonstrate
from semverse.agents.registry import make_agent
from semverse.agents.sb3.ppo import cloning_loss
from semverse.agents.training.session import Session
from semverse.envs.errors import InputError

ENV, TOY = "semverse/VLSCC-v0", {"profile": "toy"}
CLONING: dict[str, Any] = {
    "expert": "causal",
    "samples": 4000,
    "noise": 0.5,
    "temperature": 0.05,
    "updates": 300,
    "batch_size": 256,
    "learning_rate": 5e-3,
}
SPACES = [
    gymnasium.spaces.Discrete(5),
    gymnasium.spaces.MultiDiscrete([3, 5]),
    gymnasium.spaces.Box(np.array([-2.0, 0.0]), np.array([1.0, 9.0]), dtype=np.float64),
]


def config(**changes: Any) -> CloningConfig:
    return CloningConfig(**{**CLONING, **changes})


@pytest.mark.parametrize("space", SPACES, ids=str)
@given(seed=st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_numbers_of_actions_give_the_actions_back(space: Any, seed: int) -> None:
    space.seed(seed)
    actions = np.stack([space.sample() for _ in range(4)])
    numbers = from_space(actions, space)
    assert (np.abs(numbers) <= 1).all()
    np.testing.assert_allclose(to_space(numbers, space), actions, atol=1e-12)


def test_an_expert_shows_its_actions_and_how_likely_others_are() -> None:
    shown = demonstrate(config(samples=300), ENV, TOY, seed=1)
    assert len(shown) == len(shown.action) == 300
    assert shown.likely is not None
    torch.testing.assert_close(shown.likely.sum(1), torch.ones(300))
    chosen = shown.likely.gather(1, shown.action[:, None])[:, 0]
    torch.testing.assert_close(chosen, shown.likely.max(1).values)  # ties: levels beyond what fits
    again = demonstrate(config(samples=300), ENV, TOY, seed=1)
    assert torch.equal(shown.observation, again.observation)
    assert torch.equal(shown.likely, again.likely)
    assert not torch.equal(shown.observation, demonstrate(config(samples=300), ENV, TOY, seed=2).observation)


def test_noise_changes_where_the_expert_gets_not_what_it_says() -> None:
    """The first observations are the same, and so are the answers; later ones differ."""
    calm, wild = (demonstrate(config(samples=1000, noise=noise), ENV, TOY, seed=1) for noise in (0.0, 1.0))
    assert torch.equal(calm.observation[:128], wild.observation[:128])
    assert torch.equal(calm.action[:128], wild.action[:128])
    assert not torch.equal(calm.observation, wild.observation)


def test_soft_loss_by_hand() -> None:
    """A policy that takes both of two actions alike: log 2, whatever the expert does."""
    agent: Any = make_agent("ppo", "semverse/VLSCC-v0", env_settings=TOY, features="raw")
    with torch.no_grad():
        agent.policy.action_net.weight.zero_()
        agent.policy.action_net.bias.zero_()
    size = agent.observation_size
    likely = torch.tensor([[0.7, 0.3, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    action = torch.tensor([0, 3])
    for soft in (likely, None):
        loss = cloning_loss(agent.policy, Demonstrations(torch.zeros(2, size), action, soft))
        assert loss.item() == pytest.approx(np.log(4.0))


SMALL = {"features": "raw", "hidden": [32], "gamma": 0.9}
LEARNERS = {
    "ppo": {**SMALL, "learning_rate": 1e-9, "final_learning_rate": 1e-9, "rollout_steps": 1},
    "maskable_ppo": {**SMALL, "learning_rate": 1e-9, "final_learning_rate": 1e-9, "rollout_steps": 1},
    "diffusion": {**SMALL, "critic_hidden": [8], "warmup_steps": 0, "actor_learning_rate": 1e-9},
}


@pytest.mark.parametrize("name", LEARNERS)
def test_policies_imitate(name: str) -> None:
    """With hardly any learning from rewards, what is left is what was imitated: close to the expert."""
    agent: Any = make_agent(name, ENV, env_settings=TOY, **LEARNERS[name], cloning=CLONING)
    agent.train(Session(total_steps=8, num_envs=8, seed=0, checkpoint_every=8))
    expert: Any = make_agent("causal", ENV, env_settings=TOY)
    ours, theirs, fixed = (
        one.evaluate(ENV, TOY, 40, 9).returns.mean() if one is agent else _returns(one)
        for one in (agent, expert, make_agent("fixed", ENV, env_settings=TOY))
    )
    assert ours - fixed > 0.7 * (theirs - fixed)


def test_features_are_standardised_by_what_the_expert_sees() -> None:
    """Random actions leave the share of the budget where it began; the expert's do not."""
    agent: Any = make_agent("ppo", ENV, env_settings=TOY, **LEARNERS["ppo"], cloning=CLONING)
    agent.train(Session(total_steps=8, num_envs=8, seed=0, checkpoint_every=8))
    shown = demonstrate(config(), ENV, TOY, seed=0).observation
    standardise = agent.policy.features_extractor.standardise
    torch.testing.assert_close(standardise.mean, shown.mean(0))
    torch.testing.assert_close(standardise.deviation, shown.std(0).clamp(min=1e-3))


def _returns(agent: Any) -> float:
    from semverse.agents.training.evaluation import evaluate_agent

    return float(evaluate_agent(agent, ENV, TOY, 40, 9).returns.mean())


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"expert": "entropy"}, "cloning.temperature"),
        ({"expert": "diffusion"}, "cloning.expert"),
        ({"expert": "nobody"}, "agent"),
        ({"expert": "equal"}, "equal"),
    ],
)
def test_who_cannot_be_imitated(changes: dict[str, Any], key: str) -> None:
    agent: Any = make_agent("ppo", ENV, env_settings=TOY, features="raw", cloning={**CLONING, **changes})
    with pytest.raises(InputError) as caught:
        agent.check_training()
    assert caught.value.key == key


def test_maps_have_no_soft_experts() -> None:
    agent: Any = make_agent(
        "ppo", "semverse/VLSCCMap-v0", env_settings={"profile": "toy_map"}, features="raw", cloning=CLONING
    )
    with pytest.raises(InputError, match="discrete"):
        agent.check_training()
