"""``python -m semverse.scripts.fedsem_beam``: search a schedule that decides anew in every round."""

from __future__ import annotations

from typing import Annotated

import typer

from semverse.scripts.cli import run


def command(
    epsilon: Annotated[float, typer.Option(min=0.01, max=1000, help="Total privacy budget of a client.")],
    deadline: Annotated[float, typer.Option(min=0.5, max=1000, help="Of all rounds, in seconds.")] = 9.0,
    imagined: Annotated[int, typer.Option(min=1, help="Episodes that a schedule is tried on.")] = 16,
    width: Annotated[int, typer.Option(min=1, help="Beginnings kept of each share of the budget.")] = 4,
    first_seed: Annotated[int, typer.Option(min=0, help="Seed of the episodes.")] = 500_000,
) -> None:
    """Print the best schedule of the stand-in, as `varied_schedule` takes it, and what it is worth there."""
    from tqdm import tqdm

    from semverse.agents.fedsem_beam import begin, best_schedule, decided
    from semverse.envs.fedsem.problem import Problem

    problem = Problem.of("default", epsilon=epsilon, deadline_s=deadline)
    starts = begin(problem, imagined, first_seed)
    found = best_schedule(starts, width, lambda rounds: tqdm(rounds, desc="rounds", unit="round"))
    print(f"# return {found.value:.3f} in the stand-in, mean over {imagined} episodes")
    print(f"  - epsilon: {epsilon:g}")
    print(f"    deadline_s: {deadline:g}")
    print("    decisions:")
    for choice in decided(found, problem):
        print("      - [" + ", ".join(map(str, choice)) + "]")


if __name__ == "__main__":
    run(command)
