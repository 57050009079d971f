"""Folders that a command fills and carries on with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from semverse.envs.errors import InputError
from semverse.envs.files import read_text, write_atomic


def claim_folder(note: Path, recipe: dict[str, Any]) -> None:
    """Note what the files of a folder are made of, so that it is only carried on with the same.

    Args:
        note: JSON file in the folder, which exists.
        recipe: everything that decides the content of the other files.

    Raises:
        InputError: the folder was started with another recipe, holds other files or cannot be written.
    """
    text = json.dumps(recipe, indent=1) + "\n"
    if note.exists():
        if read_text(note) != text:
            raise InputError("is of other settings", source=note, remedy="choose another --out")
    elif any(not found.name.startswith(".") for found in note.parent.iterdir()):
        raise InputError("holds other files", source=note.parent, remedy="choose an empty or new folder")
    else:
        write_atomic(note, text.encode())
