"""``semverse solve``: one instance, one agent; its front with certified bounds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semverse.scripts.cli import run


def command(
    instance: Annotated[Path, typer.Option(help="Instance file, .json or .npz.")],
    agent: Annotated[str, typer.Option(help="Agent; see 'semverse list agents'.")],
    env: Annotated[str, typer.Option(help="Environment id.")] = "semverse/SCC-v0",
    budget: Annotated[float, typer.Option(help="Seconds the agent has.")] = 10.0,
    preferences: Annotated[
        int, typer.Option(help="Points of the front to aim at, evenly spread.", min=1, max=1000)
    ] = 11,
    preference: Annotated[
        str | None, typer.Option(help="One preference w_latency,w_energy instead of a whole front.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of all randomness.")] = 0,
    certify: Annotated[
        bool, typer.Option(help="Let the exact solver bound what the agent cannot; takes --budget again.")
    ] = True,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write the JSON to this file as well.")] = None,
) -> None:
    """Solve one instance with one agent."""
    import json as json_module

    from rich.console import Console

    from semverse.agents.benchmark.solution import solve_instance
    from semverse.agents.benchmark.solution_table import print_solution
    from semverse.agents.registry import make_agent
    from semverse.envs.files import write_atomic
    from semverse.envs.scc.io import load_instance
    from semverse.scripts.options import check_output, check_seed, parse_preference
    from semverse.solvers.base import Budget, preference_grid

    problem, limits = load_instance(instance), Budget(seconds=budget)
    if out is not None:
        check_output(out)
    solution = solve_instance(
        problem,
        agent,
        make_agent(agent, env),
        preferences=preference_grid(preferences) if preference is None else parse_preference(preference),
        budget=limits,
        seed=check_seed(seed),
        certified=certify,
    )
    text = json_module.dumps(solution.to_json())
    if out is not None:
        write_atomic(out, (text + "\n").encode())
    if json:
        print(text)
    else:
        print_solution(solution, Console())


if __name__ == "__main__":
    run(command)
