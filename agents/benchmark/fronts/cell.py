"""The unit of work of a benchmark of whole instances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from semverse.agents.benchmark.fronts.record import CellRecord, CertificateRecord


@dataclass(frozen=True)
class Cell:
    """An agent on an instance, or (agent None) the instance's certificate."""

    region: str
    seed: int
    agent: str | None  # label

    @property
    def instance(self) -> str:
        """Name of the instance."""
        return f"{self.region}-{self.seed}"

    @property
    def name(self) -> str:
        """Name of the cell's file."""
        return self.instance if self.agent is None else f"{self.instance}-{self.agent}"

    @property
    def folder(self) -> str:
        """Folder of the cell's file."""
        return "certificates" if self.agent is None else "cells"

    @property
    def schema(self) -> type[CellRecord] | type[CertificateRecord]:
        """Schema of the cell's file."""
        return CertificateRecord if self.agent is None else CellRecord

    def owns(self, record: Any) -> bool:
        """Return whether a record is that of this cell."""
        return Cell(record.region, record.seed, getattr(record, "agent", None)) == self

    def __str__(self) -> str:
        return f"{self.instance} {self.agent or 'certificate'}"
