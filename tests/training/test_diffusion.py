"""The diffusion policy: noise schedules by hand, the chain, gradients, what it can learn."""

import numpy as np
import pytest
import torch

from semverse.agents.common.buffer import ReplayBuffer, Transitions
from semverse.agents.diffusion.loss import critic_loss, guidance_loss
from semverse.agents.diffusion.networks import DenoisingActor, DoubleCritic
from semverse.agents.diffusion.schedule import betas, coefficients


def actor(**changes) -> DenoisingActor:
    torch.manual_seed(0)
    settings = {"hidden": (32,), "steps": 5, "schedule": "vp", "parametrisation": "x0"}
    return DenoisingActor(2, 1, "raw", **{**settings, **changes})


@pytest.mark.parametrize("name", ["vp", "linear", "cosine"])
@pytest.mark.parametrize("steps", [2, 5, 50])
def test_schedules_are_variances_that_rise(name: str, steps: int) -> None:
    beta = betas(name, steps)
    assert beta.shape == (steps,)
    assert ((beta > 0) & (beta < 1)).all()
    assert (np.diff(beta) >= 0).all()


def test_vp_schedule_by_hand() -> None:
    """T = 2: 1 - exp(-0.1/2 - 0.5 * 9.9 * 1/4) and 1 - exp(-0.1/2 - 0.5 * 9.9 * 3/4)."""
    np.testing.assert_allclose(betas("vp", 2), [1 - np.exp(-1.2875), 1 - np.exp(-3.7625)])


@pytest.mark.parametrize("name", ["vp", "linear", "cosine"])
def test_posterior_agrees_with_bayes(name: str) -> None:
    """One step back from x_t and x_0, by the product of the two Gaussians."""
    beta, c = betas(name, 4), coefficients(name, 4)
    for t in range(1, 4):
        forward, prior = beta[t], c.noise[t - 1] ** 2  # variances of x_t given x_(t-1), of x_(t-1) given x_0
        variance = 1 / ((1 - beta[t]) / forward + 1 / prior)
        x0, xt = 0.3, -0.8
        mean = variance * (np.sqrt(1 - beta[t]) * xt / forward + c.signal[t - 1] * x0 / prior)
        assert c.posterior_std[t] ** 2 == pytest.approx(variance)
        assert c.posterior_x0[t] * x0 + c.posterior_xt[t] * xt == pytest.approx(mean)
    assert c.posterior_std[0] == 0.0
    assert c.posterior_x0[0] == pytest.approx(1.0)


@pytest.mark.parametrize("parametrisation", ["x0", "eps"])
def test_actions_lie_in_the_box_and_gradients_reach_the_network(parametrisation: str) -> None:
    policy = actor(parametrisation=parametrisation)
    action = policy(torch.zeros(64, 2))
    assert action.shape == (64, 1)
    assert (action.abs() <= 1).all()
    action.sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in policy.parameters())
    still = policy(torch.zeros(3, 2), deterministic=True)
    assert torch.equal(still, policy(torch.zeros(3, 2), deterministic=True))


def test_cloning_learns_two_modes() -> None:
    """Actions are -0.7 or 0.7 at random: a denoising policy samples both, and hardly anything between."""
    policy = actor(steps=20, hidden=(64, 64))
    optimiser = torch.optim.Adam(policy.parameters(), lr=3e-3)
    for _ in range(800):
        action = 0.7 * torch.sign(torch.randn(256, 1))
        loss = policy.cloning_loss(torch.zeros(256, 2), action)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        drawn = policy(torch.zeros(2000, 2)).squeeze(-1)
    assert 0.35 < float((drawn > 0).float().mean()) < 0.65
    # a Gaussian of the same mean and variance would have 57 %
    assert float((drawn.abs() > 0.4).float().mean()) > 0.75


def test_guidance_climbs_the_critic() -> None:
    """With a critic -(a - 0.4)^2 the guided policy moves to 0.4."""

    class Known(DoubleCritic):
        def forward(
            self, observation: torch.Tensor, action: torch.Tensor
        ) -> tuple[torch.Tensor, torch.Tensor]:
            value = -((action.squeeze(-1) - 0.4) ** 2)
            return value, value

    policy, critic = actor(), Known(2, 1, "raw", (4,))
    optimiser = torch.optim.Adam(policy.parameters(), lr=3e-3)
    for _ in range(300):
        loss = guidance_loss(policy, critic, torch.randn(64, 2))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        found = policy(torch.randn(64, 2), deterministic=True)
    assert float((found - 0.4).abs().max()) < 0.1


def test_critic_target_by_hand() -> None:
    """Critics that are 0 everywhere: the loss is twice the mean square of the targets."""
    critic = DoubleCritic(2, 1, "raw", (4,))
    target = DoubleCritic(2, 1, "raw", (4,))
    with torch.no_grad():
        for part, bias in (
            (critic.first, 0.0),
            (critic.second, 0.0),
            (target.first, 2.0),
            (target.second, 1.0),
        ):
            part[-1].weight.zero_()
            part[-1].bias.fill_(bias)
    batch = Transitions(
        observation=torch.zeros(2, 2),
        action=torch.zeros(2, 1),
        reward=torch.tensor([1.0, 1.0]),
        next_observation=torch.zeros(2, 2),
        goes_on=torch.tensor([1.0, 0.0]),
    )
    assert critic_loss(critic, target, actor(), batch, gamma=0.0).item() == pytest.approx(2.0)
    # the smaller target critic says 1: targets 1 + 0.5 * 1 and, where the episode ended, 1
    assert critic_loss(critic, target, actor(), batch, gamma=0.5).item() == pytest.approx(2.25 + 1.0)


def test_buffer_keeps_the_newest() -> None:
    buffer = ReplayBuffer(3, 1, 1)
    for start in (0, 2):
        rows = np.arange(start, start + 2, dtype=np.float32)
        column = rows[:, None]
        buffer.add(
            observation=column, action=column, reward=rows, next_observation=column, goes_on=np.ones(2)
        )
    assert len(buffer) == 3
    drawn = buffer.sample(200)
    assert set(drawn.reward.tolist()) == {1.0, 2.0, 3.0}
    assert torch.equal(drawn.observation.squeeze(-1), drawn.reward)
    other = ReplayBuffer(3, 1, 1)
    other.restore(buffer.state())
    torch.manual_seed(5)
    first = buffer.sample(10).reward
    torch.manual_seed(5)
    assert torch.equal(first, other.sample(10).reward)
