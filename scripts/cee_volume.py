"""``python -m semverse.scripts.cee_volume``: table 3 of paper 000 remade, on clips of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semverse.scripts.cli import run


def command(
    user: Annotated[Path, typer.Option(help="Clip of a person before the camera.")],
    background: Annotated[Path, typer.Option(help="Clip to put behind; cropped, scaled and repeated.")],
    snr: Annotated[str, typer.Option(help="Es/N0 on AWGN, dB, separated by commas.")] = "0,10",
    checkpoint: Annotated[str, typer.Option(help="Video codec: its name, or its folder.")] = "vst",
    rate: Annotated[float | None, typer.Option(help="Symbols per pixel; default: the codec's.")] = None,
    frames: Annotated[int, typer.Option(help="Read so many frames at most.")] = 96,
    gop: Annotated[int, typer.Option(help="Frames of x264 from one intra frame to the next.")] = 30,
    model: Annotated[
        Path | None, typer.Option(help="Portrait model (.tflite); default: $SEMVERSE_PORTRAIT_MODEL.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder; clips that are done are not done again.")] = Path(
        "runs/cee_volume"
    ),
) -> None:
    """Send person, background and fused clip by the video codec; say what x264 would take."""
    import json

    from semverse.envs.cee.config import load_profile
    from semverse.envs.cee.matting.fusion import fuse, read_pair
    from semverse.envs.cee.matting.segmenter import Segmenter, check_person
    from semverse.envs.cee.service.air import Air, check_link, send_clip
    from semverse.envs.cee.service.config import load_service
    from semverse.envs.cee.service.volume import as_text, compare, ladder
    from semverse.envs.errors import InputError
    from semverse.envs.files import make_folder, read_text, write_atomic
    from semverse.scripts.cli import progress_bar
    from semverse.scripts.folders import claim_folder
    from semverse.scripts.options import split

    try:
        ratios = [float(part) for part in split(snr) or []]
    except ValueError as error:
        raise InputError(f"is {snr!r:.60}", source="--snr", remedy="give e.g. 0,10") from error
    mhz, chain = load_profile().radio.uplink_mhz, load_service().chain
    links = [Air("vst", ratio, "awgn", mhz, True, 0, chain, checkpoint, rate) for ratio in ratios]
    for link in links:
        check_link(link)
    segmenter = Segmenter(model)
    person, behind = read_pair(user, background, frames, fit=True)
    check_person(matte := segmenter.matte(person.frames), user)
    clips = {"person": person.frames, "background": behind}
    clips["synthesis"] = fuse(person.frames, behind, matte)
    asked = {"user": str(user), "background": str(background), "snr": ratios, "checkpoint": checkpoint}
    claim_folder(make_folder(out) / "asked.json", {**asked, "rate": rate, "frames": frames, "gop": gop})
    found = {}
    for name, shown in clips.items():
        if not (path := out / f"{name}.json").exists():
            with progress_bar(f"{name}: x264") as progress:
                rungs = ladder(shown, gop, progress)
            compared = []
            for link in links:
                with progress_bar(f"{name}: {link.snr_db:g} dB") as progress:
                    sent = send_clip(shown, person.fps, link, progress)
                compared.append(compare(sent, rungs, link.snr_db, mhz))
            write_atomic(path, (json.dumps(compared, indent=1) + "\n").encode())
        found[name] = json.loads(read_text(path))
    print(as_text(found), end="")


if __name__ == "__main__":
    run(command)
