"""``semverse calibrate``: measure the block error rates that ship, and check what is computed from them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from semverse.scripts.cli import run


class What(StrEnum):
    """What there is to calibrate."""

    bler = "bler"
    check = "check"
    codecs = "codecs"


def command(
    what: Annotated[What, typer.Argument(help="What to measure; see below.")],
    out: Annotated[
        Path | None, typer.Option(help="bler, codecs: file for what is measured; what it has is kept.")
    ] = None,
    only: Annotated[str, typer.Option(help="Schemes or codecs whose name begins so, e.g. 'qpsk 0.5'.")] = "",
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of all randomness.")] = None,
) -> None:
    """Measure what ships, or what the models miss of what is really run.

    ``bler``: block error rates of 5G codes by Monte Carlo, about an hour of one core. ``check``: those models
    against new runs, about two minutes. ``codecs``: rate, quality and losses of clips against real encoders
    and the real chain, of pictures against Pillow; some twenty minutes.
    """
    file = Path(f"{what.value}.json") if out is None else out
    if what is What.codecs:
        from semverse.scripts.calibrate_codecs import calibrate_codecs

        return calibrate_codecs(file, only)
    if what is What.check:
        from semverse.scripts.calibration_report import report

        return report(1 if seed is None else seed)
    return _measure(file, only, 0 if seed is None else seed)


def _measure(out: Path, only: str, seed: int) -> None:
    """Fill the file of points."""
    from tqdm import tqdm

    from semverse.envs.channels.bler_points import grid, open_points
    from semverse.envs.errors import InputError
    from semverse.scripts.options import check_output

    schemes = [scheme for scheme in grid() if scheme.key.startswith(only)]
    if not schemes:
        raise InputError(f"is {only!r:.60}", source="--only", remedy="give the beginning of a name")
    check_output(out)
    there = {measured.scheme for measured in open_points(out, seed).measured}
    left = [scheme for scheme in schemes if scheme not in there]

    import torch  # takes its time; wrong input has shown by now

    from semverse.envs.codecs.calibration import fill

    torch.set_num_threads(1)
    with tqdm(total=len(schemes), initial=len(schemes) - len(left), unit="scheme") as bar:
        for measured in fill(out, left, seed):
            bar.set_postfix_str(measured.scheme.key)
            bar.update()
    print(f"{len(schemes)} schemes in {out}")


if __name__ == "__main__":
    run(command)
