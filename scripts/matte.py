"""``semverse matte``: the person of one clip before the background of another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semverse.scripts.cli import run


def command(
    user: Annotated[Path, typer.Option(help="Clip of a person before the camera.")],
    background: Annotated[Path, typer.Option(help="Clip to put behind.")],
    model: Annotated[
        Path | None, typer.Option(help="Portrait model (.tflite); default: $SEMVERSE_PORTRAIT_MODEL.")
    ] = None,
    frames: Annotated[int, typer.Option(help="Read so many frames at most.")] = 120,
    fit: Annotated[bool, typer.Option(help="Crop, scale and repeat the background as needed.")] = False,
    out: Annotated[Path, typer.Option(help="Folder for clips and figures.")] = Path("matte"),
) -> None:
    """Cut a person out of a clip and put them before another background."""
    from json import dumps
    from time import perf_counter

    from tqdm import tqdm

    from semverse.envs.cee.matting.fusion import fuse, read_pair
    from semverse.envs.cee.matting.segmenter import Segmenter, check_person, shown_matte
    from semverse.envs.codecs.media import write_clip
    from semverse.envs.files import make_folder, write_atomic
    from semverse.scripts.options import check_output

    segmenter = Segmenter(model)
    person, behind = read_pair(user, background, frames, fit)
    with tqdm(total=len(person.frames), desc="matte", unit="frame", disable=None) as bar:
        began = perf_counter()
        alpha = segmenter.matte(person.frames, bar.update)
        taken_s = perf_counter() - began
    check_person(alpha, user)
    fused = fuse(person.frames, behind, alpha)
    check_output(make_folder(out) / "figures.json")
    write_clip(out / "matte.mp4", shown_matte(alpha), person.fps)
    write_clip(out / "fused.mp4", fused, person.fps)
    figures = {
        "frames": len(fused),
        "person_share": float(alpha.mean()),
        "matte_s_per_frame": taken_s / len(fused),
    }
    write_atomic(out / "figures.json", (dumps(figures, indent=1) + "\n").encode())
    for name, value in figures.items():
        print(f"{name:18}{value:.4g}")
    print(f"{'written':18}{out}")


if __name__ == "__main__":
    run(command)
