"""The part of ``semverse generate`` that makes label sets."""

from __future__ import annotations

from pathlib import Path

from semverse.envs.errors import InputError
from semverse.envs.registration import list_envs


def check_scc(env: str) -> None:
    """Make sure that an environment id is one of SCC placement.

    Raises:
        InputError: it is another one, or unknown.
    """
    known = [row.id for row in list_envs() if row.entry_point.startswith("semverse.envs.scc.")]
    if env not in known:
        raise InputError(f"unknown {env!r:.60}", source="--env", remedy=f"choose from {', '.join(known)}")


def refuse(why: str, **given: object) -> None:
    """Refuse flags that do not go together with --labels, or without it.

    Raises:
        InputError: one of them was given.
    """
    for name, value in given.items():
        if value is not None:
            raise InputError(f"only {why}", source=f"--{name.replace('_', '-')}", remedy="leave it out")


def generate_labels(
    out: Path,
    config: str,
    env: str,
    seed: int | None,
    count: int | None,
    workers: int | None,
    ray: str | None,
    shard_size: int | None,
) -> None:
    """Make a label set in a folder, or carry on with it; the arguments are the command's.

    Raises:
        InputError: a wrong value, another recipe in the folder, or a damaged file there.
    """
    from tqdm import tqdm

    from semverse.solvers.label_ray import ray_cluster
    from semverse.solvers.label_recipe import load_recipe
    from semverse.solvers.label_run import available_cores, process_pool
    from semverse.solvers.label_set import open_set

    recipe = load_recipe(config)
    if recipe.env != env:
        raise InputError(
            f"is {recipe.env!r:.60}", source=config, key="env", remedy=f"give --env {recipe.env}"
        )
    if seed is not None:
        recipe = recipe.model_copy(update={"seed": seed})
    if ray is not None:
        refuse("goes without --ray", workers=workers)
    backend = process_pool(workers or available_cores()) if ray is None else ray_cluster(ray)
    labels = open_set(out, recipe, count, shard_size or 16)
    total, pairs = labels.manifest.count, 0
    with tqdm(total=total, initial=total - len(labels.missing), desc="labels", unit="item") as bar:
        for item in labels.fill(backend):
            pairs += 0 if item.labels is None else len(item.labels.placements)
            bar.set_postfix_str(f"{pairs / bar.format_dict['elapsed']:.2f} pairs/s", refresh=False)
            bar.update()
    print(f"{total} items in {out}")
