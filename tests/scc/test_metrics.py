import numpy as np
import pytest

from semverse.envs.errors import InputError
from semverse.envs.scc.metrics import hosts_per_space, local_rate
from semverse.envs.scc.toy import toy_instance


def test_metrics_by_hand() -> None:
    # requests: user 0 (local 0), user 1 twice (local 1), user 2 (local 2); spaces 0, 0, 1, 1
    placements = np.array([[0, 1, 1, 2], [1, 1, 0, 0], [2, 1, 0, 2]])
    np.testing.assert_allclose(local_rate(toy_instance(), placements), [1.0, 0.25, 0.5])
    np.testing.assert_allclose(hosts_per_space(toy_instance(), placements), [2.0, 1.0, 2.0])


def test_metrics_check_their_input() -> None:
    with pytest.raises(InputError, match="placements"):
        local_rate(toy_instance(), [[0, 1]])
