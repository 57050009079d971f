"""Finds an environment by name and runs the kits that fit it."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import warnings
from collections.abc import Iterator
from importlib import import_module

import gymnasium

from semverse.envs.conformance.gymnasium_kits import gymnasium_checks
from semverse.envs.conformance.pettingzoo_kits import pettingzoo_checks, pettingzoo_ids
from semverse.envs.conformance.types import Check, NotApplicable, Result
from semverse.envs.errors import InputError

# Recommendations that Gymnasium and PettingZoo waive for their own environments: infinite bounds of
# observations, action ranges other than [-1, 1], masks inside observations, an empty first picture.
ADVICE = (
    r".*observation space (minimum|maximum) value is -?infinity.*",
    r".*we recommend using a symmetric and normalized space.*",
    r".*Observation is not a NumPy array.*",
    r".*Observation numpy array is all zeros.*",
    r".*Observation space for each agent probably should be.*",
)


def check_environment(target: str) -> list[Result]:
    """Run every kit on an environment.

    Args:
        target: "MODULE:ENV_ID"; importing MODULE must register ENV_ID with Gymnasium or PettingZoo.

    Returns:
        One result a check.

    Raises:
        InputError: no such module or environment.
    """
    with _headless():
        return [_run(check) for check in _checks(target)]


def _checks(target: str) -> list[Check]:
    module, colon, env_id = target.partition(":")
    if not (colon and env_id and all(part.isidentifier() for part in module.split("."))):
        raise InputError(
            f"{target!r} is no MODULE:ENV_ID", key="target", remedy="e.g. semverse.envs:semverse/SCC-v0"
        )
    if "" not in sys.path:
        sys.path.insert(0, "")  # the user's own module, next to where the command is called
    try:
        import_module(module)
    except Exception as error:  # whatever a stranger's module raises
        raise InputError(
            f"cannot be imported ({type(error).__name__}: {error})",
            source=target,
            key="MODULE",
            remedy="install it, or mend it or its name",
        ) from error
    if env_id in gymnasium.registry:
        return gymnasium_checks(env_id)
    if env_id in pettingzoo_ids():
        return pettingzoo_checks(env_id)
    raise InputError(
        f"{module} registers no {env_id!r}",
        source=target,
        key="ENV_ID",
        remedy="give an id that Gymnasium or PettingZoo knows, with its version",
    )


def _run(check: Check) -> Result:
    with warnings.catch_warnings(record=True) as noted, contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("error")
        for pattern in ADVICE:
            warnings.filterwarnings("always", message=pattern)
        try:
            check.run()
        except NotApplicable as reason:
            return Result(check.name, "skip", str(reason))
        except Exception as error:  # whatever a stranger's environment raises is this check's result
            return Result(check.name, "fail", f"{type(error).__name__}: {_plain(error)}")
    if noted:
        return Result(check.name, "advice", _plain(noted[0].message))
    return Result(check.name, "pass")


def _plain(message: Warning | Exception | str) -> str:
    """Return a message as one line, without the colours Gymnasium puts into it."""
    text = re.sub(r"\x1b\[\d*m", "", str(message)).removeprefix("WARN: ")
    return " ".join(text.split()) or "no message"


@contextlib.contextmanager
def _headless() -> Iterator[None]:
    """Let windows of render mode "human" open nowhere while the kits run."""
    before = os.environ.get("SDL_VIDEODRIVER")
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    try:
        yield
    finally:
        if before is None:
            del os.environ["SDL_VIDEODRIVER"]
        else:
            os.environ["SDL_VIDEODRIVER"] = before
