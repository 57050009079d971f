"""What a benchmark prints at its end."""

from __future__ import annotations

from rich.console import Console

from semverse.agents.benchmark.kinds import kind_of
from semverse.agents.benchmark.run import write_results
from semverse.agents.benchmark.store import Store


def conclude(store: Store) -> None:
    """Write all results of a benchmark folder; print its table, what is missing and where to look.

    Raises:
        InputError: the folder is no benchmark, or a file in it is damaged.
    """
    with Console(stderr=True).status("writing tables, TensorBoard logs and report"):
        results = write_results(store)
    console, kind = Console(), kind_of(results.config.env)
    for table in kind.tables(results, kind.summarise(results), console.width):
        console.print(table)
    lines = [*(f"missing: {cell}" for cell in results.missing), *kind.notes(results)]
    lines += [f"report:      {store.folder / 'report.html'}"]
    lines += [f"tensorboard: tensorboard --logdir {store.folder / 'tensorboard'}"]
    # paths are to be copied: neither wrapped nor read as markup
    console.print("\n".join(lines), highlight=False, soft_wrap=True, markup=False)
