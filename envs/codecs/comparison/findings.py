"""The orderings of paper 002, each looked for in the rows of a comparison and marked reproduced or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from semverse.envs.codecs.comparison.cells import Row
from semverse.envs.codecs.comparison.config import PicturesConfig
from semverse.envs.codecs.comparison.meshes import ENTROPY, VARIABLE

Finding = dict[str, Any]  # claim, source, reproduced, figures
_SAME = 1.05  # numbers of symbols that differ by less count as the same
_CLIFF_DB = 6.0  # a fall of the PSNR between neighbouring SNR that counts as a cliff


def mesh_findings(rows: Sequence[Row]) -> list[Finding]:
    """Return whether variable length beats those that send no more, at every SNR (Fig. 6)."""
    most = max(row["symbols"] for row in rows if row["method"] == VARIABLE)
    errors: dict[str, dict[float, float]] = {}
    for row in (row for row in rows if row["symbols"] <= _SAME * most):
        errors.setdefault(row["method"], {})[row["snr_db"]] = row["mpjpe"]
    ours, found = errors[VARIABLE], []
    for other in (name for name in errors if name != VARIABLE):
        gain = {snr_db: 1 - ours[snr_db] / errors[other][snr_db] for snr_db in ours}
        source = "Fig. 6" if other != ENTROPY else "section I"
        claim = f"meshes: {VARIABLE} has a smaller error than {other} at every SNR"
        figures = {f"smaller by at {snr_db:g} dB": round(value, 4) for snr_db, value in gain.items()}
        found.append(finding(claim, source, all(value > 0 for value in gain.values()), figures))
    return found


def picture_findings(rows: Sequence[Row], config: PicturesConfig) -> list[Finding]:
    """Return the orderings of Figs. 8 and 9 and the behaviour over SNR."""
    variable = next(iter(config.variable))
    found = [_against(rows, config, variable, other, "psnr_db", "Fig. 8") for other in config.fixed]
    if config.entropy:
        found.append(_against(rows, config, variable, ENTROPY, "psnr_db", "section I"))
    for chain in config.classical:
        found.append(_against(rows, config, variable, chain.method, "psnr_db", "Fig. 8"))
        found.append(_cliffs(rows, config, variable, chain.method))
    for perceptual in list(config.variable)[1:]:
        others = (variable, *config.fixed, *(chain.method for chain in config.classical))
        found += [_against(rows, config, perceptual, other, "lpips", "Fig. 9") for other in others]
    return found


def _against(
    rows: Sequence[Row], config: PicturesConfig, ours: str, other: str, quality: str, source: str
) -> Finding:
    """Compare at the other's numbers of symbols, between which ours is interpolated."""
    at_design = [row for row in rows if row["snr_db"] == config.design_snr_db]
    curve = sorted((row["symbols_per_pixel"], row[quality]) for row in at_design if row["method"] == ours)
    spp, values = np.array(curve).T
    better = -1 if quality == "lpips" else 1
    gains = {}
    for row in at_design:
        if row["method"] == other and spp[0] <= row["symbols_per_pixel"] <= spp[-1]:
            interpolated = float(np.interp(row["symbols_per_pixel"], spp, values))
            gains[f"gain at {row['symbols_per_pixel']:.4f} spp"] = better * (interpolated - row[quality])
    sign = "lower LPIPS" if quality == "lpips" else "higher PSNR"
    claim = f"pictures: {ours} has {sign} than {other} at equal symbols, {config.design_snr_db:g} dB"
    reproduced = all(value > 0 for value in gains.values()) if gains else None
    return finding(claim, source, reproduced, {name: round(value, 4) for name, value in gains.items()})


def _cliffs(rows: Sequence[Row], config: PicturesConfig, ours: str, other: str) -> Finding:
    """Compare the steepest falls over SNR."""
    steepest = {}
    for method in (ours, other):
        curve = {
            row["snr_db"]: row["psnr_db"]
            for row in rows
            if row["method"] == method and row["asked"] in (config.rate, 1.0, config.swept_spp)
        }
        values = [curve[snr_db] for snr_db in sorted(curve)]
        steepest[method] = float(np.diff(values).max())
    claim = f"pictures: {ours} degrades gracefully with SNR where {other} falls off a cliff"
    reproduced = steepest[ours] < _CLIFF_DB < steepest[other]
    figures = {f"steepest fall of {method}, dB": round(value, 2) for method, value in steepest.items()}
    return finding(claim, "section I", reproduced, figures)


def finding(claim: str, source: str, reproduced: bool | None, figures: dict[str, float]) -> Finding:
    """Return a claim of a paper and whether it was found."""
    return {"claim": claim, "source": source, "reproduced": reproduced, "figures": figures}
