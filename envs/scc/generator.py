"""Sampling of SCC instances: a scenario and a random generator in, a servable instance out."""

from __future__ import annotations

import numpy as np

from semverse.envs.errors import InputError
from semverse.envs.scc.cells import load_cells
from semverse.envs.scc.config import SCCConfig
from semverse.envs.scc.geo import great_circle_km, sample_sites
from semverse.envs.scc.servable import pack
from semverse.envs.scc.traces import trace_probabilities
from semverse.envs.scc.types import FloatArray, Instance, Links, Mecs, Requests, Spaces, Users

_ATTEMPTS = 100  # redraws before a scenario is called unservable


def sample_instance(config: SCCConfig, rng: np.random.Generator) -> Instance:
    """Draw one instance; the same scenario and generator state give the same one on any machine.

    Every drawn or computed number is rounded (1 m, 1e-6), so that the last bit of a platform's
    transcendental functions cannot show.

    Args:
        config: the scenario.
        rng: source of all randomness.

    Returns:
        An instance that some placement serves; that placement was constructed as a proof.

    Raises:
        InputError: no servable instance in 100 draws (cache or tasks too scarce), or bad cells or traces.
    """
    source = f"scenario {config.name}"
    for _ in range(_ATTEMPTS):
        try:
            instance = _draw(config, rng)
        except InputError as error:
            if error.source is not None:
                raise
            raise error.at(source) from error
        if pack(instance) is not None:
            return instance
    raise InputError(
        f"no servable instance in {_ATTEMPTS} draws",
        source=source,
        key="mec.cache_gb, mec.max_tasks",
        remedy="raise them, or lower users or spaces",
    )


def _draw(config: SCCConfig, rng: np.random.Generator) -> Instance:
    mecs = _draw_mecs(config, rng)
    levels = config.space_levels
    spaces = Spaces(
        *(
            np.asarray(getattr(levels, name))[rng.integers(len(getattr(levels, name)), size=config.spaces)]
            for name in ("cache_gb", "maintenance_j", "workload_gflop", "frame_mbit")
        )
    )
    users = Users(
        mec=rng.integers(config.mecs, size=config.users),
        access_latency_ms_per_mbit=_uniform(rng, config.access.latency_ms_per_mbit, config.users),
        access_energy_j_per_mbit=_uniform(rng, config.access.energy_j_per_mbit, config.users),
    )
    return Instance(
        name=config.name,
        mecs=mecs,
        spaces=spaces,
        users=users,
        requests=_draw_requests(config, rng),
        links=links_from_km(np.round(great_circle_km(mecs.lon, mecs.lat), 3), config),
    )


def _draw_mecs(config: SCCConfig, rng: np.random.Generator) -> Mecs:
    if config.cells is None:
        lon, lat = sample_sites(config.sites, config.mecs, rng)
    else:
        cells = load_cells(config.cells)
        chosen = cells.sample(config.mecs, rng)
        lon, lat = cells.lon[chosen], cells.lat[chosen]
    low, high = config.mec.max_tasks
    return Mecs(
        lon=np.round(lon, 6),
        lat=np.round(lat, 6),
        cache_gb=_uniform(rng, config.mec.cache_gb, config.mecs),
        compute_tflops=_uniform(rng, config.mec.compute_tflops, config.mecs),
        max_tasks=rng.integers(low, high + 1, size=config.mecs),
        energy_coefficient=config.mec.energy_coefficient,
    )


def links_from_km(distance_km: FloatArray, config: SCCConfig) -> Links:
    """Return link costs proportional to distance [M, M] in km (paper 003, section IV-A)."""
    return Links(**{name: value * distance_km for name, value in config.per_km.model_dump().items()})


def _draw_requests(config: SCCConfig, rng: np.random.Generator) -> Requests:
    """Draw each user's spaces by popularity and split its online probability among them."""
    shape = (config.users, config.spaces)
    online = rng.uniform(*config.online_probability, config.users)
    if config.traces is not None:
        most = config.spaces_per_user[1]
        share = trace_probabilities(config.traces, *shape, config.trace_slots, most, rng)
    else:
        low, high = (min(n, config.spaces) for n in config.spaces_per_user)
        popularity = np.maximum(rng.dirichlet(np.full(config.spaces, config.popularity_concentration)), 1e-12)
        count = rng.integers(low, high + 1, size=config.users)
        # the largest Gumbel-perturbed log-popularities are a draw without replacement by popularity
        keys = np.log(popularity) + rng.gumbel(size=shape)
        rank = np.argsort(np.argsort(-keys, axis=1), axis=1)
        share = np.where(rank < count[:, None], popularity, 0.0)
    share = share / np.maximum(share.sum(axis=1, keepdims=True), 1e-12)
    probability = np.floor(share * online[:, None] * 1e6) / 1e6  # floor: a user's sum stays <= 1
    user, space = np.nonzero(probability)
    return Requests(user=user, space=space, probability=probability[user, space])


def _uniform(rng: np.random.Generator, limits: tuple[float, float], size: int) -> FloatArray:
    return np.round(rng.uniform(*limits, size), 6)
