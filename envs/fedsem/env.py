"""Federated distillation for one training: real, with scalar and with vector reward."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from semverse.envs.fedsem.core import Step, Trainings
from semverse.envs.fedsem.learners import Learner, LiveLearner
from semverse.envs.fedsem.options import (
    RENDER_FPS,
    RENDER_MODES,
    action_space,
    check_render_mode,
    make_problem,
    observation_space,
    read_epsilon,
    reward_space,
)
from semverse.envs.fedsem.problem import Problem, check_actions

Observation = npt.NDArray[np.float32]


class FedSemEnv(gymnasium.Env[Any, Any]):
    """Run a federated training round by round (``semverse/FedSem-v0``, paper 004).

    A server and K clients, who hold pictures of mostly one class each, train a classifier by federated
    distillation: chosen clients train, upload the logits of public pictures over a shared uplink, and the
    server learns from their noisy sum. Noise asks for many clients at once; band and energy for few.

    ## Action space
    ``MultiDiscrete([6, 4, 4, 3, 6])``: how many clients at most (0: the round is left out); whom:
    any, the best channels, the classes that took part least, or these by the best channels; public pictures;
    bits of a logit; privacy: so many rounds like this one would spend a client's whole budget (noise
    multiplier 1 / mu with mu^2 = budget / payment). `unwrapped.problem.table` names the options. Who cannot
    pay, is out of reach or would end after the deadline is left out, and below a quorum of 20 nothing is
    uploaded: neither budget nor deadline can be overdrawn, whatever is decided.

    ## Observation space
    ``Box(54)``. For each of ten classes: the server's accuracy on test pictures; how often its clients took
    part (a client and round); what is left of their privacy budget (share of mu^2); their spectral
    efficiency in bit/s/Hz; the entropy of their labels in bits. Then shares of rounds and of time left, log2
    of the privacy budget epsilon, share of the clients that took part last. Classes, coverage and channels
    are public; the accuracies are of a model that privacy covers.

    ## Reward
    Mean accuracy gained, minus the price of time (0.005 a second) and of energy (0.0005 a joule).

    ## Info
    participants, upload_mbit, seconds, energy_j, vector_reward (float32 [4]: accuracy gained, minus Mbit,
    minus epsilon spent, minus seconds), and as ``reset``: accuracy, epsilon (largest loss of a client so
    far), seconds_left.

    ## Episodes
    Terminated after 12 rounds. Every episode shares out the pictures anew, draws initial weights, mean
    channels and fading. ``reset(options={"epsilon": 4.0})`` sets the privacy budget.

    Args:
        profile: "default", "toy" or the path of a YAML file.
        render_mode: "rgb_array" or None.
        **overrides: keys of the profile, e.g. ``epsilon=4.0`` or ``model="cnn"``.

    Raises:
        InputError: a wrong value.

    ## Version history
    v0: first.
    """

    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES), "render_fps": RENDER_FPS}  # noqa: RUF012

    def __init__(
        self, profile: str | Path = "default", *, render_mode: str | None = None, **overrides: Any
    ) -> None:
        self.render_mode = check_render_mode(render_mode)
        self.problem = make_problem(profile, overrides)
        self.observation_space = observation_space(self.problem)
        self.action_space = action_space(self.problem)
        self.trainings = Trainings(1, self.problem, self._learner(self.problem))
        self._started = False
        self._last: Step | None = None

    def _learner(self, problem: Problem) -> Learner:
        return LiveLearner(1, problem)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode; ``options={"epsilon": 4.0}`` sets its privacy budget.

        Raises:
            InputError: an unknown option, or a budget outside of the profile's range.
        """
        epsilon = read_epsilon(options, self.problem)
        super().reset(seed=seed)
        self.trainings.begin([self.np_random], np.zeros(1, dtype=np.int64), epsilon)
        self._started, self._last = True, None
        return self.trainings.observe()[0], _first(self.trainings.start_infos())

    def step(self, action: Any) -> tuple[Observation, Any, bool, bool, dict[str, Any]]:
        """Train a round.

        Raises:
            InputError: no action.
            gymnasium.error.ResetNeeded: the episode is over.
        """
        if self.trainings.time[0] >= self.problem.config.rounds:
            raise gymnasium.error.ResetNeeded("the episode is over; call reset()")
        actions = check_actions([action], 1, self.problem)
        self._last = self.trainings.play(actions, [self.np_random])
        over = bool(self.trainings.time[0] >= self.problem.config.rounds)
        info = _first(self.trainings.infos(self._last))
        return self.trainings.observe()[0], self._reward(self._last), over, False, info

    def _reward(self, step: Step) -> Any:
        return float(step.reward[0])

    def render(self) -> npt.NDArray[np.uint8] | None:
        """Return a picture of accuracies, budgets and the last round, or None without a render mode."""
        if self.render_mode != "rgb_array" or not self._started:
            return None
        from semverse.envs.fedsem.render import draw_training

        return draw_training(self.trainings, self._last)


def _first(infos: dict[str, Any]) -> dict[str, Any]:
    """Return the info of the first row."""
    return {key: value[0].copy() if value.ndim > 1 else value[0].item() for key, value in infos.items()}


class MOFedSemEnv(FedSemEnv):
    """FedSem-v0 with the vector reward (``semverse/MO-FedSem-v0``).

    The reward is float32 [4]: accuracy gained, minus Mbit uploaded, minus epsilon by which the largest
    privacy loss rose, minus seconds; summed over an episode they are what it achieved and used.

    Args:
        profile: as for `FedSemEnv`.
        **options: as for `FedSemEnv`.
    """

    def __init__(self, profile: str | Path = "default", **options: Any) -> None:
        super().__init__(profile, **options)
        self.reward_space = reward_space(self.problem)

    def _reward(self, step: Step) -> Any:
        return step.vector()[0]
