"""Reader and writer of instance files, format ``semverse.scc/1``, as JSON or NPZ (by suffix).

The keys are those of the dataclasses in `semverse.envs.scc.types`; in NPZ, which is flat, a key is
``table.field``. See docs/file-formats.md.
"""

from __future__ import annotations

import dataclasses
import io
import json
import tokenize
import typing
import zipfile
import zlib
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from semverse.envs.errors import InputError
from semverse.envs.files import read_bytes, read_text, write_atomic
from semverse.envs.scc.servable import find_placement
from semverse.envs.scc.types import Instance

FORMAT = "semverse.scc/1"

_TABLES: dict[str, Any] = {
    key: table for key, table in typing.get_type_hints(Instance).items() if dataclasses.is_dataclass(table)
}
_DIMS: dict[str, int] = {  # "table.field" -> number of dimensions
    f"{table}.{spec.name}": len(spec.metadata.get("dims", ()))
    for table, cls in _TABLES.items()
    for spec in dataclasses.fields(cls)
}
# what numpy and zipfile raise for damaged, encrypted, oversized or hostile archives
_NPZ_ERRORS = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    MemoryError,
    NotImplementedError,
    RuntimeError,
    SyntaxError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


def load_instance(path: str | Path) -> Instance:
    """Read an instance and make sure that some placement serves it.

    Args:
        path: file ending in .json or .npz.

    Raises:
        InputError: anything wrong with the file or its content; names file, key and remedy.
    """
    try:
        flat = _read_npz(path) if _suffix(path) == ".npz" else _flatten(_read_json(path))
        instance = _from_flat(flat)
        find_placement(instance)
    except InputError as error:
        if error.source is not None:
            raise
        raise error.at(path) from error
    return instance


def save_instance(instance: Instance, path: str | Path) -> None:
    """Write an instance; the file is there whole or not at all.

    Args:
        instance: what to write; reading it back gives exactly the same values.
        path: file ending in .json or .npz, in a folder that exists.

    Raises:
        InputError: another suffix, or the file cannot be written.
    """
    suffix = _suffix(path)
    write_atomic(path, _npz_bytes(instance) if suffix == ".npz" else canonical_json(instance).encode())


def canonical_json(instance: Instance) -> str:
    """Return the JSON text of an instance: one field a line, shortest exact decimals."""
    tables = []
    for table in _TABLES:
        value = getattr(instance, table)
        lines = ",\n".join(
            f"  {json.dumps(spec.name)}: {json.dumps(np.asarray(getattr(value, spec.name)).tolist())}"
            for spec in dataclasses.fields(value)
        )
        tables.append(f" {json.dumps(table)}: {{\n{lines}\n }}")
    head = f' "format": {json.dumps(FORMAT)},\n "name": {json.dumps(instance.name)},\n'
    return "{\n" + head + ",\n".join(tables) + "\n}\n"


def _suffix(path: str | Path) -> str:
    suffix = Path(path).suffix.lower()
    if suffix not in (".json", ".npz"):
        raise InputError(
            f"unknown instance format {suffix!r}", source=path, remedy="use a name ending in .json or .npz"
        )
    return suffix


def _read_json(path: str | Path) -> Any:
    try:
        return json.loads(read_text(path), object_pairs_hook=_unique, parse_constant=_refuse_constant)
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
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InputError("is given twice", key=f"{twice!r:.60}", remedy="keep one of the two")
    return result


def _refuse_constant(text: str) -> NoReturn:
    raise InputError(f"holds {text}", key="document", remedy="give finite numbers only")


def _flatten(document: Any) -> dict[str, Any]:
    """Turn the nested document into ``{"table.field": value}`` after checking its outline."""
    if not isinstance(document, dict):
        raise InputError("is no JSON object", remedy=f"write a {FORMAT} document")
    _check_format(document.get("format"))
    _check_keys(document, ["format", "name", *_TABLES], None)
    flat = {"format": document["format"], "name": document["name"]}
    for table, cls in _TABLES.items():
        section = document[table]
        if not isinstance(section, dict):
            raise InputError("is no object", key=table, remedy="give {field: values}")
        _check_keys(section, [spec.name for spec in dataclasses.fields(cls)], table)
        for field, value in section.items():
            key = f"{table}.{field}"
            _check_numbers(key, value, _DIMS[key])
            flat[key] = value
    return flat


def _check_format(found: Any) -> None:
    if found != FORMAT:
        what = "is missing" if found is None else f"is {found!r:.60}"
        raise InputError(what, key="format", remedy=f"this reader knows {FORMAT!r}")


def _check_keys(found: typing.Collection[str], expected: list[str], table: str | None) -> None:
    prefix = f"{table}." if table else ""
    for key in expected:
        if key not in found:
            raise InputError("is missing", key=f"{prefix}{key}", remedy="add it")
    for key in found:
        if key not in expected:
            raise InputError(
                "is an unknown key", key=f"{prefix}{key!r:.60}", remedy=f"known: {', '.join(expected)}"
            )


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


def _read_npz(path: str | Path) -> dict[str, Any]:
    data = read_bytes(path)
    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise InputError("is no NPZ archive", remedy="regenerate the file")
    try:
        # allow_pickle=False: an object array could run code when read
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            names = list(archive.files)
            if len(set(names)) < len(names):
                raise InputError("holds an entry twice", remedy="keep one of the two")
            text = {key: _npz_text(archive, key) for key in ("format", "name") if key in names}
            _check_format(text.get("format"))
            _check_keys(names, ["format", "name", *_DIMS], None)
            numbers = {key: _npz_numbers(archive, key) for key in _DIMS}
    except _NPZ_ERRORS as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"is a damaged or unsafe NPZ archive ({error})", remedy="regenerate the file"
        ) from error
    return {**text, **numbers}


def _npz_text(archive: Any, key: str) -> str:
    entry = archive[key]
    if not isinstance(entry, np.ndarray) or entry.dtype.kind != "U" or entry.ndim:
        raise InputError("is no text", key=key, remedy="store one string")
    return str(entry)


def _npz_numbers(archive: Any, key: str) -> Any:
    entry = archive[key]
    if not isinstance(entry, np.ndarray) or entry.dtype.kind not in "iuf":
        raise InputError("is no array of numbers", key=key, remedy="store numbers only")
    if _DIMS[key]:
        return entry
    if entry.ndim:
        raise InputError(f"has shape {list(entry.shape)}", key=key, remedy="store one number")
    return entry.item()


def _npz_bytes(instance: Instance) -> bytes:
    arrays: dict[str, Any] = {"format": np.array(FORMAT), "name": np.array(instance.name)}
    for key in _DIMS:
        table, _, field = key.partition(".")
        arrays[key] = np.asarray(getattr(getattr(instance, table), field))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def _from_flat(flat: dict[str, Any]) -> Instance:
    tables: dict[str, dict[str, Any]] = {table: {} for table in _TABLES}
    for key in _DIMS:
        table, _, field = key.partition(".")
        tables[table][field] = flat[key]
    return Instance(name=flat["name"], **{table: cls(**tables[table]) for table, cls in _TABLES.items()})
