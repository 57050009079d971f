"""Shipped codecs load, reach a stated quality, and keep the rates asked for."""

import hashlib

import numpy as np
import pytest
import torch

from semverse.envs.codecs.media import read_picture
from semverse.envs.codecs.vlscc import load_codec, shipped_codecs
from semverse.envs.codecs.vlscc.checkpoint import find_codec
from semverse.envs.codecs.vlscc.pictures import picture_files, to_tensor
from semverse.envs.weights import read_card, read_weights


def pictures():
    """Discs on ramps, [4, 3, 90, 110]: edges, flat regions, colours."""
    generator = torch.Generator().manual_seed(3)
    y, x = torch.meshgrid(torch.linspace(0, 1, 90), torch.linspace(0, 1, 110), indexing="ij")
    found = torch.stack([0.2 + 0.5 * x, 0.3 + 0.4 * y, 0.7 - 0.3 * x * y]).repeat(4, 1, 1, 1)
    for picture in found:
        for _ in range(6):
            place, size, colour = (torch.rand(n, generator=generator) for n in (2, 1, 3))
            inside = (x - place[0]).square() + (y - place[1]).square() < (0.05 + 0.15 * size).square()
            picture[:, inside] = colour[:, None]
    return found


@pytest.mark.parametrize("name", [name for name in shipped_codecs() if not name.startswith("vst")])
def test_loads_and_says_how_it_was_made(name):
    codec, card = load_codec(name), read_card(find_codec(name))
    assert card["kind"] == codec.config.kind
    assert card["command"].startswith("semverse train-codec --config configs/codecs/")
    assert card["seconds"] > 0


@pytest.mark.parametrize(
    ("name", "decibels"),
    [
        ("image_vlscc", 22),
        ("image_vlscc_lpips", 22),
        ("image_scc_16th", 20),
        ("image_scc_8th", 22),
        ("image_deepjscc", 22),
    ],
)
def test_quality_of_simple_pictures(name, decibels):
    codec = load_codec(name)
    source = pictures()
    passage = codec.send(source, 10.0, generator=torch.Generator().manual_seed(0))
    assert codec.measure(source, passage.received).mean() > decibels
    assert codec.symbols(passage.level).max() / 2 / (90 * 110) < 0.2  # complex symbols per pixel


@pytest.mark.parametrize(
    ("name", "beginning"), [("image_vlscc", "9ec7e0b814507e07"), ("image_vlscc_lpips", "b983c692983bc81b")]
)
def test_coders_are_those_that_the_surfaces_were_measured_with(name, beginning):
    """The rate allocation was trained again later; quality at forced levels must not have changed."""
    weights, digest = read_weights(find_codec(name)), hashlib.sha256()
    for key in sorted(key for key in weights if not key.startswith("allocation.")):
        digest.update(weights[key].numpy().tobytes())
    assert digest.hexdigest().startswith(beginning)


@pytest.mark.parametrize("name", ["image_vlscc", "image_vlscc_lpips"])
def test_the_card_tells_rates_that_were_kept(name):
    """Within 10 % of what was asked on 200 whole pictures that no training saw, at every SNR."""
    found = read_card(find_codec(name))["evaluation"]
    assert len(found) == 16
    for cell, share in found.items():
        assert share == pytest.approx(float(cell.rpartition("_")[2]), rel=0.1), cell


def test_mean_rates_are_as_the_card_says(data_dir):
    codec, card = load_codec("image_vlscc"), read_card(find_codec("image_vlscc"))
    files = picture_files(data_dir / "images" / "bsds500" / "test")
    pictures = [to_tensor(read_picture(file)[None]) for file in files]
    shares = [share_of(codec, codec.choose(picture, 10.0, 0.25)) for picture in pictures]
    assert np.mean(shares) == pytest.approx(card["evaluation"]["share/10_db/rate_0.25"], rel=0.01)


def share_of(codec, level):
    """Return the share of all symbols that levels [1, h, w] send."""
    return float(codec.symbols(level)[0]) / (codec.config.length * level[0].numel())


def test_symbols_go_where_edges_are():
    codec = load_codec("image_vlscc")
    flat, busy = torch.full((1, 3, 64, 64), 0.5), torch.full((1, 3, 64, 64), 0.5)
    busy[..., 32:] = (torch.arange(32) // 4 % 2).float()  # stripes on the right half
    level = codec.choose(busy, 10.0)[0]
    assert level[:, 2:].mean() > level[:, :2].mean()
    assert level[:, 2:].mean() > codec.choose(flat, 10.0).mean()
