"""Quality surfaces: the toy, the ones that ship, and reading and writing them as .npz files."""

from __future__ import annotations

import io
import zipfile
from dataclasses import fields, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from semverse.envs.errors import InputError
from semverse.envs.files import read_bytes, write_atomic
from semverse.envs.vlscc.types import Surfaces

FORMAT = "semverse.vlscc/1"
_TEXTS = ("name", "measure", "codec")
_NUMBERS = {"symbols": int, "worst": float, "best": float}
# axes of each array; a letter stands for the same length everywhere
_AXES = {
    "distortion": "FPLS",
    "snr_db": "S",
    "features": "FPK",
    "feature_names": "K",
    "allocation": "FPS",
    "scene": "F",
    "held_out": "F",
}


def toy_surfaces() -> Surfaces:
    """Return surfaces small enough to check by hand.

    Six frames of one block, levels 0..3 of 300 symbols, 0 and 10 dB. The distortion of a frame of size a at
    level l is ``a / (1 + l s)`` with s = 1 at 0 dB and s = 3 at 10 dB; sizes are 1, 2, 4, and again 1, 2, 4
    in a second scene; frames 2 and 5 are held out. The quality is 1 - distortion / 2.
    """
    size = np.array([1.0, 2.0, 4.0, 1.0, 2.0, 4.0])
    strength = 1.0 + np.arange(4)[:, None] * np.array([1.0, 3.0])  # [L, S]
    return Surfaces(
        name="toy",
        measure="mpjpe",
        codec="",
        symbols=300,
        distortion=size[:, None, None, None] / strength,
        snr_db=np.array([0.0, 10.0]),
        features=size[:, None, None],
        feature_names=("entropy",),
        allocation=np.repeat(np.clip(np.round(size)[:, None, None], 0, 3), 2, axis=2),
        scene=np.array([0, 0, 0, 1, 1, 1]),
        held_out=np.array([False, False, True, False, False, True]),
        sources=size[:, None],
        worst=-2.0,
        best=0.0,
    )


def toy_map_surfaces() -> Surfaces:
    """Return the toy with frames of four blocks, whose distortions are the toy's times 1, 4, 1, 1, over 100.

    The measure is the PSNR; quality 0 is that of distortion 0.035 (a frame of size 2), quality 1 that of the
    best frame.
    """
    toy, weight = toy_surfaces(), np.array([1.0, 4.0, 1.0, 1.0]) / 100.0
    distortion = toy.distortion * weight[:, None, None]
    mean = distortion.mean(axis=1)
    return replace(
        toy,
        name="toy_map",
        measure="psnr",
        distortion=distortion,
        features=toy.features * weight[:, None],
        allocation=np.repeat(toy.allocation, 4, axis=1),
        sources=toy.sources * weight,
        worst=float(-10.0 * np.log10(0.035)),
        best=float(-10.0 * np.log10(mean.min())),
    )


TOYS = {"toy": toy_surfaces, "toy_map": toy_map_surfaces}


@cache
def load_surfaces(name: str) -> Surfaces:
    """Read surfaces: a toy, ones that ship, or the path of an .npz file.

    Raises:
        InputError: unknown name, unreadable file, or a field that is missing or does not fit.
    """
    if name in TOYS:
        return TOYS[name]()
    if name.endswith(".npz"):
        return _read(Path(name))
    path = Path(str(files("semverse.envs.vlscc").joinpath("tables", f"{name}.npz")))
    if not (name.isidentifier() and path.is_file()):
        known = ", ".join([*TOYS, *sorted(p.stem for p in path.parent.glob("*.npz"))])
        raise InputError(f"is {name!r:.60}", key="surfaces", remedy=f"choose {known} or an .npz file")
    return _read(path)


def save_surfaces(surfaces: Surfaces, path: str | Path) -> None:
    """Write surfaces so that the file is there whole or not at all; distortions as float32.

    Raises:
        InputError: the file cannot be written.
    """
    arrays = {field.name: np.asarray(getattr(surfaces, field.name)) for field in fields(Surfaces)}
    small = {k: v.astype(np.float32) if v.dtype == np.float64 and v.ndim else v for k, v in arrays.items()}
    stream = io.BytesIO()
    np.savez_compressed(stream, format=np.asarray(FORMAT), **small)  # type: ignore[arg-type]
    write_atomic(path, stream.getvalue())


def _read(path: Path) -> Surfaces:
    content = read_bytes(path)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            data = {key: archive[key] for key in archive.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, KeyError) as error:
        raise InputError(f"is no .npz archive ({error})", source=path, remedy="make it anew") from error
    if str(data.pop("format", "")) != FORMAT:
        raise InputError("is no table of surfaces", source=path, key="format", remedy=f"expected {FORMAT}")
    for field in fields(Surfaces):
        if field.name not in data:
            raise InputError("is missing", source=path, key=field.name, remedy="make the table anew")
    try:
        return checked(_typed(data))
    except InputError as error:
        raise error.at(path) from error


def _typed(data: dict[str, Any]) -> Surfaces:
    """Give every field its type."""
    given: dict[str, Any] = {"sources": data["sources"]}
    given |= {key: str(data[key]) for key in _TEXTS}
    for key, kind in _NUMBERS.items():
        if data[key].ndim or data[key].dtype.kind not in "iuf":
            raise InputError("is no number", key=key, remedy="make the table anew")
        given[key] = kind(data[key])
    for key in ("distortion", "snr_db", "features", "allocation"):
        if data[key].dtype.kind not in "iuf":
            raise InputError("holds no numbers", key=key, remedy="make the table anew")
        given[key] = np.ascontiguousarray(data[key], dtype=np.float64)
    given["scene"] = data["scene"].astype(np.int64)
    given["held_out"] = data["held_out"].astype(np.bool_)
    given["feature_names"] = tuple(str(name) for name in np.atleast_1d(data["feature_names"]))
    return Surfaces(**given)


def checked(surfaces: Surfaces) -> Surfaces:
    """Return surfaces whose parts fit each other.

    Raises:
        InputError: names the field that does not.
    """
    sizes: dict[str, int] = {}
    for key, axes in _AXES.items():
        shape = np.shape(getattr(surfaces, key))
        if len(shape) != len(axes) or any(
            sizes.setdefault(a, n) != n for a, n in zip(axes, shape, strict=True)
        ):
            raise InputError(f"has shape {list(shape)}", key=key, remedy=f"expected axes {axes} as elsewhere")
    wrong = _wrong(surfaces, sizes)
    if wrong is not None:
        raise InputError(wrong[1], key=wrong[0], remedy="make the table anew")
    return surfaces


def _wrong(s: Surfaces, sizes: dict[str, int]) -> tuple[str, str] | None:
    """Return the first field with a wrong value, and what is wrong."""
    steps = np.diff(s.snr_db)
    checks = (
        ("distortion", "needs a frame, a block, two levels and two ratios", min(sizes.values()) < 1),
        ("distortion", "needs two levels or more", sizes["L"] < 2),
        ("snr_db", "needs two evenly spaced values or more, rising", sizes["S"] < 2 or steps.min() <= 0),
        ("snr_db", "is not evenly spaced", sizes["S"] > 1 and not np.allclose(steps, steps[0])),
        (
            "distortion",
            "is not finite and positive",
            not (np.isfinite(s.distortion) & (s.distortion > 0)).all(),
        ),
        ("features", "is not finite", not np.isfinite(s.features).all()),
        ("feature_names", "lacks 'entropy'", "entropy" not in s.feature_names),
        ("allocation", "leaves the levels", bool(((s.allocation < 0) | (s.allocation >= sizes["L"])).any())),
        ("measure", f"is {s.measure!r:.40}", s.measure not in ("mpjpe", "psnr")),
        ("symbols", f"is {s.symbols}", s.symbols < 1),
        ("best", "is not above worst", not s.best > s.worst),
        ("sources", "has another number of frames", len(s.sources) != sizes["F"]),
        ("held_out", "leaves nothing to train on", bool(s.held_out.all())),
    )
    return next(((key, text) for key, text, bad in checks if bad), None)
