"""Nested states of training as one safetensors file: arrays as tensors, the rest as JSON in its header.

Nothing is ever pickled, so that reading a stranger's file can run no code; floats survive to the bit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load, save

from semverse.envs.errors import InputError
from semverse.envs.files import read_bytes, write_atomic

_KEY = "tree"
_KINDS = ("$array", "$tensor", "$pairs")


def write_tree(path: str | Path, tree: Any) -> None:
    """Write nested dicts, lists, tuples, arrays, tensors, numbers, texts and None: whole or not at all.

    Tuples come back as lists.

    Raises:
        InputError: the file cannot be written.
        TypeError: a value of another type.
    """
    arrays: dict[str, npt.NDArray[Any]] = {}
    text = json.dumps(_encode(tree, (), arrays))
    write_atomic(path, save(arrays, metadata={_KEY: text}))


def read_tree(path: str | Path) -> Any:
    """Read what `write_tree` wrote.

    Raises:
        InputError: the file cannot be read or is none of ours.
    """
    try:
        arrays = load(read_bytes(path))
        with safe_open(str(path), framework="numpy") as file:
            metadata = file.metadata() or {}
        return _decode(json.loads(metadata[_KEY]), arrays)
    except (SafetensorError, ValueError, LookupError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"is no training state ({error})", source=path, remedy="delete it and train anew"
        ) from error


@contextmanager
def fitting() -> Iterator[None]:
    """Turn what goes wrong while a state is taken over into one line.

    Raises:
        InputError: the state is that of another agent or version.
    """
    try:
        yield
    except (RuntimeError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError(
            f"does not fit the agent ({error})", source="training state", remedy="delete it and train anew"
        ) from error


def _encode(node: Any, where: tuple[str, ...], arrays: dict[str, npt.NDArray[Any]]) -> Any:
    if node is None or isinstance(node, bool | int | float | str):
        return node
    if isinstance(node, np.generic):
        return node.item()
    if isinstance(node, torch.Tensor | np.ndarray):
        name, is_tensor = "/".join(where), isinstance(node, torch.Tensor)
        # copies: safetensors refuses memory that two entries share
        array = node.detach().cpu().numpy() if isinstance(node, torch.Tensor) else node
        arrays[name] = np.array(array, order="C")
        return {"$tensor" if is_tensor else "$array": name}
    if isinstance(node, list | tuple):
        return [_encode(value, (*where, str(i)), arrays) for i, value in enumerate(node)]
    if isinstance(node, dict):
        if all(isinstance(key, str) for key in node):
            return {key: _encode(value, (*where, key), arrays) for key, value in node.items()}
        # optimisers number their parameters; JSON would turn the numbers into texts
        return {"$pairs": [[key, _encode(value, (*where, str(key)), arrays)] for key, value in node.items()]}
    raise TypeError(f"cannot write {type(node).__name__} at {'/'.join(where)}")


def _decode(node: Any, arrays: dict[str, npt.NDArray[Any]]) -> Any:
    if isinstance(node, list):
        return [_decode(value, arrays) for value in node]
    if not isinstance(node, dict):
        return node
    kind = next((k for k in _KINDS if set(node) == {k}), None)
    if kind == "$pairs":
        return {key: _decode(value, arrays) for key, value in node[kind]}
    if kind == "$array":
        return arrays[node[kind]]
    if kind == "$tensor":
        return torch.from_numpy(np.array(arrays[node[kind]]))
    return {key: _decode(value, arrays) for key, value in node.items()}
