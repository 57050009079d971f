"""A hand-made instance, small enough to compute every cost with pencil and paper."""

from __future__ import annotations

import numpy as np

from semverse.envs.scc.types import Instance, Links, Mecs, Requests, Spaces, Users


def toy_instance() -> Instance:
    """Return 3 MECs, 3 users, 2 spaces and 4 requests in small round numbers (81 placements).

    Links are not symmetric, and a MEC synchronises with itself at a cost, so that a swapped index or a
    forgotten diagonal shows.
    """
    return Instance(
        name="toy",
        mecs=Mecs(
            lon=np.array([0.0, 0.1, 0.2]),
            lat=np.array([50.0, 50.0, 50.1]),
            cache_gb=np.array([4.0, 3.0, 2.0]),
            compute_tflops=np.array([2.0, 4.0, 5.0]),
            max_tasks=np.array([2, 2, 1]),
            energy_coefficient=0.25,
        ),
        spaces=Spaces(
            cache_gb=np.array([2.0, 1.5]),
            maintenance_j=np.array([1.0, 3.0]),
            workload_gflop=np.array([20.0, 40.0]),
            frame_mbit=np.array([4.0, 8.0]),
        ),
        users=Users(
            mec=np.array([0, 1, 2]),
            access_latency_ms_per_mbit=np.array([1.0, 0.5, 2.0]),
            access_energy_j_per_mbit=np.array([0.5, 0.25, 1.0]),
        ),
        requests=Requests(
            user=np.array([0, 1, 1, 2]),
            space=np.array([0, 0, 1, 1]),
            probability=np.array([0.5, 0.25, 0.5, 1.0]),
        ),
        links=Links(
            sync_latency_ms=np.array([[1.0, 2.0, 4.0], [3.0, 0.0, 5.0], [6.0, 7.0, 2.0]]),
            sync_energy_j=np.array([[0.5, 1.0, 2.0], [1.5, 0.0, 2.5], [3.0, 3.5, 1.0]]),
            sensor_latency_ms=np.array([[0.0, 2.0, 3.0], [4.0, 0.0, 5.0], [6.0, 7.0, 0.0]]),
            sensor_energy_j=np.array([[0.0, 1.0, 2.0], [3.0, 0.0, 4.0], [5.0, 6.0, 0.0]]),
            frame_latency_ms_per_mbit=np.array([[0.0, 0.5, 1.0], [1.5, 0.0, 2.0], [2.5, 3.0, 0.0]]),
            frame_energy_j_per_mbit=np.array([[0.0, 0.25, 0.5], [0.75, 0.0, 1.0], [1.25, 1.5, 0.0]]),
        ),
    )
