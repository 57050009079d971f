"""The loss model beside chains that are really run, for ``semverse calibrate codecs``."""

from __future__ import annotations

from tqdm import tqdm

from semverse.envs.codecs import model_errors as errors
from semverse.envs.codecs.bitstream import Frames
from semverse.envs.codecs.classical import encode
from semverse.envs.codecs.rate_model import fit

LOSSES = (errors.Scheme("x264", 28, "bpsk", 0.5, 1024), errors.Scheme("hevc-intra", 34, "16qam", 0.5, 1024))
SEEDS, FADING_SEEDS = 4, 12


def print_losses(scheme: errors.Scheme, clip: str, frames: Frames) -> None:
    """Run chains over a clip, and print them beside what the loss model says."""
    steps = [level for level in errors.LEVELS[scheme.codec][::2] if 23 <= level <= 41]
    model = fit(frames, [encode(frames, scheme.codec, level, errors.GOP) for level in steps])
    runs = (len(errors.CLIFF_DB) + 1) * SEEDS + len(errors.FADING_DB) * FADING_SEEDS
    with tqdm(total=runs, unit="run") as bar:
        found = errors.loss_errors(frames, model, scheme, SEEDS, bar.update, FADING_SEEDS)
    real, modelled = found.midpoints_db
    print(f"{scheme.codec} QP {scheme.level}, {scheme.modulation} {scheme.code_rate:g}, {clip}")
    print(f"  cliff midpoint: chain {real:.2f} dB, model {modelled:.2f} dB, error {modelled - real:+.3f} dB")
    print(
        f"  plateau: chain {found.chain_db[-1]:.2f} dB, error of the model {found.plateau_error_db:+.3f} dB"
    )
    for esno_db, (mean, standard_error, guess) in zip(errors.FADING_DB, found.fading_db, strict=True):
        print(f"  Rayleigh {esno_db:g} dB: chain {mean:.2f} +- {standard_error:.2f} dB, model {guess:.2f} dB")
