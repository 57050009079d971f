"""``semverse service``: the whole service of paper 000 on real clips, stage by stage."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semverse.scripts.cli import progress_bar, run


def command(
    user: Annotated[Path, typer.Option(help="Clip of a person before the camera.")],
    background: Annotated[Path, typer.Option(help="Clip to put behind.")],
    snr: Annotated[float, typer.Option(help="Mean Es/N0 of both uplinks, dB.")] = 10.0,
    downlink_snr: Annotated[float | None, typer.Option(help="Of the downlink; default: --snr.")] = None,
    channel: Annotated[str, typer.Option(help="awgn, or rayleigh: a gain for every block.")] = "awgn",
    codec: Annotated[str, typer.Option(help="x264, x265, hevc-intra, svt-av1, or vst.")] = "x264",
    checkpoint: Annotated[str, typer.Option(help="vst: its name, or its folder.")] = "vst",
    rate: Annotated[float | None, typer.Option(help="vst: symbols per pixel.")] = None,
    frames: Annotated[int, typer.Option(help="Read so many frames at most.")] = 24,
    steps: Annotated[int | None, typer.Option(help="Of fitting the scene; default: the file's.")] = None,
    fit: Annotated[bool, typer.Option(help="Crop, scale and repeat the background as needed.")] = False,
    model: Annotated[
        Path | None, typer.Option(help="Portrait model (.tflite); default: $SEMVERSE_PORTRAIT_MODEL.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="YAML file; default: configs/cee/service.yaml.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of fading, noise and fit.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder; what is finished there is not done again.")] = Path(
        "service"
    ),
) -> None:
    """Send, matte, fuse, reconstruct, render and send down; say what each stage takes and loses."""
    from json import dumps

    from semverse.envs.cee.service.config import load_service
    from semverse.envs.cee.service.order import Order, prepare
    from semverse.envs.cee.service.run import as_text, run_stages, summary
    from semverse.envs.files import make_folder, write_atomic
    from semverse.scripts.folders import claim_folder
    from semverse.scripts.options import check_output, check_seed

    order = Order(
        user=user,
        background=background,
        uplink_db=snr,
        downlink_db=snr if downlink_snr is None else downlink_snr,
        channel=channel,
        codec=codec,
        checkpoint=checkpoint,
        rate=rate,
        frames=frames,
        steps=steps,
        fit=fit,
        seed=check_seed(seed),
    )
    job, recipe = prepare(order, load_service(config), model)
    check_output(make_folder(out) / "figures.json")
    claim_folder(out / "service.json", recipe)
    result = summary(run_stages(job, out, progress_bar), len(job.user))
    write_atomic(out / "figures.json", (dumps(result, indent=1) + "\n").encode())
    write_atomic(out / "table.txt", (text := as_text(result)).encode())
    print(text, end="")


if __name__ == "__main__":
    run(command)
