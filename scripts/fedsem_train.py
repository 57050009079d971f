"""``python -m semverse.scripts.fedsem_train``: a federated training of any size, numpy or Flower."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from semverse.scripts.cli import run


def command(
    config: Annotated[
        str, typer.Option(help="digits, thousand (on MNIST), thousand_digits, or a YAML file.")
    ] = "digits",
    out: Annotated[
        Path, typer.Option(help="Folder of the state after each round; a stopped training goes on.")
    ] = Path("runs/fedsem_train"),
    backend: Annotated[str, typer.Option(help="numpy, or flower (Ray processes).")] = "numpy",
    workers: Annotated[int, typer.Option(min=1, max=1024, help="Processes of the Flower simulation.")] = 1,
    data: Annotated[str | None, typer.Option(help="Instead of the configuration's.")] = None,
    algorithm: Annotated[str | None, typer.Option(help="fd, fedavg or fedavg_kd instead.")] = None,
    epsilon: Annotated[float | None, typer.Option(help="Total budget of each client instead.")] = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the configuration's.")] = None,
) -> None:
    """Train a federation; print accuracy, privacy spent and time of each round, and the memory taken."""
    from numpy.random import Generator
    from tqdm import tqdm

    from semverse.envs.errors import InputError
    from semverse.envs.fedsem.federation import Federation
    from semverse.envs.fedsem.training import RoundLog, Training, peak_memory_mb
    from semverse.envs.fedsem.training_config import load_training
    from semverse.envs.files import make_folder

    if backend not in ("numpy", "flower"):
        raise InputError(f"is {backend!r:.60}", source="--backend", remedy="choose 'numpy' or 'flower'")
    chosen = load_training(config, data=data, algorithm=algorithm, epsilon=epsilon, seed=seed)
    if backend == "flower" and len(set(chosen.models)) > 1:
        text = "clients' own models would be lost where a training over Flower stops"
        raise InputError(text, source="--backend", key="models", remedy="give one structure, or 'numpy'")
    state = out / "state.npz"

    def play(federation: Federation, rng: Generator) -> None:
        training = Training(federation, rng, chosen)
        make_folder(out)
        if state.exists():
            training.restore(state)
        with tqdm(total=chosen.rounds, desc="rounds", unit="round") as bar:

            def advance(row: RoundLog) -> None:
                bar.update()
                text = f"{row.clients} clients, accuracy {row.accuracy:.3f}, epsilon {row.epsilon:.3f}"
                bar.write(f"round {bar.n}: {text}, {row.seconds:.1f} s")

            training.run(state, advance)

    if backend == "flower":
        from semverse.envs.fedsem.flower import simulate

        simulate(chosen.study(), play, workers)
    else:
        play(*chosen.study().begin())
    print(f"{peak_memory_mb():.0f} MB at most (server's process); state in {state}")


if __name__ == "__main__":
    run(command)
