"""``semverse findings``: paper 003, Fig. 8, with the exact solver and others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semverse.scripts.cli import run


def command(
    out: Annotated[Path, typer.Option(help="Folder for fig8.csv, fig8.png and fig8.json.")] = Path(
        "runs/findings"
    ),
    region: Annotated[
        str, typer.Option(help="Scenario: a region that ships, or a YAML file.")
    ] = "california",
    distances: Annotated[str, typer.Option(help="Average distances between sites in km.")] = (
        "2,5,10,20,35,50,70,90"
    ),
    seeds: Annotated[int, typer.Option(help="Instances a distance.", min=1)] = 6,
    agents: Annotated[str, typer.Option(help="Up to four agents, by name.")] = "exact",
    seconds: Annotated[float, typer.Option(help="Time limit an optimisation.")] = 2.0,
) -> None:
    """Show how optimal placements change with the distance between sites; continues where it stopped."""
    from tqdm import tqdm

    from semverse.agents.findings import ORIENTATIONS, plot, sweep
    from semverse.agents.registry import make_agent
    from semverse.envs.errors import InputError
    from semverse.envs.files import make_folder
    from semverse.envs.scc.config import load_scenario
    from semverse.scripts.folders import claim_folder
    from semverse.solvers.base import Budget

    try:
        km = list(dict.fromkeys(float(part) for part in distances.split(",")))
    except ValueError:
        km = []
    if not km or not all(0 < d < 20_000 for d in km):
        raise InputError(f"is {distances!r}", key="distances", remedy="give numbers of km, e.g. 5,20,50")
    names = list(dict.fromkeys(agents.split(",")))
    if not 1 <= len(names) <= 4:
        raise InputError(f"is {agents!r}", key="agents", remedy="give one to four names")
    for name in names:
        make_agent(name)
    config = load_scenario(region)
    Budget(seconds=seconds)  # wrong input shows before a write
    claim_folder(
        make_folder(out) / "fig8.json", {"seconds": seconds, "scenario": config.model_dump(mode="json")}
    )
    rows = sweep(names, config, km, seeds, seconds, out / "fig8.csv")
    findings = list(tqdm(rows, total=len(names) * len(km) * seeds * len(ORIENTATIONS), unit="optimum"))
    plot(findings, out / "fig8.png")
    gaps = [f.gap for f in findings if f.agent == "exact"]
    proved = f"largest certified gap {max(gaps):.2%}; " if gaps else ""
    print(f"{proved}wrote {out}/fig8.csv and fig8.png")


if __name__ == "__main__":
    run(command)
