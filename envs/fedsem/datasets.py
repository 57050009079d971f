"""Pictures to learn from: the digits that ship, MNIST, or a file of the user's; and who gets which."""

from __future__ import annotations

import io
import os
import zipfile
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from semverse.envs.errors import InputError
from semverse.envs.fedsem.types import CLASSES, Dataset, Split
from semverse.envs.files import read_bytes, read_text

_REMEDY = "give images [N, H, W] and labels [N] from 0 to 9"
_LARGEST_SIDE = 64


def load_data(name: str) -> Dataset:
    """Return a data set.

    Args:
        name: "digits" (1,797 pictures of 8x8, shipped), "mnist" (70,000 of 28x28, from
            ``$SEMVERSE_DATA/mnist/mnist.npz``), or the path of a file: .npz with arrays ``images`` and
            ``labels``, or .csv with a header, the label in column ``label`` and the pixels of a square
            picture, row by row, in all others.

    Raises:
        InputError: an unknown name, a missing or damaged file, arrays that do not fit.
    """
    if name == "digits":
        return _digits()
    if name == "mnist":
        return _mnist(Path(os.environ.get("SEMVERSE_DATA", "data")) / "mnist" / "mnist.npz")
    if name.endswith(".npz"):
        arrays = read_npz(Path(name))
        for key in ("images", "labels"):
            if key not in arrays:
                raise InputError("array is missing", source=name, key=key, remedy=_REMEDY)
        return _checked(arrays["images"], arrays["labels"], name)
    if name.endswith(".csv"):
        return _read_csv(name)
    raise InputError(
        f"is {name!r:.60}", key="data", remedy="choose 'digits', 'mnist', or a file ending in .npz or .csv"
    )


@cache
def _digits() -> Dataset:
    path = Path(str(files("semverse.envs.fedsem.data").joinpath("digits.npz")))
    arrays = read_npz(path)
    return _checked(arrays["images"], arrays["labels"], str(path))


@cache
def _mnist(path: Path) -> Dataset:
    if not path.is_file():
        remedy = "set SEMVERSE_DATA to a folder that has mnist/mnist.npz, or choose 'digits'"
        raise InputError("is missing", source=path, key="data", remedy=remedy)
    arrays = read_npz(path)
    try:
        images = np.concatenate([arrays["x_train"], arrays["x_test"]])
        labels = np.concatenate([arrays["y_train"], arrays["y_test"]])
    except (KeyError, ValueError) as error:
        raise InputError(f"is not MNIST ({error})", source=path, remedy="copy it again") from error
    return _checked(images, labels, str(path))


def read_npz(path: Path) -> dict[str, Any]:
    """Read all arrays of an NPZ file; never unpickles."""
    content = read_bytes(path)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files}
    except (ValueError, OSError, zipfile.BadZipFile, EOFError, AttributeError, KeyError) as error:
        raise InputError(
            f"is no NPZ file of arrays ({error})", source=path, remedy="save it with numpy.savez"
        ) from error


def _read_csv(name: str) -> Dataset:
    lines = [line for line in read_text(name).splitlines() if line.strip()]
    header = [column.strip() for column in lines[0].split(",")] if lines else []
    if "label" not in header:
        raise InputError("column is missing", source=name, key="label", remedy="name it in the first line")
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        try:
            row = [float(cell) for cell in line.split(",")]
        except ValueError as error:
            raise InputError(
                f"holds no numbers ({error})", source=name, key=f"line {number}", remedy=_REMEDY
            ) from error
        if len(row) != len(header):
            text = f"has {len(row)} columns, the header {len(header)}"
            raise InputError(text, source=name, key=f"line {number}", remedy="mend the line")
        rows.append(row)
    table = np.array(rows, dtype=np.float64).reshape(-1, len(header))
    at = header.index("label")
    pixels = np.delete(table, at, axis=1)
    side = round(pixels.shape[1] ** 0.5)
    if side * side != pixels.shape[1]:
        text = f"has {pixels.shape[1]} pixels, no square"
        raise InputError(text, source=name, remedy="give the pixels of square pictures")
    return _checked(pixels.reshape(-1, side, side), table[:, at], name)


def _checked(images: Any, labels: Any, source: str) -> Dataset:
    """Return arrays as a data set, pixels scaled to a largest one of 1."""
    if images.ndim != 3 or labels.shape != images.shape[:1] or images.dtype.kind not in "uif":
        text = f"images have shape {list(images.shape)}, labels {list(labels.shape)}"
        raise InputError(text, source=source, remedy=_REMEDY)
    if not all(4 <= side <= _LARGEST_SIDE for side in images.shape[1:]):
        text = f"pictures of {images.shape[1]}x{images.shape[2]}"
        raise InputError(text, source=source, key="images", remedy=f"give sides of 4 to {_LARGEST_SIDE}")
    if not len(labels) or labels.dtype.kind not in "uif" or not np.isin(labels, np.arange(CLASSES)).all():
        raise InputError("are no classes", source=source, key="labels", remedy=_REMEDY)
    top = float(images.max())
    if not (np.isfinite(images).all() and images.min() >= 0 and top > 0):
        remedy = "give finite pixels of at least 0, not all black"
        raise InputError("are no grey values", source=source, key="images", remedy=remedy)
    return Dataset((images / top).astype(np.float32), labels.astype(np.int64))


def split_data(data: Dataset, clients: int, samples: int, public: int, rng: np.random.Generator) -> Split:
    """Share out pictures as the paper does: private ones sorted by class and cut into slices.

    Args:
        data: all pictures.
        clients: K slices, one each.
        samples: of a slice; most slices hold one class.
        public: pictures that everybody knows, drawn from the rest, labels dropped.
        rng: which pictures are whose.

    Returns:
        The split; whatever is left is the test set.

    Raises:
        InputError: there are too few pictures (ten must be left to test with).
    """
    needed = clients * samples + public + CLASSES
    if needed > len(data):
        raise InputError(
            f"has {len(data)} pictures, {needed} are needed",
            key="data",
            remedy="lower clients, samples or public",
        )
    order = rng.permutation(len(data))
    private = order[: clients * samples]
    private = private[np.argsort(data.labels[private], kind="stable")]
    rest = order[clients * samples :]
    shape = (clients, samples, *data.images.shape[1:])
    return Split(
        data.images[private].reshape(shape),
        data.labels[private].reshape(clients, samples),
        data.images[rest[:public]],
        data.take(rest[public:]),
    )
