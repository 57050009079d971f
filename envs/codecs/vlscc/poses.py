"""A source of human mesh parameters whose complexity differs from sample to sample: a mixture of activities.

Every activity is a normal distribution over the 85 parameters with independent entries, so that density and
entropy are known exactly. Idle people differ by little more than their bodies; acrobats move all joints.
Made up, not measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from semverse.envs.codecs.vlscc.body import JOINTS, SIZE

_STILL = 0.02  # rad: joints that an activity does not move
_LEGS, _SPINE, _NECK = (1, 2, 4, 5, 7, 8), (3, 6, 9), (12, 15)
_ARMS = (13, 14, 16, 17, 18, 19, 20, 21)
_ALL = tuple(range(1, JOINTS))


@dataclass(frozen=True)
class Activity:
    """One component of the mixture."""

    name: str
    probability: float
    root: float  # standard deviation of each entry of the body's rotation [rad]
    moves: tuple[tuple[float, tuple[int, ...]], ...]  # standard deviation [rad] and the joints that have it
    bends: tuple[tuple[float, tuple[int, ...]], ...] = ()  # mean rotation about x [rad] and its joints


ACTIVITIES = (
    Activity("idle", 0.25, 0.03, ()),
    Activity("talk", 0.20, 0.05, ((0.15, _NECK), (0.15, _ARMS)), ((-1.4, (1, 2)), (1.4, (4, 5)))),
    Activity("walk", 0.15, 0.10, ((0.3, _LEGS), (0.2, _ARMS), (0.05, _SPINE))),
    Activity("reach", 0.15, 0.10, ((0.15, _SPINE), (0.2, _NECK), (0.5, _ARMS))),
    Activity("dance", 0.15, 0.40, ((0.4, _LEGS), (0.2, _SPINE), (0.3, _NECK), (0.5, _ARMS))),
    Activity("acrobatics", 0.10, 0.80, ((0.6, _ALL),)),
)
_CAMERA_MEAN, _CAMERA_DEVIATION = (0.9, 0.0, 0.0), (0.1, 0.05, 0.05)  # scale [1/m], shift [image halves]
_GRID = torch.cat([torch.full((SIZE - 10,), 0.05), torch.full((10,), 0.5)])  # widths of `information_bits`


class PoseSource:
    """Draws parameters and knows their density."""

    def __init__(self, activities: tuple[Activity, ...] = ACTIVITIES) -> None:
        self.names = tuple(activity.name for activity in activities)
        self.shares = torch.tensor([activity.probability for activity in activities])  # [A]
        self.means = torch.stack([_mean(activity) for activity in activities])  # [A, 85]
        self.deviations = torch.stack([_deviation(activity) for activity in activities])  # [A, 85]

    def sample(self, count: int, generator: Generator | None = None) -> tuple[Tensor, Tensor]:
        """Return parameters [count, 85] and which activity each is of [count]."""
        activity = torch.multinomial(self.shares, count, replacement=True, generator=generator)
        noise = torch.randn((count, SIZE), generator=generator)
        return self.means[activity] + self.deviations[activity] * noise, activity

    def moments(self) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation [85] over all activities."""
        mean = self.shares @ self.means
        second = self.shares @ (self.means.square() + self.deviations.square())
        return mean, torch.sqrt(second - mean.square())

    def information_bits(self, parameters: Tensor) -> Tensor:
        """Return the information of parameters [B, 85] on a grid, at least 0; [B], bits.

        It is -log2 of their density: an entry of deviation s costs about log2(sqrt(2 pi e s^2 + d^2) / d)
        bits with a grid of width d: 0.05 in camera (1/m, image halves) and pose (rad), 0.5 in shape.
        """
        widened = torch.sqrt(self.deviations.square() + _GRID.square() / (2 * math.pi * math.e))
        scaled = (parameters[:, None] - self.means) / widened
        terms = (torch.log(_GRID / widened) - 0.5 * math.log(2 * math.pi) - 0.5 * scaled.square()).sum(-1)
        return (-torch.logsumexp(terms + self.shares.log(), 1) / math.log(2)).clamp(min=0)

    def posterior(self, parameters: Tensor) -> Tensor:
        """Return the probability of every activity [B, A] given parameters [B, 85]."""
        scaled = (parameters[:, None] - self.means) / self.deviations
        terms = (-0.5 * scaled.square() - self.deviations.log()).sum(-1)
        return torch.softmax(terms + self.shares.log(), 1)


def _mean(activity: Activity) -> Tensor:
    pose = torch.zeros(JOINTS, 3)
    for angle, joints in activity.bends:
        pose[list(joints), 0] = angle
    return torch.cat([torch.tensor(_CAMERA_MEAN), pose.flatten(), torch.zeros(10)])


def _deviation(activity: Activity) -> Tensor:
    pose = torch.full((JOINTS, 3), _STILL)
    pose[0] = activity.root
    for deviation, joints in activity.moves:
        pose[list(joints)] = deviation
    return torch.cat([torch.tensor(_CAMERA_DEVIATION), pose.flatten(), torch.ones(10)])
