"""Who holds which classes, and what follows from it for every round of a training."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from semverse.envs.fedsem.types import CLASSES, Float32, IntArray


@dataclass(frozen=True, eq=False)
class Holdings:
    """The classes of the clients of N trainings."""

    shares: Float32  # [N, K, 10] of the classes in each client's pictures; majorities rise along K
    groups: IntArray  # [N, K] class that most of a client's pictures show
    first: IntArray  # [N, K] first client of the same class
    member: Float32  # [N, K, 10] 1 where a client is of a class
    size: Float32  # [N, 10] clients of each class
    entropy: Float32  # [N, 10] of the shares, bit, mean over the clients of a class

    @staticmethod
    def of(shares: Float32) -> Holdings:
        """Work out what follows from class shares [N, K, 10]."""
        groups = shares.argmax(axis=-1)
        member = (groups[..., None] == np.arange(CLASSES)).astype(np.float32)
        size, plogp = member.sum(axis=1), shares * np.log2(np.maximum(shares, np.float32(1e-9)))
        before = (np.cumsum(size, axis=1) - size).astype(np.int64)
        first = np.take_along_axis(before, groups, axis=1)
        entropy = by_class(-plogp.sum(axis=-1)[:, None], member, size)[:, 0]
        return Holdings(shares, groups, first, member, size, entropy)

    @staticmethod
    def none(num: int, clients: int) -> Holdings:
        """Return those of N trainings that were not begun."""
        return Holdings.of(np.zeros((num, clients, CLASSES), dtype=np.float32))

    def taken(self, rows: IntArray) -> Holdings:
        """Return those of some rows, which may be repeated."""
        return Holdings(*(getattr(self, field.name)[rows] for field in fields(self)))

    def replaced(self, rows: IntArray, new: Holdings) -> Holdings:
        """Return those with some rows, rising, replaced; what was handed out before stays what it was."""
        if len(rows) == len(self.size):
            return new
        found = [getattr(self, field.name).copy() for field in fields(self)]
        for part, field in zip(found, fields(self), strict=True):
            part[rows] = getattr(new, field.name)
        return Holdings(*found)


def by_class(values: Float32, member: Float32, size: Float32) -> Float32:
    """Return means over the clients of each class [n, V, 10] of values [n, V, K]; 0 without clients."""
    means: Float32 = np.matmul(values, member) / np.maximum(size[:, None], np.float32(1))
    return means
