"""MO-CMPO (paper 003, section III) and MO-DIFUSCO as agents that solve and act."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from semverse.agents.cmpo.config import CMPOConfig
from semverse.agents.cmpo.learner import Learner, load_examples
from semverse.agents.cmpo.network import GridNet
from semverse.agents.cmpo.solving import solve
from semverse.agents.cmpo.validation import Validation
from semverse.agents.common.checkpoint import find_checkpoints
from semverse.agents.common.learned import LearnedAgent
from semverse.agents.planner import PlannerAgent
from semverse.agents.training.evaluation import Evaluation
from semverse.agents.training.session import Session
from semverse.envs.errors import InputError
from semverse.envs.random_state import seed_everything
from semverse.envs.scc.types import Instance
from semverse.solvers.base import Budget, Front
from semverse.solvers.helpers import start_helpers


class CMPOAgent(LearnedAgent):
    """A network that denoises placements, for any preference; see `LearnedAgent` for the arguments.

    As a solver it gives one placement a preference, and every other one it met that is not dominated. In an
    environment it plans whenever the instance changes, like every solver.
    """

    name = "mo_cmpo"
    Config: ClassVar[Any] = CMPOConfig

    def __init__(self, config: CMPOConfig, env_id: str, env_settings: Mapping[str, Any]) -> None:
        super().__init__(config, env_id, env_settings)
        check_device(config.device)
        self.net = self._make_net()
        self._planner = PlannerAgent(self)
        self._validation: Validation | None = None
        self._helpers = start_helpers(config.processes - 1) if config.polish else []
        if config.checkpoint is not None:
            self.load(find_checkpoints(config.checkpoint)[0])

    def _make_net(self) -> nn.Module:
        c = self.config.network
        if c.kind == "hetero":
            from semverse.agents.cmpo.hetero import HeteroNet  # needs torch-geometric

            return HeteroNet(c.grid, c.layers, c.conditioned).to(self.config.device)
        return GridNet(c.grid, c.cell, c.layers, c.conditioned).to(self.config.device)

    def solve(
        self, instance: Instance, *, preferences: npt.ArrayLike, budget: Budget, rng: np.random.Generator
    ) -> Front:
        """Return a front for a whole instance; see `semverse.solvers.base.Solver.solve`.

        Raises:
            InputError: the budget counts processor time, but other processes share in the descents.
        """
        if self._helpers and budget.processor:
            raise InputError(
                f"is {self.config.processes}, but the budget counts processor time",
                key="processes",
                remedy="set it to 1, or count wall-clock time",
            )
        wanted = np.asarray(preferences, dtype=np.float64)
        return solve(self.net, self.config, instance, wanted, budget.start(), rng, self._helpers)

    @property
    def budget(self) -> Budget:
        """What one plan may cost where the agent acts in an environment."""
        return self._planner.budget

    @budget.setter
    def budget(self, budget: Budget) -> None:
        self._planner.budget = budget

    def begin(self, env: Any) -> None:
        """Attach to the environment, single, that was just reset."""
        super().begin(env)
        self._planner.begin(env)

    def act(self, observation: Any, *, deterministic: bool = True) -> Any:
        """Return the next action of the plan; plan first if the instance is new."""
        return self._planner.act(observation, deterministic=deterministic)

    def check_training(self) -> None:
        """Raise `InputError` if a label set is missing or cannot be read."""
        load_examples(self.config.supervised.labels, "labels", "cpu")
        self._validation = Validation(self.config.supervised.validation)

    def train(self, session: Session) -> None:
        """Train for one session, from the weights of `checkpoint` if one is set; a step is an update."""
        seed_everything(session.seed)
        net = self._make_net()
        if self.config.checkpoint is None:
            self.net = self._make_net()
            self.net.load_state_dict(net.state_dict())
        else:
            net.load_state_dict(self.net.state_dict())
        Learner(self.config, net, self.net, session).learn()

    def save(self, folder: str | Path, card: Mapping[str, Any] | None = None) -> None:
        """Write a checkpoint; where its first weights came from is not needed to load it."""
        self.config = self.config.model_copy(update={"checkpoint": None})
        super().save(folder, card)

    def modules(self) -> nn.Module:
        """Return the network."""
        return self.net

    def evaluate(self, env_id: str, settings: Mapping[str, Any], episodes: int, seed: int) -> Evaluation:
        """Score fronts of held-out instances against labels, in hypervolume (see `Validation`)."""
        del env_id, settings
        if self._validation is None:
            self._validation = Validation(self.config.supervised.validation)
        return self._validation.score(self, episodes, seed)

    def figures(self) -> dict[str, Any]:
        """Return the fronts of the last evaluation beside those of the labels."""
        return {} if self._validation is None else self._validation.figures()


def check_device(name: str) -> None:
    """Raise `InputError` if torch has no such device here."""
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:  # torch asserts that it was built for the device
        raise InputError(f"{name!r:.60} is not available here", key="device", remedy="use cpu") from error


class DifuscoAgent(CMPOAgent):
    """MO-DIFUSCO (paper 003, section IV-C): the same network, trained and sampled as a plain diffusion."""

    name = "difusco"
