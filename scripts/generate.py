"""``semverse generate``: instances as files, or label sets, one independent random stream an item."""

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
    out: Annotated[Path, typer.Option(help="Folder for the files; what is finished there is kept.")],
    count: Annotated[int | None, typer.Option(min=1, help="How many; --labels: at most.")] = None,
    config: Annotated[str | None, typer.Option(help="A region (--labels: recipe) or a YAML file.")] = None,
    env: Annotated[str, typer.Option(help="Environment id.")] = "semverse/SCC-v0",
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of all randomness.")] = None,
    format: Annotated[Format | None, typer.Option(help="File format of instances.")] = None,
    cells: Annotated[Path | None, typer.Option(help="OpenCellID CSV to sample sites from.")] = None,
    traces: Annotated[Path | None, typer.Option(help="Positional VR traces: a file or a folder.")] = None,
    labels: Annotated[bool, typer.Option("--labels", help="Solve the instances: a label set.")] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; all cores.")] = None,
    ray: Annotated[str | None, typer.Option(help="Address of a Ray cluster to compute on.")] = None,
    shard_size: Annotated[int | None, typer.Option(min=1, help="Items a file of a label set.")] = None,
) -> None:
    """Draw instances that are all servable and write them as OUT/00000.json and so on, or label them."""
    import numpy as np
    from tqdm import tqdm

    from semverse.envs.errors import InputError
    from semverse.envs.files import make_folder
    from semverse.envs.scc.cells import load_cells
    from semverse.envs.scc.config import load_scenario
    from semverse.envs.scc.generator import sample_instance
    from semverse.envs.scc.io import save_instance
    from semverse.envs.scc.traces import load_traces
    from semverse.scripts.folders import claim_folder
    from semverse.scripts.labels import check_scc, generate_labels, refuse

    check_scc(env)
    if labels:
        refuse("goes without --labels", format=format, cells=cells, traces=traces)
        return generate_labels(out, config or "scc", env, seed, count, workers, ray, shard_size)
    refuse("goes with --labels", workers=workers, ray=ray, shard_size=shard_size)
    if count is None:
        raise InputError("is missing", source="--count", remedy="say how many instances")
    seed, suffix = seed or 0, (format or Format.json).value
    scenario = load_scenario(config or "california", cells=cells, traces=traces)
    first = sample_instance(scenario, np.random.default_rng([seed, 0]))  # wrong input shows before a write
    recipe = {"seed": seed, "scenario": scenario.model_dump(mode="json")}
    claim_folder(make_folder(out) / "generate.json", recipe)
    for index in tqdm(range(count), desc="instances", unit="file"):
        path = out / f"{index:05d}.{suffix}"
        if not path.exists():
            instance = sample_instance(scenario, np.random.default_rng([seed, index])) if index else first
            save_instance(instance, path)
    for name, source in (("cells", scenario.cells), ("traces", scenario.traces)):
        if source is not None:
            bad = (load_cells if name == "cells" else load_traces)(source).bad_rows
            print(f"{name}: {bad} bad rows left out of {source}")
    print(f"{count} instances in {out}")
    return None


if __name__ == "__main__":
    run(command)
