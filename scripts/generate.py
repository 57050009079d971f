"""``semverse generate``: instances as files, one independent random stream each."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from semverse.scripts.cli import run


class Format(StrEnum):
    """File formats of instances."""

    json = "json"
    npz = "npz"


def command(
    count: Annotated[int, typer.Option(min=1, help="How many instances.")],
    out: Annotated[Path, typer.Option(help="Folder for the files; kept files are not drawn again.")],
    config: Annotated[str, typer.Option(help="A region that ships, or a YAML file.")] = "california",
    env: Annotated[str, typer.Option(help="Environment id.")] = "semverse/SCC-v0",
    seed: Annotated[int, typer.Option(min=0, help="Seed of all randomness.")] = 0,
    format: Annotated[Format, typer.Option(help="File format.")] = Format.json,
    cells: Annotated[Path | None, typer.Option(help="OpenCellID CSV to sample sites from.")] = None,
    traces: Annotated[Path | None, typer.Option(help="Positional VR traces: a file or a folder.")] = None,
) -> None:
    """Draw instances that are all servable and write them as OUT/00000.json and so on."""
    import numpy as np
    from tqdm import tqdm

    from semverse.envs.errors import InputError
    from semverse.envs.files import make_folder
    from semverse.envs.registration import list_envs
    from semverse.envs.scc.cells import load_cells
    from semverse.envs.scc.config import load_scenario
    from semverse.envs.scc.generator import sample_instance
    from semverse.envs.scc.io import save_instance
    from semverse.envs.scc.traces import load_traces
    from semverse.scripts.options import claim_folder

    known = [row.id for row in list_envs() if row.entry_point.startswith("semverse.envs.scc.")]
    if env not in known:
        raise InputError(f"unknown {env!r:.60}", source="--env", remedy=f"choose from {', '.join(known)}")
    scenario = load_scenario(config, cells=cells, traces=traces)
    first = sample_instance(scenario, np.random.default_rng([seed, 0]))  # wrong input shows before a write
    recipe = {"seed": seed, "scenario": scenario.model_dump(mode="json")}
    claim_folder(make_folder(out) / "generate.json", recipe)
    for index in tqdm(range(count), desc="instances", unit="file"):
        path = out / f"{index:05d}.{format.value}"
        if not path.exists():
            instance = sample_instance(scenario, np.random.default_rng([seed, index])) if index else first
            save_instance(instance, path)
    for name, source in (("cells", scenario.cells), ("traces", scenario.traces)):
        if source is not None:
            bad = (load_cells if name == "cells" else load_traces)(source).bad_rows
            print(f"{name}: {bad} bad rows left out of {source}")
    print(f"{count} instances in {out}")


if __name__ == "__main__":
    run(command)
