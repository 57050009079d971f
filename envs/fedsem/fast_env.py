"""Federated distillation with a stand-in for the training of a round."""

from __future__ import annotations

from semverse.envs.fedsem.env import FedSemEnv
from semverse.envs.fedsem.learners import Learner
from semverse.envs.fedsem.problem import Problem
from semverse.envs.fedsem.surrogate import SurrogateLearner


class FedSemFastEnv(FedSemEnv):
    """`FedSemEnv` without training (``semverse/FedSemFast-v0``): a small network tells the accuracies.

    Actions, observations, rewards and infos are those of `FedSemEnv`, and so is everything that is not
    learnt: selection, privacy, band, time, energy. The accuracies after a round come from a network that was
    fitted to recorded live rounds (`semverse.envs.fedsem.surrogate`); `error` tells how far they are off.
    There is no chance in them: they are what a round comes to on average.

    The profile must be one whose training is the default's (``epsilon``, ``radio``, ``deadline_s`` and prices
    may differ).

    Args:
        profile: "default" or the path of a YAML file.
        render_mode: "rgb_array" or None.
        **overrides: keys of the profile.

    Raises:
        InputError: a wrong value, or one that changes how models learn.

    ## Version history
    v0: first.
    """

    def _learner(self, problem: Problem) -> Learner:
        self.learner = SurrogateLearner(1, problem)
        return self.learner

    @property
    def error(self) -> tuple[float, float]:
        """Median and 90 % quantile of the error of the mean accuracy, on held-out random rounds."""
        median, most = self.learner.surrogate.error.tolist()
        return median, most
