"""Reading and writing whole files; what goes wrong is one `InputError` that names the path."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from semverse.envs.errors import InputError


def read_bytes(path: str | Path) -> bytes:
    """Return the content of a regular file.

    Raises:
        InputError: there is no such file, it is a folder, or it cannot be read.
    """
    try:
        if Path(path).exists() and not Path(path).is_file():
            raise InputError("is no regular file", source=path, remedy="give the path of a file")
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
        if isinstance(error, InputError):
            raise
        raise _unusable("cannot be read", path, error) from error


def read_text(path: str | Path) -> str:
    """Return the content of a UTF-8 text file, without a byte-order mark.

    Raises:
        InputError: it cannot be read or is not UTF-8.
    """
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"is not UTF-8 text (byte {error.start})", source=path, remedy="save it as UTF-8"
        ) from error


def write_atomic(path: str | Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all.

    Raises:
        InputError: the folder is missing or cannot be written to, or the path is a folder or a device.
    """
    target = Path(path)
    temporary: str | None = None
    try:
        if target.exists() and not target.is_file():  # renaming onto a device would remove the device
            raise InputError(
                "cannot be written (no regular file)", source=path, remedy="give the path of a file"
            )
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.")
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # mkstemp makes it private; a plain open would not
        os.replace(temporary, target)
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
        if isinstance(error, InputError):
            raise
        raise _unusable("cannot be written", path, error) from error
    finally:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)


def make_folder(path: str | Path) -> Path:
    """Create a folder (and its parents) unless it exists, and return its path.

    Raises:
        InputError: it cannot be created, or a file is in its place.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise _unusable("cannot be made a folder", path, error) from error
    return Path(path)


def _unusable(what: str, path: object, error: Exception) -> InputError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return InputError(f"{what} ({reason})", source=path, remedy="check the path and its permissions")
