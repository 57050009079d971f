"""Running the stages: what is finished is kept in a folder and not done again."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np

from semverse.envs.cee.service.air import Progress
from semverse.envs.cee.service.stages import MODEL, STAGES, Arrays, Job, Stage
from semverse.envs.codecs.media import write_clip
from semverse.envs.errors import InputError
from semverse.envs.files import read_bytes, read_text, write_atomic

Bar = Callable[[str], AbstractContextManager[Progress]]
NO_QUALITY = {
    "fibre up": "assumed to lose nothing",
    "fibre down": "assumed to lose nothing",
    "rendering": "nobody filmed this view",
}


def run_stages(job: Job, folder: Path, bar: Bar) -> list[dict[str, Any]]:
    """Run all stages, or what is left of them; return the figures of each.

    Args:
        job: what is asked for.
        folder: where every stage leaves ``N_name.json`` and ``.npz`` for later stages, ``.mp4`` to look at.
        bar: given a stage's name, shows its progress.
    """
    done: dict[str, Arrays] = {}
    records = []
    for number, stage in enumerate(STAGES, start=1):
        path = folder / f"{number}_{stage.name.replace(' ', '_')}.json"
        if not path.exists():
            _run(stage, job, done, path, bar)
        records.append(_read_record(path))
        done[stage.name] = _read_arrays(path.with_suffix(".npz"))
    return records


def _run(stage: Stage, job: Job, done: dict[str, Arrays], path: Path, bar: Bar) -> None:
    with bar(stage.name) as progress:
        arrays, figures = stage.run(job, done, progress)
    record = {"stage": stage.name, "where": stage.where, "delay": stage.source, **figures}
    if stage.name in NO_QUALITY:
        record["no_quality"] = NO_QUALITY[stage.name]
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)  # type: ignore[arg-type]  # of any kind
    write_atomic(path.with_suffix(".npz"), packed.getvalue())
    if "frames" in arrays:
        write_clip(path.with_suffix(".mp4"), arrays["frames"], job.fps)
    write_atomic(path, (json.dumps(record, indent=1) + "\n").encode())  # last: says that the stage is done


def summary(records: list[dict[str, Any]], frames: int) -> dict[str, Any]:
    """Return the figures of a whole run."""
    modelled = sum(r["seconds"] for r in records if r["delay"] == MODEL)
    measured = sum(r["seconds"] for r in records if r["delay"] != MODEL)
    return {"frames": frames, "model_s": modelled, "measured_s": measured, "stages": records}


def as_text(result: dict[str, Any]) -> str:
    """Return the figures of a run as a table."""
    lines = [f"{'stage':15}{'where':18}{'s a clip':>10}{'ms a frame':>12}  {'delay':10}quality"]
    for r in result["stages"]:
        each = 1e3 * r["seconds"] / result["frames"]
        lines.append(
            f"{r['stage']:15}{r['where']:18}{r['seconds']:10.3f}{each:12.2f}  {r['delay']:10}{_said(r)}"
        )
    lines.append(
        f"{result['frames']} frames: {result['model_s']:.3f} s of links (model's constants), "
        f"{result['measured_s']:.3f} s of processor time (measured here)"
    )
    return "\n".join(lines) + "\n"


def _said(record: dict[str, Any]) -> str:
    if "no_quality" in record:
        return f"- ({record['no_quality']})"
    if "iou" in record:
        return f"IoU {record['iou']:.3f}"
    parts = [f"{record['psnr_db']:.2f} dB"]
    parts += [f"MS-SSIM {record['ms_ssim']:.3f}"] if record["ms_ssim"] is not None else []
    return ", ".join([*parts, f"LPIPS {record['lpips']:.3f}"])


def _read_record(path: Path) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads(read_text(path))
    except ValueError as error:
        raise InputError(f"is no JSON ({error})", source=path, remedy="remove it") from error
    return record


def _read_arrays(path: Path) -> Arrays:
    try:
        with np.load(io.BytesIO(read_bytes(path)), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, KeyError) as error:
        remedy = f"remove it and {path.stem}.json"
        raise InputError(f"is damaged ({error})", source=path, remedy=remedy) from error
