"""The layout of format ``semverse.scc/1``, derived from the dataclasses in `semverse.envs.scc.types`.

Inside the readers a file is flat: ``{"table.field": values}`` with ``"format"`` and ``"name"``.
"""

from __future__ import annotations

import dataclasses
import typing
from typing import Any

from semverse.envs.errors import InputError
from semverse.envs.scc.types import Instance

FORMAT = "semverse.scc/1"
TABLES: dict[str, Any] = {
    key: table for key, table in typing.get_type_hints(Instance).items() if dataclasses.is_dataclass(table)
}
DIMS: dict[str, int] = {  # "table.field" -> number of dimensions
    f"{table}.{spec.name}": len(spec.metadata.get("dims", ()))
    for table, cls in TABLES.items()
    for spec in dataclasses.fields(cls)
}


def check_format(found: Any) -> None:
    """Refuse a document of another format."""
    if found != FORMAT:
        what = "is missing" if found is None else f"is {found!r:.60}"
        raise InputError(what, key="format", remedy=f"this reader knows {FORMAT!r}")


def check_keys(found: typing.Collection[str], expected: list[str], table: str | None) -> None:
    """Refuse a missing or an unknown key of a table, or of the document (table None)."""
    prefix = f"{table}." if table else ""
    for key in expected:
        if key not in found:
            raise InputError("is missing", key=f"{prefix}{key}", remedy="add it")
    for key in found:
        if key not in expected:
            raise InputError(
                "is an unknown key", key=f"{prefix}{key!r:.60}", remedy=f"known: {', '.join(expected)}"
            )


def from_flat(flat: dict[str, Any]) -> Instance:
    """Build and check the instance."""
    tables: dict[str, dict[str, Any]] = {table: {} for table in TABLES}
    for key in DIMS:
        table, _, field = key.partition(".")
        tables[table][field] = flat[key]
    return Instance(name=flat["name"], **{table: cls(**tables[table]) for table, cls in TABLES.items()})
