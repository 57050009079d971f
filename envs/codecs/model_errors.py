"""What the models for step() miss of codecs and chains that are really run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter, ValidationError

from semverse.envs.channels import bler, block_fading_bler, waterfall
from semverse.envs.codecs.bitstream import Frames, codec_named
from semverse.envs.codecs.chain import send
from semverse.envs.codecs.classical import clean_psnr_db, encode
from semverse.envs.codecs.fineness import FloatArray, fineness
from semverse.envs.codecs.loss_model import expected_psnr_db
from semverse.envs.codecs.metrics import luma, psnr_db
from semverse.envs.codecs.rate_model import (
    Curve,
    RateDistortion,
    check_probes,
    mean_bits,
)
from semverse.envs.errors import InputError
from semverse.envs.files import read_text, write_atomic

LEVELS = {name: tuple(range(17, 48, 3)) for name in ("x264", "x265", "hevc-intra")}
LEVELS["svt-av1"] = tuple(range(15, 64, 3))
LEVELS |= {name: tuple(range(5, 96, 3)) for name in ("webp", "avif")}
LEVELS["jpeg"] = tuple(range(6, 96, 2))
LEVELS["jpeg2000"] = tuple(range(22, 47))
GOP, CURVE_FRAMES, LOSS_FRAMES = 15, 30, 60
LARGEST = (288, 352)  # larger frames are cropped to their middle
# Es/N0 around half of the blocks lost, dB: the cliff of a clip of some hundred blocks lies above it
CLIFF_DB = np.arange(-0.5, 1.51, 0.25)
FADING_DB = (5.0, 15.0, 25.0)

Record = dict[str, float]  # mean bits of frames by type, and psnr_db
RECORDS = TypeAdapter(dict[str, Record])


def crop(frames: Frames) -> Frames:
    """Return the middle of frames, at most CIF."""
    top, left = (max(0, (side - most) // 2) for side, most in zip(frames.shape[1:3], LARGEST, strict=True))
    return frames[:, top : top + LARGEST[0], left : left + LARGEST[1]]


def measure(frames: Frames, codec: str, level: int) -> Record:
    """Encode a clip or picture once; PSNR of luma for codecs of clips, of RGB for those of pictures."""
    stream = encode(frames, codec, level, GOP)
    bits = {kind: mean_bits(stream, kind) for kind in sorted(set(stream.frame_types))}
    picture = stream.codec.kind == "picture"
    psnr = psnr_db(frames, stream.clean).mean() if picture else clean_psnr_db(stream, frames)
    return bits | {"psnr_db": float(psnr)}


def read_records(path: Path) -> dict[str, Record]:
    """Return the measurements in a file by the name of clip, codec and level; none if there is no file.

    Raises:
        InputError: the file holds something else.
    """
    if not path.exists():
        return {}
    try:
        return RECORDS.validate_json(read_text(path))
    except ValidationError as error:
        raise InputError("holds no measurements", source=path, remedy="choose another --out") from error


def write_records(path: Path, records: dict[str, Record]) -> None:
    """Write measurements, whole or not at all."""
    write_atomic(path, RECORDS.dump_json(records, indent=1) + b"\n")


@dataclass(frozen=True, eq=False)
class CurveErrors:
    """Errors of curves at levels that were not given to them.

    Attributes:
        rate: relative error of the bits of a frame, for every level and frame type.
        psnr_db: error of the PSNR for every level, dB.
    """

    rate: FloatArray
    psnr_db: FloatArray


def table_errors(codec: str, records: Sequence[Record]) -> CurveErrors:
    """Return the errors of a table with every second of `LEVELS`, at the levels between."""
    return _errors(codec, records, LEVELS[codec][::2])


def probe_errors(codec: str, records: Sequence[Record]) -> CurveErrors:
    """Return the errors of the model with the codec's three probes, at the other levels between them."""
    return _errors(codec, records, check_probes(codec_named(codec), None))


def _errors(codec: str, records: Sequence[Record], knots: Sequence[int]) -> CurveErrors:
    """Interpolate records [L] through the knots and compare at the other levels."""
    levels = np.array(LEVELS[codec], dtype=np.float64)
    known = np.isin(levels, knots)
    asked = ~known & (levels > min(knots)) & (levels < max(knots))
    x = fineness(codec, levels)
    missed = {}
    for name in records[0]:
        values = np.array([record[name] for record in records])
        values = values if name == "psnr_db" else np.log(values)
        missed[name] = Curve.through(x[known], values[known])(x[asked]) - values[asked]
    psnr = missed.pop("psnr_db")
    return CurveErrors(np.expm1(np.concatenate(list(missed.values()))), psnr)


def worst(errors: Sequence[FloatArray]) -> tuple[float, float]:
    """Return the largest magnitude of some errors, and its 90th percentile."""
    together = np.abs(np.concatenate(errors))
    return float(together.max()), float(np.percentile(together, 90))


@dataclass(frozen=True)
class Scheme:
    """A clip's codec level and link in a comparison of the loss model with the chain."""

    codec: str
    level: int
    modulation: str
    code_rate: float
    k: int


@dataclass(frozen=True, eq=False)
class LossErrors:
    """The loss model beside the chain, mean luma PSNR over some seeds.

    Attributes:
        esno_db: [S] for the two curves, without fading.
        chain_db: [S] real chain.
        model_db: [S] loss model.
        middle_db: midway between grey and whole, PSNR in dB.
        fading_db: [3, 3] chain, its standard error, model with a Rayleigh gain a block, at `FADING_DB`.
    """

    esno_db: FloatArray
    chain_db: FloatArray
    model_db: FloatArray
    middle_db: float
    fading_db: FloatArray

    @property
    def midpoints_db(self) -> tuple[float, float]:
        """Es/N0 at which chain and model are midway between grey and whole."""
        chain = _crossing(self.esno_db, self.chain_db, self.middle_db)
        return chain, _crossing(self.esno_db, self.model_db, self.middle_db)

    @property
    def plateau_error_db(self) -> float:
        """PSNR of the model less that of the chain where nothing is lost."""
        return float(self.model_db[-1] - self.chain_db[-1])


def loss_errors(
    frames: Frames,
    model: RateDistortion,
    scheme: Scheme,
    seeds: int,
    progress: Callable[[], object],
    fading_seeds: int = 0,
) -> LossErrors:
    """Run the chain around its cliff and in fading, and ask the loss model for the same.

    Args:
        frames: [F, H, W, 3] of the clip.
        model: of the clip, from probes at other levels.
        scheme: what is sent how.
        seeds: runs at every Es/N0 without fading.
        progress: called after every run.
        fading_seeds: runs at every Es/N0 with fading; none if 0.
    """
    from semverse.envs.codecs.link import CodedLink

    stream = encode(frames, scheme.codec, scheme.level, GOP)
    link = CodedLink(scheme.modulation, scheme.code_rate, scheme.k)
    reference = luma(frames)

    def chain(esno_db: float, channel: str, runs: int) -> tuple[float, float]:
        """Return mean and standard error."""
        found = []
        for seed in range(runs):
            sent = send(stream, link, esno_db, channel, np.random.default_rng(seed))
            found.append(psnr_db(reference, luma(sent.received.frames)).mean())
            progress()
        return float(np.mean(found)), float(np.std(found, ddof=1) / np.sqrt(runs))

    def modelled(block_error_rate: FloatArray) -> FloatArray:
        length = len(frames)
        gop = 1 if scheme.codec == "hevc-intra" else GOP
        return expected_psnr_db(
            model, scheme.level, frames=length, gop=gop, k=scheme.k, bler=block_error_rate
        )

    kind = (scheme.modulation, scheme.code_rate, scheme.k)
    grid = float(waterfall(*kind)[0]) + np.append(CLIFF_DB, 10.0)
    faded = np.array(FADING_DB if fading_seeds else ())
    real = np.array([chain(x, "rayleigh", fading_seeds) for x in faded]).reshape(-1, 2)
    return LossErrors(
        esno_db=grid,
        chain_db=np.array([chain(x, "awgn", seeds)[0] for x in grid]),
        model_db=modelled(bler(*kind, grid)),
        middle_db=(clean_psnr_db(stream, frames) + model.grey_psnr_db) / 2,
        fading_db=np.column_stack([real, modelled(block_fading_bler(*kind, faded))]),
    )


def _crossing(x: FloatArray, rising: FloatArray, level: float) -> float:
    """Return where a curve first reaches a level, by linear interpolation."""
    at = max(1, int(np.argmax(rising >= level)))
    share = (level - rising[at - 1]) / (rising[at] - rising[at - 1])
    return float(x[at - 1] + share * (x[at] - x[at - 1]))
