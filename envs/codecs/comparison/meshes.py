"""Human meshes: error of the joints against SNR, at equal mean numbers of symbols (paper 002, Fig. 6)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import Generator, Tensor

from semverse.envs.codecs.comparison.allocation import fit_proportional, fit_rate, proportional
from semverse.envs.codecs.comparison.cells import Cell, Row
from semverse.envs.codecs.comparison.config import MeshesConfig
from semverse.envs.codecs.vlscc.checkpoint import load_codec
from semverse.envs.codecs.vlscc.codec import Passage
from semverse.envs.codecs.vlscc.mesh import MeshCodec
from semverse.envs.errors import InputError

VARIABLE, ENTROPY = "VL-SCC", "entropy"
_MARGIN = 0.01  # of the budget, for what calibration samples and those that are sent differ by
Sender = Callable[[Tensor, float, Generator], Passage]


def mesh_cells(config: MeshesConfig, seed: int) -> list[Cell]:
    """Return one cell a method and SNR.

    Raises:
        InputError: a checkpoint is missing, damaged, or no codec of meshes.
    """
    variable = _load(config.variable)
    generator = Generator().manual_seed(seed)
    calibration, _ = variable.source.sample(config.samples, generator)
    source, activity = variable.source.sample(config.samples, generator)
    budget = (1 - _MARGIN) * config.budget
    bits_per_level = fit_proportional(variable, variable.source.information_bits(calibration), budget)

    def by_network(x: Tensor, snr_db: float, generator: Generator) -> Passage:
        rate = fit_rate(variable, calibration, snr_db, budget)
        return variable.send(x, snr_db, rate=rate, generator=generator)

    def by_entropy(x: Tensor, snr_db: float, generator: Generator) -> Passage:
        level = proportional(variable.source.information_bits(x), bits_per_level, variable.config.levels)
        return variable.send(x, snr_db, level=level, generator=generator)

    methods: dict[str, tuple[MeshCodec, Sender]] = {
        VARIABLE: (variable, by_network),
        ENTROPY: (variable, by_entropy),
    }
    for name, checkpoint in config.fixed.items():
        codec = _load(checkpoint)
        methods[name] = (codec, _always(codec))
    return [
        Cell(
            f"mesh_{index}_{snr_db:g}",
            partial(_rows, name, codec, sender, source, activity, snr_db, seed),
        )
        for index, (name, (codec, sender)) in enumerate(methods.items())
        for snr_db in config.snr_db
    ]


def _always(codec: MeshCodec) -> Sender:
    return lambda x, snr_db, generator: codec.send(x, snr_db, generator=generator)


def _rows(
    method: str, codec: MeshCodec, sender: Sender, source: Tensor, activity: Tensor, snr_db: float, seed: int
) -> list[Row]:
    passage = sender(source, snr_db, Generator().manual_seed(seed))
    error, symbols = -codec.measure(source, passage.received), codec.symbols(passage.level).double()
    row: Row = {
        "method": method,
        "snr_db": snr_db,
        "samples": len(source),
        "symbols": symbols.mean().item(),
        "mpjpe": error.mean().item(),
        "standard_error": (error.std() / len(error) ** 0.5).item(),
    }
    for index, name in enumerate(codec.source.names):
        of_this = activity == index
        row[f"mpjpe_{name}"] = error[of_this].mean().item()
        row[f"symbols_{name}"] = symbols[of_this].mean().item()
    return [row]


def _load(name: str) -> MeshCodec:
    codec = load_codec(name)
    if not isinstance(codec, MeshCodec):
        raise InputError("is no codec of meshes", source=name, remedy="give another checkpoint")
    return codec
