"""What starting worker processes needs, whatever they work on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

# read by the linear-algebra libraries when they are loaded
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
)


@contextmanager
def child_environment(values: dict[str, str]) -> Iterator[None]:
    """Set environment variables for processes started meanwhile; put the old ones back afterwards."""
    before = {key: os.environ.get(key) for key in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                del os.environ[key]
            else:
                os.environ[key] = value
