"""Distances on the sphere and the embedded point process of base-station sites."""

from __future__ import annotations

import numpy as np

from semverse.envs.scc.config import SitesConfig
from semverse.envs.scc.types import FloatArray

EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG
KM_PER_DEGREE = EARTH_RADIUS_KM * np.pi / 180.0


def great_circle_km(lon: FloatArray, lat: FloatArray) -> FloatArray:
    """Return great-circle distances [M, M] in km between sites in degrees [M] (haversine formula)."""
    lon_r, lat_r = np.radians(lon), np.radians(lat)
    half_lat = np.sin((lat_r[:, None] - lat_r) / 2) ** 2
    half_lon = np.sin((lon_r[:, None] - lon_r) / 2) ** 2
    haversine = half_lat + np.cos(lat_r[:, None]) * np.cos(lat_r) * half_lon
    distance: FloatArray = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(haversine, 1.0)))
    return distance


def sample_sites(config: SitesConfig, count: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Draw lon, lat [count] in degrees from the region's clustered point process."""
    centres = rng.normal(0.0, config.cluster_spread_km, (config.clusters, 2))
    member = rng.integers(config.clusters, size=count)
    offsets = rng.normal(0.0, 1.0, (count, 2))
    scattered = rng.random(count) < config.scattered_share
    clustered = centres[member] + config.site_spread_km * offsets
    km = np.where(scattered[:, None], config.scattered_spread_km * offsets, clustered)
    span = np.sqrt(((km[:, None] - km) ** 2).sum(axis=-1)).max()
    if span > config.max_distance_km:
        km = km * (config.max_distance_km / span)
    lat = config.center_lat + km[:, 1] / KM_PER_DEGREE
    lon = config.center_lon + km[:, 0] / (KM_PER_DEGREE * np.cos(np.radians(config.center_lat)))
    return lon, lat
