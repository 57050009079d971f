"""Shipped codecs load and reach a stated quality."""

import pytest
import torch

from semverse.envs.codecs.vlscc import load_codec, shipped_codecs
from semverse.envs.codecs.vlscc.checkpoint import find_codec
from semverse.envs.weights import read_card


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


def test_symbols_go_where_edges_are():
    codec = load_codec("image_vlscc")
    flat, busy = torch.full((1, 3, 64, 64), 0.5), torch.full((1, 3, 64, 64), 0.5)
    busy[..., 32:] = (torch.arange(32) // 4 % 2).float()  # stripes on the right half
    level = codec.choose(busy, 10.0)[0]
    assert level[:, 2:].mean() > level[:, :2].mean()
    assert level[:, 2:].mean() > codec.choose(flat, 10.0).mean()
