"""The part of results.json that only a benchmark of episodes has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from semverse.agents.benchmark.episodes.results import Results
from semverse.agents.benchmark.episodes.table import Row
from semverse.agents.training.bounds import bound_of
from semverse.agents.training.statistics import CONFIDENCE


def document(results: Results, rows: Sequence[Row]) -> dict[str, Any]:
    """Return the summary table and every finished cell as JSON values."""
    bound = bound_of(results.config.env)
    return {
        "confidence": CONFIDENCE,
        "bound": None if bound is None else bound.source,
        "table": [asdict(row) for row in rows],
        "cells": [
            {
                "agent": cell.agent,
                "training": cell.training,
                "seed": cell.seed,
                "episodes": len(record.returns),
                "return": float(np.mean(record.returns)),
                "seconds": record.seconds,
            }
            for cell, record in results.records.items()
        ],
    }
