"""``python -m semverse.scripts.cee_links``: make the link tables of the cloud-edge-end environments anew."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semverse.scripts.cli import run


def command(
    config: Annotated[
        str, typer.Option(help="'links' or 'measured', which ship in configs/cee, or a YAML file.")
    ] = "links",
    out: Annotated[Path, typer.Option(help="File to write, .npz.")] = Path("links.npz"),
) -> None:
    """Encode the clip, model losses and block errors, and write quality over options and ratios."""
    from tqdm import tqdm

    from semverse.envs.cee.links import TABLES, save_links
    from semverse.envs.cee.measure import measure_links, read_link_config
    from semverse.envs.config import shipped
    from semverse.envs.errors import InputError

    if out.suffix != ".npz":
        raise InputError(f"is {out.name!r:.60}", source="--out", remedy="give a file that ends in .npz")
    chosen = read_link_config(shipped("cee", f"{config}.yaml") if config in TABLES else config)
    with tqdm(desc="encodes", unit=" GOPs") as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        table = measure_links(chosen, show)
    save_links(table, out)
    print(f"{table.options} options, {len(table.snr_db)} ratios in {out}")


if __name__ == "__main__":
    run(command)
