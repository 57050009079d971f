"""``semverse surfaces``: measure the quality surfaces of a learned codec (for the VL-SCC environments)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semverse.scripts.cli import run


def command(
    config: Annotated[str, typer.Option(help="What ships in configs/vlscc/surfaces, or a YAML file.")],
    out: Annotated[Path, typer.Option(help="File to write, .npz; frames so far stand in .partial.")],
) -> None:
    """Measure distortion over frames, levels and signal-to-noise ratios; a stopped run goes on."""
    import torch
    from tqdm import tqdm

    from semverse.envs.config import shipped
    from semverse.envs.errors import InputError
    from semverse.envs.vlscc.measurements import load_measurement, measure
    from semverse.envs.vlscc.surfaces import save_surfaces

    if out.suffix != ".npz":
        raise InputError(f"is {out.name!r:.60}", source="--out", remedy="give a file that ends in .npz")
    path = shipped("vlscc", "surfaces", f"{config}.yaml") if config.isidentifier() else Path(config)
    chosen, partial = load_measurement(path), out.with_suffix(".partial")
    torch.set_num_threads(1)
    with tqdm(desc=chosen.name, unit=" frames") as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        surfaces = measure(chosen, partial, show)
    save_surfaces(surfaces, out)
    partial.unlink(missing_ok=True)
    print(f"{surfaces.frames} frames, {surfaces.levels} levels, {len(surfaces.snr_db)} ratios in {out}")


if __name__ == "__main__":
    run(command)
