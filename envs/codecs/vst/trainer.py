"""The training of a video codec: mean squared error at random SNR and rates."""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn

from semverse.envs.codecs.clips import load_clips
from semverse.envs.codecs.vlscc.checkpoint import begin_with
from semverse.envs.codecs.vlscc.codec import inference
from semverse.envs.codecs.vlscc.loss import squared_error
from semverse.envs.codecs.vlscc.steps import MAX_NORM, Steps
from semverse.envs.codecs.vst.codec import VideoCodec
from semverse.envs.codecs.vst.entropy import information_bits
from semverse.envs.codecs.vst.gops import GopSource
from semverse.envs.codecs.vst.training_config import VideoTraining
from semverse.envs.random_state import seed_everything

_FIRST_GOPS = 200  # that principal components and deviations come from
_LEAST_ERROR = 1e-6


class VideoTrainer(Steps):
    """A video codec in training.

    The loss is the logarithm of the squared error, so that every SNR and every picture counts the same, and
    the mean information of the features under the entropy model.

    Args:
        config: what to train.
    """

    config: VideoTraining
    codec: VideoCodec

    def __init__(self, config: VideoTraining) -> None:
        seed_everything(config.seed)
        frames, patch = config.codec.frames, config.patch
        self.source = GopSource(load_clips(config.clips, frames), config.photographs, frames, patch)
        self.unseen = GopSource(load_clips(config.held_out, frames), 0.0, frames, patch)
        codec = VideoCodec(config.codec)
        if config.start is None:
            codec.begin(self.source.sample(_FIRST_GOPS, Generator().manual_seed(config.seed)))
        else:
            begin_with(codec, config.start)
        super().__init__(config, codec)

    def train_step(self) -> dict[str, float]:
        """Take one step; return scalars for the log."""
        self.codec.train()
        self.schedule()
        gops = self.source.sample(self.config.batch, self.generator)
        snr_db = self._between(self.config.snr_db, len(gops))
        low, high = (torch.tensor(rate).log() for rate in self.config.codec.rates)
        rate = self._between((float(low), float(high)), len(gops)).exp()
        found = self.codec(gops, snr_db, rate, self.generator)
        error = squared_error(gops, found.received)
        bits = information_bits(found.maps.detach(), found.deviation).mean()
        loss = error.clamp(min=_LEAST_ERROR).log().mean() + self.config.entropy_weight * bits
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.codec.parameters(), MAX_NORM)
        self.optimiser.step()
        self.step += 1
        return {
            "train/loss": loss.item(),
            "train/psnr_db": -10 * error.log10().mean().item(),
            "train/bits": bits.item(),
        }

    @inference
    def evaluate(self) -> dict[str, float]:
        """Return the PSNR [dB] of held-out GOPs by SNR, at the rate that is sent if nothing is asked for."""
        self.codec.eval()
        chosen = self.config.evaluation
        generator, found = Generator().manual_seed(chosen.seed), dict[str, float]()
        gops = self.unseen.sample(chosen.samples, generator)
        rate = torch.full((len(gops),), self.config.codec.rate)
        for snr_db in chosen.snr_db:
            received = self.codec(gops, torch.full((len(gops),), snr_db), rate, generator).received
            error = squared_error(gops, received.clamp(0, 1)).clamp(min=_LEAST_ERROR)
            found[f"psnr_db/{snr_db:g}_db"] = -10 * error.log10().mean().item()
        return found

    def _between(self, limits: tuple[float, float], count: int) -> Tensor:
        return limits[0] + (limits[1] - limits[0]) * torch.rand(count, generator=self.generator)
