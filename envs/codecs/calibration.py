"""Monte Carlo of the coded link: the points behind the block error rates of `semverse.envs.channels`.

Every scheme is measured on its own, with a generator of its own: its points do not depend on which schemes
were measured before, so that a run that was stopped goes on to the same result.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import numpy as np

from semverse.envs.channels.bler_points import ITERATIONS, Measured, Scheme, fit_points, open_points
from semverse.envs.channels.waterfall_fit import Waterfall
from semverse.envs.codecs.link import CodedLink

GRID_DB = 0.05  # Es/N0 is rounded to it, so that later batches add to earlier ones
ACCURACY_DB = {0.1: 0.015, 0.01: 0.025}  # standard error to reach, by block error rate
LEVELS = (0.4, 0.1, 0.1, 0.02, 0.02, 0.02)  # block error rates aimed at, in turn
BITS_A_BATCH = 2**17
BATCH = (32, 512)  # blocks, at least and at most
LEAST_LOST, MOST_SENT = 100, 60_000  # blocks a scheme


def measure(scheme: Scheme, seed: int) -> Measured:
    """Send random blocks around the waterfall until `ACCURACY_DB` is reached.

    Raises:
        InputError: no such scheme.
    """
    link = CodedLink(scheme.modulation, scheme.code_rate, scheme.k, ITERATIONS)
    rng = np.random.default_rng([seed, *scheme.key.encode()])
    blocks = int(np.clip(BITS_A_BATCH // scheme.k, *BATCH))
    counts: dict[float, tuple[int, int]] = {}
    for level in cycle(LEVELS):
        points = tuple((at, *count) for at, count in sorted(counts.items()))
        fit = fit_points(scheme, points)
        sent, lost = (sum(count[i] for count in counts.values()) for i in (0, 1))
        if (accurate(fit) and lost >= LEAST_LOST) or sent >= MOST_SENT:
            return Measured.of(scheme, points)
        esno_db = round(round(fit.esno_db(level) / GRID_DB) * GRID_DB, 2)
        bits = rng.integers(0, 2, (blocks, scheme.k), dtype=np.uint8)
        sent, lost = counts.get(esno_db, (0, 0))
        errors = link.transmit(bits, esno_db, rng=rng).errors
        counts[esno_db] = (sent + blocks, lost + int(errors.sum()))
    raise AssertionError("a cycle has no end")


def accurate(fit: Waterfall) -> bool:
    """Tell whether the standard errors are as small as `ACCURACY_DB`."""
    return all(fit.standard_error_db(rate) <= error for rate, error in ACCURACY_DB.items())


def fill(path: Path, schemes: Sequence[Scheme], seed: int) -> Iterator[Measured]:
    """Measure schemes and add them to a file; every one is written as soon as it is done.

    Yields:
        What was measured, in the order of the schemes.

    Raises:
        InputError: the file holds something else, was made with other settings, or cannot be written.
    """
    file = open_points(path, seed)
    for scheme in schemes:
        measured = measure(scheme, seed)
        file = replace(file, measured=(*file.measured, measured))
        file.save(path)
        yield measured
