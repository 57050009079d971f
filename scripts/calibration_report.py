"""The tables of ``semverse calibrate check``."""

from __future__ import annotations

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from semverse.envs.channels.bler_fallback import leave_one_out_db
from semverse.envs.channels.bler_points import Scheme, load_points
from semverse.envs.codecs.verification import (
    IN_TABLE,
    LEVELS,
    OUTSIDE,
    SHORT_AT_HIGH_RATES,
    WaterfallCheck,
    check_block_fading,
    check_fast_fading,
    check_waterfall,
)

GROUPS = {
    "Schemes of the table": IN_TABLE,
    "Short blocks at high rates": SHORT_AT_HIGH_RATES,
    "Schemes outside of the table": OUTSIDE,
}
FAST = (Scheme("qpsk", 0.5, 1024), Scheme("16qam", 0.5, 1024), Scheme("64qam", 0.75, 1024))


def report(seed: int) -> None:
    """Print what the models miss of fresh Monte Carlo."""
    torch.set_num_threads(1)
    console = Console(width=120)
    with tqdm(total=sum(map(len, GROUPS.values())), unit="scheme") as bar:
        for title, schemes in GROUPS.items():
            checks = []
            for scheme in schemes:
                checks.append(check_waterfall(scheme, seed))
                bar.update()
            console.print(_waterfalls(f"{title}: model less Monte Carlo, dB", checks))
    left_out = [leave_one_out_db(load_points().measured, level) for level in LEVELS]
    for level, errors in zip(LEVELS, left_out, strict=True):
        console.print(
            f"fallback, every shipped scheme left out once ({len(errors)}), at {level:.0%}: "
            f"rms {np.sqrt(np.mean(errors**2)):.3f} dB, largest {np.abs(errors).max():.3f} dB"
        )
    fading = Table(title="Block fading, QPSK, rate 1/2, 512 bits")
    for heading in ("channel", "Es/N0 dB", "predicted", "counted", "relative error", "standard error"):
        fading.add_column(heading)
    for row in check_block_fading(8000, seed):
        numbers = (f"{row.esno_db:g}", f"{row.predicted:.4f}", f"{row.counted:.4f}")
        fading.add_row(row.name, *numbers, f"{row.relative:+.1%}", f"{row.standard_error:.1%}")
    console.print(fading)
    for scheme in FAST:
        check = check_fast_fading(scheme, 16, 30, seed)
        console.print(f"fast fading, {check.name}: effective SNR {check.error_db:+.3f} dB at 10 %")


def _waterfalls(title: str, checks: list[WaterfallCheck]) -> Table:
    table = Table(title=title)
    headings = (
        "modulation, rate, k",
        "Es/N0 at 10 %",
        "bler at 10 %",
        "at 1 %",
        "fallback at 10 %",
        "at 1 %",
    )
    for heading in headings:
        table.add_column(heading)
    for check in checks:
        errors = (*check.table_db, *check.fallback_db)
        table.add_row(check.scheme.key, f"{check.measured_db[0]:.3f}", *(f"{error:+.3f}" for error in errors))
    columns = zip(*((*check.table_db, *check.fallback_db) for check in checks), strict=True)
    table.add_row("largest", "", *(f"{np.abs(column).max():.3f}" for column in columns), style="bold")
    return table
