"""What a conformance check is and what comes out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

Status = Literal["pass", "advice", "skip", "fail"]


@dataclass(frozen=True)
class Result:
    """The outcome of one check.

    "advice": passed, but the kit recommended something that its own authors do not demand of their
    environments. "skip": does not apply here, or the kit is not installed.
    """

    name: str
    status: Status
    detail: str = ""


@dataclass(frozen=True)
class Check:
    """One check: it raises what is wrong, or `NotApplicable`."""

    name: str
    run: Callable[[], None]


class NotApplicable(Exception):  # noqa: N818 - no error
    """The check does not apply to this environment, or its kit is not installed."""


def require(package: str) -> None:
    """Raise `NotApplicable` unless a package is installed."""
    if find_spec(package) is None:
        raise NotApplicable(f"{package} is not installed")
