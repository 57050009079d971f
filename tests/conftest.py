"""Fixtures for all tests: random instances, real data, commands without a subprocess."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from semverse.envs.scc.types import Instance, Links, Mecs, Requests, Spaces, Users

# the same examples in every run; HYPOTHESIS_PROFILE=search looks for new ones
settings.register_profile("fixed", deadline=None, database=None, derandomize=True)
settings.register_profile("search", deadline=None, database=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root folder of the source tree."""
    return REPOSITORY


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of real cells and traces; the test is skipped where it is absent."""
    folder = Path(os.environ.get("SEMVERSE_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data in {folder}; set SEMVERSE_DATA")
    return folder


@pytest.fixture(scope="session")
def random_instance() -> Callable[..., Instance]:
    """Function that makes a small instance without any structure: no symmetry, non-zero diagonals."""

    def make(seed: int, mecs: int, users: int, spaces: int) -> Instance:
        rng = np.random.default_rng(seed)
        wanted = rng.random((users, spaces)) < 0.6
        wanted[0, 0] = True
        user, space = np.nonzero(wanted)
        link_fields = tuple(Links.__dataclass_fields__)
        return Instance(
            name=f"random {seed}",
            mecs=Mecs(
                lon=rng.uniform(-180, 180, mecs),
                lat=rng.uniform(-90, 90, mecs),
                cache_gb=rng.uniform(0, 6, mecs),
                compute_tflops=rng.uniform(0.5, 5, mecs),
                max_tasks=rng.integers(0, 6, mecs),
                energy_coefficient=float(rng.uniform(0, 1)),
            ),
            spaces=Spaces(*(rng.uniform(0, 4, spaces) for _ in range(4))),
            users=Users(rng.integers(mecs, size=users), rng.uniform(0, 2, users), rng.uniform(0, 2, users)),
            requests=Requests(user, space, rng.uniform(0.1, 1, len(user)) / spaces),
            links=Links(**{name: rng.uniform(0, 5, (mecs, mecs)) for name in link_fields}),
        )

    return make


@dataclass(frozen=True)
class Outcome:
    """What a command did."""

    code: int
    out: str
    err: str


@pytest.fixture
def semverse(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Function that runs ``semverse ARGUMENTS`` in this process."""
    from semverse.scripts.main import main

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["semverse", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        captured = capsys.readouterr()
        return Outcome(int(end.value.code or 0), captured.out, captured.err)

    return run
