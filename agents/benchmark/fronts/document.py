"""The part of results.json that only a benchmark of whole instances has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from semverse.agents.benchmark.estimate import CONFIDENCE
from semverse.agents.benchmark.fronts.results import Results
from semverse.agents.benchmark.fronts.table import Row, as_json


def document(results: Results, rows: Sequence[Row]) -> dict[str, Any]:
    """Return the summary table, every instance and every finished cell as JSON values."""
    return {
        "confidence": CONFIDENCE,
        "table": as_json(rows),
        "instances": {name: _instance(results, name) for name in results.instances},
        "cells": [
            {
                "region": s.cell.region,
                "seed": s.cell.seed,
                "agent": s.cell.agent,
                "points": len(s.record.points),
                "seconds": s.record.seconds,
                **s.metrics,
            }
            for s in results.scored
        ],
    }


def _instance(results: Results, name: str) -> dict[str, Any]:
    """Return both reference points of an instance, and its certificate if there is one."""
    known = results.certificates.get(name)
    reference = results.of(instance=name)[0].record.eq35_reference
    return {
        "eq35_reference_point": list(reference),
        "certificate": None if known is None else known.to_json(),
        "certificate_seconds": results.certificate_seconds.get(name),
    }
