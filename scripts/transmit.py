"""``semverse transmit``: a clip or picture over the air, by a classical chain or the learned video codec."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from semverse.scripts.cli import run


def command(
    source: Annotated[Path, typer.Option(help="Clip or picture.")],
    codec: Annotated[str, typer.Option(help="vst, or see 'Codecs' in docs/codecs.md.")] = "x264",
    checkpoint: Annotated[str, typer.Option(help="vst: its name, or its folder.")] = "vst",
    rate: Annotated[float | None, typer.Option(help="vst: symbols per pixel.")] = None,
    qp: Annotated[float | None, typer.Option(help="Quantiser of a video codec.")] = None,
    quality: Annotated[float | None, typer.Option(help="Of a picture codec; jpeg2000: PSNR in dB.")] = None,
    gop: Annotated[int, typer.Option(help="Frames from one intra frame to the next.")] = 30,
    modulation: Annotated[str, typer.Option(help="bpsk, qpsk, 16qam, 64qam or 256qam.")] = "qpsk",
    code_rate: Annotated[float, typer.Option(help="Information bits a coded bit.")] = 0.5,
    k: Annotated[int, typer.Option(help="Information bits a code block.")] = 1024,
    snr: Annotated[float, typer.Option(help="Mean Es/N0 of a received symbol, dB.")] = 10.0,
    channel: Annotated[str, typer.Option(help="awgn, or rayleigh: a gain for every block.")] = "awgn",
    damaged: Annotated[str, typer.Option(help="drop packets with a failed block, or decode them.")] = "drop",
    frames: Annotated[int, typer.Option(help="Read so many frames at most.")] = 120,
    bandwidth_mhz: Annotated[float, typer.Option(help="For the delay: one symbol a second and hertz.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of fading and noise.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for what is received.")] = Path("transmission"),
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of lines.")] = False,
) -> None:
    """Send a clip or picture over a link that is really run."""
    from json import dumps

    from tqdm import tqdm

    from semverse.envs.codecs.chosen import chosen_settings, transmit_chosen
    from semverse.envs.codecs.media import read_source, write_received
    from semverse.envs.files import make_folder, write_atomic
    from semverse.scripts.options import check_output, check_seed

    chain: dict[str, Any] = {"modulation": modulation, "code_rate": code_rate, "k": k}
    chain |= {"gop": gop, "damaged": damaged, "seed": check_seed(seed), "snr_db": snr}
    settings = chosen_settings(
        codec, checkpoint, rate, qp, quality, channel=channel, bandwidth_mhz=bandwidth_mhz, **chain
    )
    clip = read_source(source, frames)
    check_output(make_folder(out) / "figures.json")
    with tqdm(desc=codec, disable=None) as bar:

        def advance(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        report = transmit_chosen(clip, settings, advance)
    text = dumps(figures := report.to_json(), indent=1)
    path = write_received(out, clip, report.received)
    write_atomic(out / "figures.json", (text + "\n").encode())
    if json:
        print(text)
    else:
        _show({**{key: value for key, value in figures.items() if key != "settings"}, "written": path})


def _show(figures: dict[str, Any]) -> None:
    from semverse.envs.codecs.metrics import MS_SSIM_MIN_SIDE

    for name, value in figures.items():
        if name == "ms_ssim" and value is None:
            value = f"none (side below {MS_SSIM_MIN_SIDE})"
        print(f"{name:18}{f'{value:.4f}' if isinstance(value, float) else value}")


if __name__ == "__main__":
    run(command)
