"""The part of ``semverse calibrate`` that holds the models of codecs against real ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from semverse.envs.codecs import model_errors as errors
from semverse.envs.codecs.bitstream import CODECS, Frames
from semverse.envs.codecs.clips import SHIPPED, clip_paths, kodak_pictures
from semverse.envs.codecs.media import read_source
from semverse.envs.errors import InputError
from semverse.scripts.calibrate_losses import LOSSES, print_losses
from semverse.scripts.options import check_output


def calibrate_codecs(out: Path, only: str) -> None:
    """Encode clips at many levels, run chains, and print what the models miss of them."""
    codecs = [name for name in errors.LEVELS if name.startswith(only)]
    if not codecs:
        remedy = f"give the beginning of {', '.join(errors.LEVELS)}"
        raise InputError(f"is {only!r:.60}", source="--only", remedy=remedy)
    check_output(out)
    records, sources = errors.read_records(out), _sources(codecs)
    cells = [(name, codec) for codec, given in sources.items() for name in given]
    wanted = [(name, codec, level) for name, codec in cells for level in errors.LEVELS[codec]]
    for name, codec, level in tqdm(wanted, unit="encode"):
        key = f"{name} {codec} {level}"
        if key not in records:
            records[key] = errors.measure(sources[codec][name][: errors.CURVE_FRAMES], codec, level)
            errors.write_records(out, records)
    _print_curves(records, sources)
    for scheme in LOSSES:
        if scheme.codec in sources:
            print_losses(scheme, SHIPPED[0], sources[scheme.codec][SHIPPED[0]])


def _sources(codecs: Sequence[str]) -> dict[str, dict[str, Frames]]:
    """Return what each codec is given, by name; codecs of pictures are left out where there are none."""
    of_pictures = [codec for codec in codecs if CODECS[codec].kind == "picture"]
    found = dict[str, dict[str, Frames]]()
    if len(of_pictures) < len(codecs):
        clips = {
            name: errors.crop(read_source(path, errors.LOSS_FRAMES).frames)
            for name, path in clip_paths().items()
        }
        found = {codec: clips for codec in codecs if codec not in of_pictures}
    try:
        return found | dict.fromkeys(of_pictures, kodak_pictures() if of_pictures else {})
    except InputError as error:
        if not found:
            raise
        print(f"{', '.join(of_pictures)}: left out, {error}")
        return found


def _print_curves(records: dict[str, errors.Record], sources: dict[str, dict[str, Frames]]) -> None:
    table = Table(title="At levels that were not measured, worst of all clips or pictures (90th percentile)")
    for heading in ("codec", "table, rate", "PSNR dB", "three probes, rate", "PSNR dB"):
        table.add_column(heading, justify="right")
    for codec, names in sources.items():
        measured = [[records[f"{name} {codec} {level}"] for level in errors.LEVELS[codec]] for name in names]
        cells = []
        for missed in (errors.table_errors, errors.probe_errors):
            found = [missed(codec, of_one) for of_one in measured]
            cells += ["{:.1%} ({:.1%})".format(*errors.worst([error.rate for error in found]))]
            cells += ["{:.2f} ({:.2f})".format(*errors.worst([error.psnr_db for error in found]))]
        table.add_row(codec, *cells)
    Console(width=110).print(table)
