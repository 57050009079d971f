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


def command(
    what: Annotated[What, typer.Argument(help="bler: measure the points. check: compare with new ones.")],
    out: Annotated[Path, typer.Option(help="bler: file for the points; what it has is kept.")] = Path(
        "bler.json"
    ),
    only: Annotated[str, typer.Option(help="bler: schemes whose name begins so, e.g. 'qpsk 0.5'.")] = "",
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of all randomness.")] = None,
) -> None:
    """Measure block error rates of 5G codes by Monte Carlo (about an hour of one core), or check the models.

    ``bler`` carries on with a file that is there. ``check`` takes about two minutes.
    """
    if what is What.check:
        from semverse.scripts.calibration_report import report

        return report(1 if seed is None else seed)
    return _measure(out, only, 0 if seed is None else seed)


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
