"""Instances as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from semverse.envs.errors import InputError
from semverse.envs.files import read_text
from semverse.envs.scc.layout import DIMS, FORMAT, TABLES, check_format, check_keys
from semverse.envs.scc.types import Instance


def canonical_json(instance: Instance) -> str:
    """Return the JSON text of an instance: one field a line, shortest exact decimals."""
    tables = []
    for table in TABLES:
        value = getattr(instance, table)
        lines = ",\n".join(
            f"  {json.dumps(spec.name)}: {json.dumps(np.asarray(getattr(value, spec.name)).tolist())}"
            for spec in dataclasses.fields(value)
        )
        tables.append(f" {json.dumps(table)}: {{\n{lines}\n }}")
    head = f' "format": {json.dumps(FORMAT)},\n "name": {json.dumps(instance.name)},\n'
    return "{\n" + head + ",\n".join(tables) + "\n}\n"


def read_json(path: str | Path) -> dict[str, Any]:
    """Return the flat content of a JSON file."""
    try:
        return _flatten(
            json.loads(read_text(path), object_pairs_hook=_unique, parse_constant=_refuse_constant)
        )
    except RecursionError as error:
        raise InputError("is nested too deeply", remedy=f"write a {FORMAT} document") from error
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"is no valid JSON ({error})", remedy="mend or regenerate the file") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object, refusing a key that is given twice (json would silently keep the last)."""
    result = dict(pairs)
    if len(result) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise InputError("is given twice", key=f"{twice!r:.60}", remedy="keep one of the two")
    return result


def _refuse_constant(text: str) -> NoReturn:
    raise InputError(f"holds {text}", key="document", remedy="give finite numbers only")


def _flatten(document: Any) -> dict[str, Any]:
    """Turn the nested document into ``{"table.field": value}`` after checking its outline."""
    if not isinstance(document, dict):
        raise InputError("is no JSON object", remedy=f"write a {FORMAT} document")
    check_format(document.get("format"))
    check_keys(document, ["format", "name", *TABLES], None)
    flat = {"format": document["format"], "name": document["name"]}
    for table, cls in TABLES.items():
        section = document[table]
        if not isinstance(section, dict):
            raise InputError("is no object", key=table, remedy="give {field: values}")
        check_keys(section, [spec.name for spec in dataclasses.fields(cls)], table)
        for field, value in section.items():
            key = f"{table}.{field}"
            _check_numbers(key, value, DIMS[key])
            flat[key] = value
    return flat


def _check_numbers(key: str, value: Any, dims: int) -> None:
    """Refuse booleans, strings, nulls and wrong nesting, which numpy would partly convert."""
    if dims == 0:
        rows: list[Any] = [[value]]
    else:
        rows = [value] if dims == 1 else value
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        what = "number" if dims == 0 else "list of numbers" if dims == 1 else "list of lists of numbers"
        raise InputError(f"is no {what}", key=key, remedy=f"give a {what}")
    for row in rows:
        if not set(map(type, row)) <= {int, float}:
            bad = next(entry for entry in row if type(entry) not in (int, float))
            raise InputError(f"holds {bad!r:.40}, which is no number", key=key, remedy="give numbers only")
