"""What was learned, on disk: ``config.yaml``, ``model.safetensors`` and ``card.json``, never a pickle.

Policies and learned codecs are written the same way. Imports torch: nothing light imports this module.
"""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors import SafetensorError
from safetensors.torch import load, save

from semverse.envs.errors import InputError
from semverse.envs.files import make_folder, read_bytes, read_text, write_atomic

CONFIG, WEIGHTS, CARD = "config.yaml", "model.safetensors", "card.json"
_PACKAGES = ("semverse", "gymnasium", "numpy", "torch", "stable-baselines3", "sb3-contrib")


def write_learned(
    folder: Path,
    description: Mapping[str, Any],
    weights: Mapping[str, torch.Tensor],
    card: Mapping[str, Any],
) -> None:
    """Write the three files; each is there whole or not at all.

    Args:
        folder: is made if it is missing.
        description: content of ``config.yaml``.
        weights: content of ``model.safetensors``.
        card: content of ``card.json``, to which versions and commit are added.

    Raises:
        InputError: the folder cannot be written to.
    """
    make_folder(folder)
    text = yaml.safe_dump(dict(description), sort_keys=False)
    write_atomic(folder / CONFIG, text.encode())
    # copies: safetensors refuses memory that two entries share
    write_atomic(folder / WEIGHTS, save({k: v.detach().cpu().clone() for k, v in weights.items()}))
    full = {**card, "versions": _versions(), "git": git_hash()}
    write_atomic(folder / CARD, (json.dumps(full, indent=1) + "\n").encode())


def read_weights(folder: Path) -> dict[str, torch.Tensor]:
    """Return the weights of a checkpoint.

    Raises:
        InputError: there are none, or the file is damaged.
    """
    path = folder / WEIGHTS
    try:
        return load(read_bytes(path))
    except SafetensorError as error:
        raise InputError(f"is damaged ({error})", source=path, remedy="train or copy it again") from error


def read_card(folder: Path) -> dict[str, Any]:
    """Return the card of a checkpoint.

    Raises:
        InputError: it is missing or damaged.
    """
    path = folder / CARD
    try:
        card = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise InputError(f"is no JSON ({error})", source=path, remedy="train or copy it again") from error
    if not isinstance(card, dict):
        raise InputError("is no JSON object", source=path, remedy="train or copy it again")
    return card


def take_weights(module: torch.nn.Module, folder: Path) -> None:
    """Give a network the weights of a checkpoint; runs no code of it.

    Raises:
        InputError: the weights are missing, damaged or of another shape.
    """
    weights = read_weights(folder)
    try:
        module.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        raise InputError(
            f"weights do not fit the network ({error})", source=folder, remedy="use its own config.yaml"
        ) from error


def git_hash() -> str | None:
    """Return the commit of the source tree, or None outside one."""
    here = Path(__file__).resolve().parent
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
