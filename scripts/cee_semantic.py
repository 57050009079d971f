"""``python -m semverse.scripts.cee_semantic``: semantic link options as the codecs that ship really do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from semverse.scripts.cli import run

if TYPE_CHECKING:
    from semverse.envs.cee.measured import Measured, Run


def command(
    config: Annotated[
        str, typer.Option(help="'measured', which ships in configs/cee, or a YAML file.")
    ] = "measured",
    out: Annotated[Path, typer.Option(help="File to write, .json.")] = Path("semantic.json"),
) -> None:
    """Send the clip over Es/N0 at every rate and GOP, several times; repeat the command to go on.

    Runs that are done stand in a file .jsonl beside the result; delete it to begin anew.
    """
    from tqdm import tqdm

    from semverse.envs.cee.measure import read_link_config
    from semverse.envs.cee.measured import measure_runs, runs, summary
    from semverse.envs.config import shipped
    from semverse.envs.errors import InputError
    from semverse.envs.files import make_folder, write_atomic

    if out.suffix != ".json":
        raise InputError(f"is {out.name!r:.60}", source="--out", remedy="give a file that ends in .json")
    path = shipped("cee", "measured.yaml") if config == "measured" else Path(config)
    chosen = read_link_config(path)
    log = make_folder(out.parent) / f"{out.stem}.jsonl"
    known = read_runs(log)
    with tqdm(total=len(list(runs(chosen))), unit=" clips") as bar, log.open("a", encoding="utf-8") as file:

        def keep(done: Run, result: Measured) -> None:
            file.write(json.dumps([list(done), list(result)]) + "\n")
            file.flush()
            bar.update()

        bar.update(sum(one in known for one in runs(chosen)))
        found = measure_runs(chosen, known, keep)
    write_atomic(out, (json.dumps(summary(chosen, found)) + "\n").encode())
    print(f"{len(found)} clips sent, {out}")


def read_runs(log: Path) -> dict[Run, Measured]:
    """Return the runs of before; a last line that was cut off does not count."""
    from semverse.envs.cee.measured import Measured, Run

    known = {}
    for line in log.read_text(encoding="utf-8").splitlines() if log.is_file() else []:
        try:
            done, result = json.loads(line)
        except ValueError:
            continue
        known[Run(*done)] = Measured(*result)
    return known


if __name__ == "__main__":
    run(command)
