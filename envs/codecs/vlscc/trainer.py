"""One training of one codec: steps of gradient descent on eqs. 6 to 8, and states to carry on from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

import torch
from torch import Generator, Tensor, nn

from semverse.envs.codecs.vlscc.checkpoint import begin_with, make_codec
from semverse.envs.codecs.vlscc.codec import Codec, inference
from semverse.envs.codecs.vlscc.control import RateControl
from semverse.envs.codecs.vlscc.loss import rate_distortion
from semverse.envs.codecs.vlscc.rate import quantise
from semverse.envs.codecs.vlscc.steps import MAX_NORM, Steps
from semverse.envs.codecs.vlscc.tasks import make_task
from semverse.envs.codecs.vlscc.training_config import CodecTraining
from semverse.envs.random_state import seed_everything
from semverse.envs.tree import fitting


class Trainer(Steps):
    """A codec in training.

    A part of the samples is sent at random rates, so that the coders work at every level; the rest at the
    rates that the allocation network chooses, whose mean `RateControl` keeps. The distortion is divided by
    its mean at the sample's SNR, so that every SNR counts the same: the paper trains one network for each
    instead.

    Args:
        config: what to train.
    """

    config: CodecTraining
    codec: Codec

    def __init__(self, config: CodecTraining) -> None:
        seed_everything(config.seed)
        codec = make_codec(config.codec)
        self.task = make_task(config, codec)
        self.task.begin(codec)
        if config.start is not None:
            begin_with(codec, config.start)
        super().__init__(config, codec)
        self.control = RateControl(
            config.codec.rates, config.snr_db, step=config.control_step, penalty=config.control_penalty
        )
        self.allocation = list(self.codec.allocation.parameters()) if config.codec.variable else []
        chosen = {id(parameter) for parameter in self.allocation}
        self.coders = [p for p in self.codec.parameters() if id(p) not in chosen]
        for parameter in self.coders:
            parameter.requires_grad_(config.train == "all")

    def train_step(self) -> dict[str, float]:
        """Take one step; return scalars for the log."""
        config = self.config
        self.codec.train()
        self.schedule()
        source = self.task.sample(config.batch, self.generator)
        low, high = config.snr_db
        snr_db = low + (high - low) * torch.rand(len(source), generator=self.generator)
        features = self.codec.analyse(source)
        rate, asked, chosen = self._rates(source, features, snr_db)
        passage = self.codec(features, snr_db, rate, self.generator)
        distortion = self.task.distortion(source, passage.received)
        mean_rate = rate.reshape(len(source), -1).mean(1)
        gamma = self.control.gamma(snr_db, asked) * chosen
        relative = distortion / self.control.scale(snr_db, distortion)
        loss = rate_distortion(relative, mean_rate, gamma)
        self._descend(loss)
        self.step += 1
        scalars = {"train/loss": loss.item(), "train/distortion": distortion.mean().item()}
        if config.train == "all":
            self.control.follow(snr_db[chosen], asked[chosen], mean_rate[chosen])
        else:
            self.control.watch(self._shares(self.task.whole(self.generator), self.control.centres_db))
            scalars["train/excess"] = self.control.excess.abs().mean().item()
        if bool(chosen.any()):
            scalars |= {
                "train/rate": mean_rate[chosen].mean().item(),
                "train/gamma": gamma[chosen].mean().item(),
            }
        return scalars | self.task.learn(source, passage.received)

    def _rates(self, source: Tensor, features: Tensor, snr_db: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return rates [B, *map], the index of the rate asked for [B], and whether the network chose [B]."""
        config, count = self.config, len(source)
        asked = torch.randint(len(config.codec.rates), (count,), generator=self.generator)
        if not config.codec.variable:
            return (
                torch.ones(count, *self.codec.map_shape(source)),
                asked,
                torch.zeros(count, dtype=torch.bool),
            )
        free = self.task.free_rates(self.codec, source, self.generator)
        chosen = torch.rand(count, generator=self.generator) >= config.free_share
        if self.step < config.free_steps:
            return free, asked, torch.zeros(count, dtype=torch.bool)
        found = self.codec.allocate(features, snr_db, self.control.rates[asked])
        return torch.where(chosen.reshape(-1, *(1,) * (free.dim() - 1)), found, free), asked, chosen

    @inference
    def _shares(self, source: Tensor, snr_db: Iterable[float]) -> Tensor:
        """Return the mean share of symbols that samples are sent with [S, R], by SNR and rate asked for."""
        codec, found, count = self.codec, list[Tensor](), len(source)
        features = codec.analyse(source)
        for snr, wanted in product(snr_db, codec.config.rates):
            rate = codec.allocate(features, torch.full((count,), snr), torch.full((count,), wanted))
            level = quantise(rate, codec.config.levels)
            found.append(codec.symbols(level).sum() / (level.numel() * codec.config.length))
        return torch.stack(found).reshape(-1, len(codec.config.rates))

    def _descend(self, loss: Tensor) -> None:
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.coders, MAX_NORM)
        # apart: straight-through gradients are larger and would drown the others
        nn.utils.clip_grad_norm_(self.allocation, MAX_NORM)
        self.optimiser.step()

    def evaluate(self) -> dict[str, float]:
        """Return quality and symbols on held-out samples, by SNR and mean rate asked for.

        Where the allocation alone is trained, it is the share of all symbols that is sent, a mean over whole
        samples.
        """
        self.codec.eval()
        chosen = self.config.evaluation
        if self.config.train == "allocation":
            wholes = self.task.held_out_whole(chosen.samples, chosen.seed)
            shares = torch.stack([self._shares(whole, chosen.snr_db) for whole in wholes]).mean(0)
            cells = product(chosen.snr_db, self.config.codec.rates)
            return {
                f"share/{snr_db:g}_db/rate_{rate:g}": share
                for (snr_db, rate), share in zip(cells, shares.flatten().tolist(), strict=True)
            }
        source = self.task.held_out(chosen.samples, chosen.seed)
        generator, found = Generator().manual_seed(chosen.seed), dict[str, float]()
        for snr_db in chosen.snr_db:
            for rate in self.config.codec.rates if self.config.codec.variable else (1.0,):
                passage = self.codec.send(source, snr_db, rate=rate, generator=generator)
                place = f"{snr_db:g}_db/rate_{rate:g}"
                found[f"quality/{place}"] = self.codec.measure(source, passage.received).mean().item()
                found[f"symbols/{place}"] = self.codec.symbols(passage.level).double().mean().item()
        return found

    def state(self) -> dict[str, Any]:
        """Return everything that `restore` needs to go on as if never stopped, to the bit."""
        return super().state() | {"control": self.control.state(), "task": self.task.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over the state of an earlier run.

        Raises:
            InputError: it is that of another codec.
        """
        super().restore(state)
        with fitting():
            self.control.restore(state["control"])
            self.task.restore(state["task"])
