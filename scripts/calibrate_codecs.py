"""The part of ``semverse calibrate`` that holds the models of codecs against real ones."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from semverse.envs.codecs import model_errors as errors
from semverse.envs.codecs.bitstream import Frames
from semverse.envs.codecs.classical import encode
from semverse.envs.codecs.clips import SHIPPED, clip_paths
from semverse.envs.codecs.media import read_source
from semverse.envs.codecs.rate_model import fit
from semverse.envs.errors import InputError
from semverse.scripts.options import check_output

LOSSES = (errors.Scheme("x264", 28, "bpsk", 0.5, 1024), errors.Scheme("hevc-intra", 34, "16qam", 0.5, 1024))
SEEDS, FADING_SEEDS = 4, 12


def calibrate_codecs(out: Path, only: str) -> None:
    """Encode clips at many levels, run chains, and print what the models miss of them."""
    codecs = [name for name in errors.LEVELS if name.startswith(only)]
    if not codecs:
        remedy = f"give the beginning of {', '.join(errors.LEVELS)}"
        raise InputError(f"is {only!r:.60}", source="--only", remedy=remedy)
    check_output(out)
    records = errors.read_records(out)
    clips = {
        name: errors.crop(read_source(path, errors.LOSS_FRAMES).frames) for name, path in clip_paths().items()
    }
    wanted = [(clip, codec, level) for codec in codecs for clip in clips for level in errors.LEVELS[codec]]
    for clip, codec, level in tqdm(wanted, unit="encode"):
        key = f"{clip} {codec} {level}"
        if key not in records:
            records[key] = errors.measure(clips[clip][: errors.CURVE_FRAMES], codec, level)
            errors.write_records(out, records)
    table = Table(title="At levels that were not measured, worst of all clips (90th percentile)")
    for heading in ("codec", "table, rate", "PSNR dB", "three probes, rate", "PSNR dB"):
        table.add_column(heading, justify="right")
    for codec in codecs:
        of_clips = [[records[f"{clip} {codec} {level}"] for level in errors.LEVELS[codec]] for clip in clips]
        cells = []
        for missed in (errors.table_errors, errors.probe_errors):
            found = [missed(codec, of_clip) for of_clip in of_clips]
            cells += ["{:.1%} ({:.1%})".format(*errors.worst([error.rate for error in found]))]
            cells += ["{:.2f} ({:.2f})".format(*errors.worst([error.psnr_db for error in found]))]
        table.add_row(codec, *cells)
    Console(width=110).print(table)
    for scheme in LOSSES:
        if scheme.codec in codecs:
            _print_losses(scheme, clips[SHIPPED[0]])


def _print_losses(scheme: errors.Scheme, frames: Frames) -> None:
    steps = [level for level in errors.LEVELS[scheme.codec][::2] if 23 <= level <= 41]
    model = fit(frames, [encode(frames, scheme.codec, level, errors.GOP) for level in steps])
    runs = (len(errors.CLIFF_DB) + 1) * SEEDS + len(errors.FADING_DB) * FADING_SEEDS
    with tqdm(total=runs, unit="run") as bar:
        found = errors.loss_errors(frames, model, scheme, SEEDS, bar.update, FADING_SEEDS)
    real, modelled = found.midpoints_db
    print(f"{scheme.codec} QP {scheme.level}, {scheme.modulation} {scheme.code_rate:g}, {SHIPPED[0]}")
    print(f"  cliff midpoint: chain {real:.2f} dB, model {modelled:.2f} dB, error {modelled - real:+.3f} dB")
    print(
        f"  plateau: chain {found.chain_db[-1]:.2f} dB, error of the model {found.plateau_error_db:+.3f} dB"
    )
    for esno_db, (mean, standard_error, guess) in zip(errors.FADING_DB, found.fading_db, strict=True):
        print(f"  Rayleigh {esno_db:g} dB: chain {mean:.2f} +- {standard_error:.2f} dB, model {guess:.2f} dB")
