"""``semverse list``: the environments and the agents there are."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from semverse.scripts.cli import run


class Kind(StrEnum):
    """What can be listed."""

    envs = "envs"
    agents = "agents"


def command(
    kind: Annotated[Kind | None, typer.Argument(help="Only these; default: both.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """List environments and agents."""
    import json as json_module

    from rich.console import Console
    from rich.table import Table

    from semverse.agents.registry import list_agents
    from semverse.envs.registration import list_envs

    rows: dict[str, list[dict[str, Any]]] = {
        "envs": [{"id": row.id, "kind": row.kind, "summary": row.summary} for row in list_envs()],
        "agents": [
            {"name": spec.name, "summary": spec.summary, "supports": list(spec.supports)}
            for spec in list_agents()
        ],
    }
    shown = {name: found for name, found in rows.items() if kind is None or name == kind.value}
    if json:
        print(json_module.dumps(shown, indent=1))
        return
    for name, found in shown.items():
        columns = [key for key in found[0] if key != "supports"]
        table = Table(*columns, title=name, title_justify="left")
        for row in found:
            table.add_row(*(str(row[key]) for key in columns))
        Console().print(table)


if __name__ == "__main__":
    run(command)
