"""``semverse <command>``: all commands under one name."""

from __future__ import annotations

from importlib import import_module

import typer

from semverse.scripts.cli import run

# every command is the function ``command`` of ``semverse.scripts.<name>``, with "_" for "-"
COMMANDS: tuple[str, ...] = (
    "list",
    "benchmark",
    "solve",
    "report",
    "generate",
    "check",
    "findings",
    "train",
    "evaluate",
    "calibrate",
    "transmit",
    "train-codec",
    "compare-codecs",
    "surfaces",
    "reconstruct",
    "matte",
    "service",
)


def main() -> None:
    """Run ``semverse``."""
    app = typer.Typer(
        name="semverse",
        help="Reinforcement-learning environments for the metaverse's edge, with certified Pareto fronts.",
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    app.callback()(lambda: None)
    for name in COMMANDS:
        app.command(name)(import_module(f"semverse.scripts.{name.replace('-', '_')}").command)
    run(app)


if __name__ == "__main__":
    main()
