"""How every command runs: one line and exit code 2 for wrong input, a traceback only for our own faults."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
import typer

from semverse.envs.errors import InputError

USER_ERROR = 2
INTERRUPTED = 130


def run(target: typer.Typer | Callable[..., Any]) -> None:
    """Run a typer application, or a single command function, and exit."""
    if isinstance(target, typer.Typer):
        app = target
    else:
        app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        app.command()(target)
    try:
        code = app(standalone_mode=False)
    except InputError as error:
        fail(str(error))
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "semverse":
            raise  # a fault of ours
        fail(f"needs the package {error.name!r}; pip install 'semverse[all]'")
    except click.UsageError as error:
        # typer's own message says which flag or argument is wrong
        flag = error.param.name if isinstance(error, click.BadParameter) and error.param else None
        fail(f"{f'{flag}: ' if flag else ''}{error.format_message()} see --help")
    except (click.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    if code == INTERRUPTED:  # some versions of typer return it instead of raising
        sys.stderr.write("semverse: interrupted; what was finished is on disk\n")
    sys.exit(code if isinstance(code, int) else 0)


def fail(text: str) -> None:
    """Print one line to standard error and exit with the code for wrong input."""
    sys.stderr.write(f"semverse: error: {' '.join(text.split())}\n")
    sys.exit(USER_ERROR)


@contextmanager
def progress_bar(name: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on standard error; gives a function to be told how much is done, and of how much."""
    from tqdm import tqdm

    with tqdm(desc=name, disable=None) as bar:

        def advance(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield advance
