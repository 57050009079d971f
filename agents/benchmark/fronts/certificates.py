"""The certificate of each instance: from its own cell, or from the front and bounds of the exact agent."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from semverse.agents.benchmark.fronts.cell import Cell
from semverse.agents.benchmark.fronts.config import FrontConfig
from semverse.agents.benchmark.fronts.plan import instance_path
from semverse.agents.benchmark.fronts.record import CellRecord, CertificateRecord
from semverse.agents.benchmark.store import Store
from semverse.envs.errors import InputError
from semverse.envs.scc.io import load_instance
from semverse.envs.scc.model import evaluate
from semverse.solvers.base import Bound, Front
from semverse.solvers.certificate import Certificate, certify


def find_certificates(
    store: Store, config: FrontConfig, read: Mapping[Cell, CellRecord | CertificateRecord | None]
) -> tuple[dict[str, Certificate], dict[str, float]]:
    """Return the certificates that are there, and the seconds they took, by instance.

    Raises:
        InputError: a file is damaged.
    """
    certificates: dict[str, Certificate] = {}
    seconds: dict[str, float] = {}
    for cell, record in read.items():
        if isinstance(record, CertificateRecord):
            found: Certificate | None = _read(record, store, cell)
        elif record is not None and cell.agent == config.certifier:
            found = _derive(record, store, cell)
        else:
            continue
        if record is not None and found is not None:
            certificates[cell.instance], seconds[cell.instance] = found, record.seconds
    return certificates, seconds


def _derive(record: CellRecord, store: Store, cell: Cell) -> Certificate | None:
    """Certify what an agent proved; None if it ended without a point or a bound."""
    if not record.points or not record.bounds:
        return None
    instance = load_instance(instance_path(store, cell.instance))
    placements = np.array([point.placement for point in record.points], dtype=np.int64)
    bounds = tuple(Bound(bound.preference, bound.lower_bound, bound.complete) for bound in record.bounds)
    return certify(Front(placements, evaluate(instance, placements), bounds=bounds))


def _read(record: CertificateRecord, store: Store, cell: Cell) -> Certificate:
    try:
        return Certificate.from_json(record.certificate)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            "is damaged (no certificate)", source=store.path(cell), remedy="delete it, then --resume"
        ) from error
