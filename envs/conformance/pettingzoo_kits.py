"""Checks of PettingZoo environments: api, seeding, max-cycles and state, parallel and AEC."""

from __future__ import annotations

import inspect
import warnings
from functools import partial
from types import SimpleNamespace
from typing import Any, Literal

from semverse.envs.conformance.types import Check, NotApplicable, require

CYCLES = 60
Api = Literal["parallel", "aec"]


def pettingzoo_ids() -> set[str]:
    """Return every id of PettingZoo's registries, also in its customary spelling ``name_v0``."""
    from pettingzoo.env_registry import registration

    ids = {*registration.parallel_registry, *registration.aec_registry}
    return ids | {"_v".join(env_id.rsplit("-v", 1)) for env_id in ids}


def pettingzoo_checks(env_id: str) -> list[Check]:
    """Return the checks of an id that PettingZoo knows."""
    checks = (
        ("PettingZoo parallel_api_test", parallel_api),
        ("PettingZoo parallel_seed_test", parallel_seeding),
        ("PettingZoo api_test (AEC)", aec_api),
        ("PettingZoo seed_test (AEC)", aec_seeding),
        ("PettingZoo max_cycles_test", max_cycles),
        ("PettingZoo state_test", state),
    )
    return [Check(name, partial(run, env_id)) for name, run in checks]


def parallel_api(env_id: str) -> None:
    """Run parallel_api_test."""
    _kit().parallel_api_test(_make("parallel", env_id), num_cycles=CYCLES)


def parallel_seeding(env_id: str) -> None:
    """Run parallel_seed_test."""
    _spec("parallel", env_id)
    _kit().parallel_seed_test(partial(_make, "parallel", env_id), num_cycles=CYCLES)


def aec_api(env_id: str) -> None:
    """Run api_test."""
    _kit().api_test(_make("aec", env_id), num_cycles=CYCLES)


def aec_seeding(env_id: str) -> None:
    """Run seed_test."""
    _spec("aec", env_id)
    _kit().seed_test(partial(_make, "aec", env_id), num_cycles=CYCLES)


def max_cycles(env_id: str) -> None:
    """Run max_cycles_test on environments that take ``max_cycles``."""
    env = _make("parallel", env_id).unwrapped
    if "max_cycles" not in inspect.signature(type(env).__init__).parameters:
        raise NotApplicable("does not take max_cycles")
    _kit().max_cycles_test(
        SimpleNamespace(parallel_env=partial(_make, "parallel", env_id), env=partial(_make, "aec", env_id))
    )


def state(env_id: str) -> None:
    """Run state_test on environments that have a state."""
    env = _make("aec", env_id)
    if getattr(env, "state_space", None) is None:
        raise NotApplicable("has no state_space")
    _kit().state_test(env, _make("parallel", env_id))


def _spec(api: Api, env_id: str) -> Any:
    from pettingzoo.env_registry import exceptions, registration

    try:
        return registration.spec(api, env_id)
    except exceptions.PettingZooRegistryError as error:
        raise NotApplicable(f"is not registered with the {api} API") from error


def _make(api: Api, env_id: str, **kwargs: Any) -> Any:
    from pettingzoo.env_registry import registration

    return registration.make(api, _spec(api, env_id), **kwargs)


def _kit() -> Any:
    require("pettingzoo")
    with warnings.catch_warnings():
        # the kit itself imports an environment in a way that PettingZoo deprecated
        warnings.filterwarnings("ignore", message="The old environment creation API")
        import pettingzoo.test as kit
    return kit
