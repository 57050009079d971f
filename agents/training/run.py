"""One training: every seed of a configuration, from an empty folder or from where it was stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import torch

from semverse.agents.common.learned import LearnedAgent
from semverse.agents.registry import make_agent
from semverse.agents.training.config import TrainConfig
from semverse.agents.training.evaluation import Evaluation
from semverse.agents.training.folder import LOGS, RunFolder
from semverse.agents.training.session import Session
from semverse.agents.training.statistics import bootstrap_iqm
from semverse.envs.errors import InputError
from semverse.envs.random_state import random_states, restore_random_states

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

Watcher = Callable[[int, int], AbstractContextManager[Callable[[int], None]]]  # seed, steps -> progress


def no_progress(seed: int, total: int) -> AbstractContextManager[Callable[[int], None]]:
    """Show nothing."""
    del seed, total
    return nullcontext(lambda _: None)


def make_learner(config: TrainConfig) -> LearnedAgent:
    """Make the untrained agent of a configuration.

    Raises:
        InputError: it is no agent that learns, does not support the environment, or has a bad setting.
    """
    agent = make_agent(config.agent, config.env.id, env_settings=config.env.settings, **config.settings)
    if not isinstance(agent, LearnedAgent):
        raise InputError(f"{config.agent} does not learn", key="agent", remedy="see semverse list agents")
    return agent


def run_training(
    config: TrainConfig, folder: RunFolder, resume: bool, command: str, watch: Watcher = no_progress
) -> dict[str, Any]:
    """Train all seeds and return the summary that is also written.

    Args:
        config: what to train.
        folder: where everything goes.
        resume: carry on with what the folder holds.
        command: the command line, for the cards.
        watch: shows the progress of one seed.

    Raises:
        InputError: something of the configuration or in the folder is wrong.
    """
    make_learner(config).check_training()  # a wrong setting ends here, with nothing written
    folder.open(config, resume)
    torch.set_num_threads(config.threads)
    for seed in config.seeds:
        if folder.finished(seed) is None:
            with watch(seed, config.total_steps) as progress:
                _train_seed(config, folder, seed, command, progress)
    summary = summarise(config, folder)
    folder.write_summary(summary)
    return summary


def _train_seed(
    config: TrainConfig, folder: RunFolder, seed: int, command: str, progress: Callable[[int], None]
) -> None:
    from torch.utils.tensorboard import SummaryWriter

    agent, earlier = make_learner(config), folder.state(seed)
    before = earlier["seconds"] if earlier else 0.0
    start = time.perf_counter()
    # what was logged after the last state is written again
    purge = earlier["step"] + 1 if earlier else None
    with SummaryWriter(str(folder.seed(seed) / LOGS), purge_step=purge) as writer:

        def save_state(step: int, state: Any) -> None:
            _log(writer, step, {f"evaluation/{k}": v for k, v in _score(config, agent).summary().items()})
            for name, figure in agent.figures().items():
                writer.add_figure(name, figure, global_step=step)
            seconds = before + time.perf_counter() - start
            folder.write_state(seed, {"step": step, "seconds": seconds, "agent": state})

        agent.train(
            Session(
                total_steps=config.total_steps,
                num_envs=config.env.num_envs,
                seed=seed,
                checkpoint_every=config.checkpoint_every,
                reward=config.env.reward,
                state=earlier["agent"] if earlier else None,
                save_state=save_state,
                log=lambda step, scalars: _log(writer, step, scalars),
                progress=progress,
            )
        )
    seconds = before + time.perf_counter() - start
    result = _score(config, agent)
    card = {"command": command, "seed": seed, "steps": config.total_steps, "seconds": round(seconds, 1)}
    agent.save(folder.seed(seed), {**card, "evaluation": result.summary()})
    folder.drop_state(seed)


def _score(config: TrainConfig, agent: LearnedAgent) -> Evaluation:
    """Evaluate on the held-out episodes without touching the generators that training draws from."""
    states = random_states()
    chosen = config.evaluation
    result = agent.evaluate(config.env.id, config.env.settings, chosen.episodes, chosen.seed)
    restore_random_states(states)
    return result


def _log(writer: SummaryWriter, step: int, scalars: Mapping[str, float]) -> None:
    for tag, value in scalars.items():
        writer.add_scalar(tag, value, global_step=step)


def summarise(config: TrainConfig, folder: RunFolder) -> dict[str, Any]:
    """Return each seed's evaluation, and the interquartile mean of their scores with its interval."""
    cards = {seed: folder.finished(seed) for seed in config.seeds}
    rows = [
        {"seed": seed, "seconds": card["seconds"], **card["evaluation"]}
        for seed, card in cards.items()
        if card is not None
    ]
    interval = bootstrap_iqm([[row["score"]] for row in rows])
    return {
        "agent": config.agent,
        "env": config.env.id,
        "seeds": rows,
        "score_iqm": interval.iqm,
        "score_interval": [interval.low, interval.high],
    }
