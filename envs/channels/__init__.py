"""Radio channels: path loss, fading, capacity, modulation and coding (numpy, SI units)."""

from semverse.envs.channels.block_errors import bler, waterfall
from semverse.envs.channels.capacity import (
    bicm_capacity,
    bicm_dispersion,
    normal_approximation,
    normal_approximation_rate,
    shannon_capacity,
)
from semverse.envs.channels.fading import (
    doppler_hz,
    gauss_markov,
    gauss_markov_path,
    jakes,
    jakes_correlation,
    rayleigh,
    rician,
)
from semverse.envs.channels.link_quality import (
    block_fading_bler,
    effective_esno_db,
    select_mcs,
    transport_block_bler,
)
from semverse.envs.channels.mcs import Mcs, mcs_table
from semverse.envs.channels.noise import noise_power_w, received_esno_db
from semverse.envs.channels.numerology import Numerology, resource_blocks
from semverse.envs.channels.path_loss import (
    los_probability,
    path_loss_db,
    shadowing_correlation,
    shadowing_std_db,
)
from semverse.envs.channels.transport import code_blocks, transport_block_size

__all__ = [
    "Mcs",
    "Numerology",
    "bicm_capacity",
    "bicm_dispersion",
    "bler",
    "block_fading_bler",
    "code_blocks",
    "doppler_hz",
    "effective_esno_db",
    "gauss_markov",
    "gauss_markov_path",
    "jakes",
    "jakes_correlation",
    "los_probability",
    "mcs_table",
    "noise_power_w",
    "normal_approximation",
    "normal_approximation_rate",
    "path_loss_db",
    "rayleigh",
    "received_esno_db",
    "resource_blocks",
    "rician",
    "select_mcs",
    "shadowing_correlation",
    "shadowing_std_db",
    "shannon_capacity",
    "transport_block_bler",
    "transport_block_size",
    "waterfall",
]
