"""Federated distillation in which clients decide for themselves (``semverse/fedsem_parallel_v0``).

PettingZoo's parallel API, and AEC through its standard wrapper.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.utils import seeding
from pettingzoo import AECEnv, ParallelEnv
from pettingzoo.utils import parallel_to_aec, wrappers

from semverse.envs.errors import InputError
from semverse.envs.fedsem.accountant import PrivacyFilter
from semverse.envs.fedsem.core import EFFICIENCY_TOP
from semverse.envs.fedsem.generator import draw_episodes
from semverse.envs.fedsem.learners import LiveLearner
from semverse.envs.fedsem.market import Offer, Served, options, own_worth, serve, teach
from semverse.envs.fedsem.options import RENDER_MODES, check_render_mode, make_problem
from semverse.envs.fedsem.problem import release_mu
from semverse.envs.fedsem.types import CLASSES, FloatArray, IntArray

Dicts = tuple[dict[str, Any], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]]
OBSERVED = 2 * CLASSES + 5


class FedSemParallelEnv(ParallelEnv):  # type: ignore[misc]
    """Clients ``client_0`` ... decide each round whether to train, with what privacy and with how many bits.

    Actions: ``Discrete(1 + payments * bits)``: 0 stays away, ``1 + payment * len(bits) + bit`` takes part at
    one of the profile's payments (so many rounds like this spend the client's privacy budget) and numbers of
    bits. The server's noise is the same for all; who pays less counts less and earns less
    (`semverse.envs.fedsem.market`). Clients upload one after the other, the quickest first; who cannot pay,
    is out of reach or would end after the deadline is left out.

    Observations: ``Box(25)``: the server's accuracy and the client's own share of each class, its spectral
    efficiency in bit/s/Hz, its privacy budget left, shares of rounds and time left, share of the clients that
    took part last; `state` joins them all.

    Rewards: everybody gains the accuracy that the server gains, and pays for its own energy and privacy
    (profile's ``market``). ``reward="selfish"``: that, and the bounty times its weight, is a client's own;
    so a client may live on the others' work, and the bounty is what keeps it from that. ``"team"``: the mean
    over all clients without the bounty.

    Infos: participates, weight, epsilon (spent by the client), paid, accuracy, and social_reward (sum over
    the clients without the bounty, which is only passed on).

    The agents are truncated after ``max_cycles`` rounds.

    Args:
        profile: "market", "toy" or the path of a YAML file.
        reward: "team" or "selfish".
        max_cycles: length of an episode; None keeps the profile's rounds.
        render_mode: "rgb_array" or None.
        **overrides: keys of the profile, e.g. ``clients=10`` or ``market={"bounty": 0.0}``.

    Raises:
        InputError: a wrong value.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012
        "name": "fedsem_parallel_v0",
        "render_modes": list(RENDER_MODES),
        "is_parallelizable": True,
    }

    def __init__(
        self,
        profile: str | Path = "market",
        *,
        reward: str = "team",
        max_cycles: int | None = None,
        render_mode: str | None = None,
        **overrides: Any,
    ) -> None:
        if reward not in ("team", "selfish"):
            raise InputError(f"is {reward!r:.60}", key="reward", remedy="choose 'team' or 'selfish'")
        self.render_mode, self.reward = check_render_mode(render_mode), reward
        self.problem = make_problem(profile, {**overrides, "rounds": max_cycles or overrides.get("rounds")})
        if len(self.problem.budgets) > 1:
            remedy = "give one number"
            raise InputError("is a range", key="epsilon", remedy=remedy)
        self.clients = self.problem.config.clients
        self.possible_agents = [f"client_{i}" for i in range(self.clients)]
        self.agents: list[str] = []
        actions = options(self.problem)
        self._action_spaces = {a: gymnasium.spaces.Discrete(actions) for a in self.possible_agents}
        high = np.ones(OBSERVED, dtype=np.float32)
        high[2 * CLASSES] = EFFICIENCY_TOP
        self._observation_spaces = {
            agent: gymnasium.spaces.Box(np.zeros_like(high), high, dtype=np.float32)
            for agent in self.possible_agents
        }
        top = np.tile(high, self.clients)
        self.state_space = gymnasium.spaces.Box(np.zeros_like(top), top, dtype=np.float32)
        self.learner = LiveLearner(1, self.problem)
        self.np_random, self.np_random_seed = seeding.np_random()
        self._start()

    def observation_space(self, agent: str) -> gymnasium.Space[Any]:
        """Return the agent's observation space."""
        return self._observation_spaces[agent]

    def action_space(self, agent: str) -> gymnasium.Space[Any]:
        """Return the agent's action space."""
        return self._action_spaces[agent]

    def _start(self) -> None:
        self.held = self.learner.begin(np.zeros(1, dtype=np.int64), [self.np_random])
        self.episode = draw_episodes([self.np_random], self.problem)
        c = self.problem.config
        self.filter = PrivacyFilter(self.clients, float(self.problem.epsilons[0]), c.delta)
        self.seconds_left, self.cycle, self.last_share = c.deadline_s, 0, 0.0
        self.last: Served | None = None

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """Start an episode; options are ignored, as PettingZoo's tests demand."""
        del options
        if seed is not None:
            self.np_random, self.np_random_seed = seeding.np_random(seed)
        self._start()
        self.agents = self.possible_agents.copy()
        return self._observations(), {agent: {} for agent in self.agents}

    @property
    def accuracy(self) -> float:
        """Mean accuracy of the server over the classes."""
        return float(self.learner.accuracy[0].mean(dtype=np.float64))

    def step(self, actions: dict[str, Any]) -> Dicts:
        """Play a round; a client without an action stays away.

        Raises:
            InputError: an action that does not exist.
            gymnasium.error.ResetNeeded: the episode is over, or none was started.
        """
        if not self.agents:
            raise gymnasium.error.ResetNeeded("the episode is over; call reset()")
        offer = Offer.of(self._read(actions), self.problem)
        before, served = self.accuracy, self._serve(offer)
        if served.chosen.any():
            federation = self.learner.federations[0]
            assert federation is not None  # it was begun
            teach(federation, served, offer, self.problem, self.np_random)
            self.learner.accuracy[0] = federation.accuracy()
            self.seconds_left -= self.problem.config.training_s + float(served.air_s.sum())
        self.last, self.last_share, self.cycle = served, float(served.chosen.mean()), self.cycle + 1
        own = self.accuracy - before + own_worth(served, self.problem)
        paid = self.problem.config.market.bounty * served.weight
        rewards = own + paid if self.reward == "selfish" else np.full(self.clients, own.mean())
        truncated = self.cycle >= self.problem.config.rounds
        results = (
            self._observations(),
            dict(zip(self.agents, rewards.tolist(), strict=True)),
            dict.fromkeys(self.agents, False),
            dict.fromkeys(self.agents, truncated),
            self._infos(served, paid, float(own.sum())),
        )
        if truncated:
            self.agents = []
        return results

    def _read(self, actions: dict[str, Any]) -> IntArray:
        asked = np.asarray([actions.get(agent, 0) for agent in self.agents])
        top = options(self.problem) - 1
        if asked.shape != (self.clients,) or asked.dtype.kind not in "iu" or not (asked >= 0).all():
            raise InputError("is no whole number", key="action", remedy=f"give one from 0 to {top}")
        if (asked > top).any():
            raise InputError("is no option", key="action", remedy=f"give a number from 0 to {top}")
        return asked.astype(np.int64)

    def _serve(self, offer: Offer) -> Served:
        """Admit clients and charge them; nobody overspends, for the filter has the last word."""
        budget = np.full(self.clients, self.problem.budgets[-1])
        mu = release_mu(budget, np.maximum(offer.payment, 1))
        efficiency = self.episode.efficiency[self.cycle, 0]
        served = serve(offer, self.filter.can_pay(mu), efficiency, self.seconds_left, self.problem)
        passed = self.filter.charge(served.chosen, served.mu)
        if (passed != served.chosen).any():
            raise RuntimeError("the privacy filter refuses a client that was chosen")
        return served

    def _infos(self, served: Served, paid: FloatArray, social: float) -> dict[str, dict[str, Any]]:
        common = {"accuracy": self.accuracy, "social_reward": social}
        epsilon = self.problem.spent_epsilon(self.filter.spent)
        return {
            agent: {
                "participates": bool(served.chosen[i]),
                "weight": float(served.weight[i]),
                "epsilon": float(epsilon[i]),
                "paid": float(paid[i]),
                **common,
            }
            for i, agent in enumerate(self.possible_agents)
        }

    def _rows(self) -> npt.NDArray[np.float32]:
        """Return the observations of all clients [K, 25]."""
        c, at = self.problem.config, min(self.cycle, self.problem.config.rounds - 1)
        rows = np.empty((self.clients, OBSERVED), dtype=np.float32)
        rows[:, :CLASSES] = self.learner.accuracy[0]
        rows[:, CLASSES : 2 * CLASSES] = self.held.shares[0]
        rows[:, -5] = np.minimum(self.episode.efficiency[at, 0], EFFICIENCY_TOP)
        rows[:, -4] = 1.0 - self.filter.share_spent()
        rows[:, -3] = 1.0 - self.cycle / c.rounds
        rows[:, -2] = self.seconds_left / c.deadline_s
        rows[:, -1] = self.last_share
        return rows

    def _observations(self) -> dict[str, Any]:
        return dict(zip(self.possible_agents, self._rows(), strict=True)) if self.agents else {}

    def state(self) -> npt.NDArray[np.float32]:
        """Return the observations of all clients [25 K]."""
        return self._rows().ravel()

    def render(self) -> npt.NDArray[np.uint8] | None:
        """Return a picture of budgets and the last round, or None without a render mode."""
        if self.render_mode != "rgb_array":
            return None
        from semverse.envs.fedsem.render import draw_market

        return draw_market(self.learner.accuracy[0], self.filter.share_spent(), self.last)

    def close(self) -> None:
        """Nothing to close."""


def parallel_env(**kwargs: Any) -> FedSemParallelEnv:
    """Make the parallel environment; see `FedSemParallelEnv`."""
    return FedSemParallelEnv(**kwargs)


def raw_env(**kwargs: Any) -> AECEnv:
    """Make the AEC environment without safety wrappers."""
    return parallel_to_aec(parallel_env(**kwargs))


def env(**kwargs: Any) -> AECEnv:
    """Make the AEC environment with PettingZoo's safety wrappers."""
    return wrappers.OrderEnforcingWrapper(wrappers.AssertOutOfBoundsWrapper(raw_env(**kwargs)))
