"""``semverse reconstruct``: dynamic Gaussians from a moving scene, judged by what is known of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semverse.scripts.cli import run


def command(
    config: Annotated[
        Path | None, typer.Option(help="YAML file; default: configs/cee/gaussians.yaml.")
    ] = None,
    bases: Annotated[int | None, typer.Option(help="Motions that all Gaussians share.")] = None,
    frames: Annotated[int, typer.Option(help="Frames of the scene.")] = 20,
    size: Annotated[int, typer.Option(help="Height and width of a picture, pixels.")] = 64,
    seed: Annotated[int, typer.Option(help="Seed of scene and fit.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for figures and pictures.")] = Path("reconstruction"),
) -> None:
    """Reconstruct a synthetic moving scene in 3-D; print how far tracks and views are off."""
    from dataclasses import asdict
    from json import dumps
    from time import process_time

    import torch
    from tqdm import tqdm

    from semverse.envs.cee.gaussians.fitting import FitConfig, fit
    from semverse.envs.cee.gaussians.metrics import score
    from semverse.envs.cee.gaussians.pictures import side_by_side, write_pictures
    from semverse.envs.cee.gaussians.synthetic import make_scene
    from semverse.envs.config import load_config, shipped
    from semverse.envs.errors import InputError
    from semverse.envs.files import make_folder, write_atomic
    from semverse.scripts.options import check_output, check_seed

    chosen = load_config(FitConfig, shipped("cee", "gaussians.yaml") if config is None else config)
    if bases is not None:
        if not 1 <= bases <= chosen.gaussians:
            raise InputError(f"is {bases}", source="--bases", remedy=f"give 1 to {chosen.gaussians}")
        chosen = chosen.model_copy(update={"bases": bases})
    if not 4 <= frames <= 300:
        raise InputError(f"is {frames}", source="--frames", remedy="give 4 to 300")
    if not 16 <= size <= 256:
        raise InputError(f"is {size}", source="--size", remedy="give 16 to 256")
    check_output(make_folder(out) / "figures.json")
    clip, truth = make_scene(frames=frames, size=size, seed=check_seed(seed))
    torch.set_num_threads(1)  # sums that are split among threads round differently
    began = process_time()
    with tqdm(total=chosen.steps, desc="fit", disable=None) as bar:

        def advance(loss: float) -> None:
            bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
            bar.update()

        scene = fit(clip, chosen, seed, advance)
    figures = {**asdict(score(scene, clip, truth)), "cpu_s": process_time() - began}
    write_atomic(out / "figures.json", (dumps(figures, indent=1) + "\n").encode())
    write_pictures(out, side_by_side(scene, clip, truth))
    for name, value in figures.items():
        print(f"{name:18}{'none' if value is None else f'{value:.4f}'}")
    print(f"{'written':18}{out}")


if __name__ == "__main__":
    run(command)
