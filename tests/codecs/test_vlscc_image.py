"""The codec of pictures: networks of Table I, any size, padding, interface."""

import pytest
import torch

from semverse.envs.codecs.trainings import load_training
from semverse.envs.codecs.vlscc.checkpoint import begin_with, load_codec, make_codec, save_codec
from semverse.envs.codecs.vlscc.config import ImageConfig
from semverse.envs.config import parse, shipped
from semverse.envs.errors import InputError

SMALL = {
    "kind": "image",
    "length": 8,
    "levels": 4,
    "variable": True,
    "snr_input": True,
    "rates": [0.25, 0.5],
    "semantic": [[5, 2, 4], [3, 2, 6]],
    "coder": [[3, 2, 6], [3, 2, 8]],
    "coder_prelu": True,
    "linear_path": False,
    "allocation": [[3, 2, 4], [3, 2, 1]],
}


def small(**change):
    return parse(ImageConfig, {**SMALL, **change})


@pytest.fixture
def codec():
    torch.manual_seed(0)
    return make_codec(small()).eval()


def test_networks_of_table_1():
    codec = make_codec(load_training(shipped("codecs", "image_paper.yaml")).codec)
    assert codec.config.downsampling == 16
    assert (codec.config.length, codec.config.levels) == (512, 16)

    def convolutions(network):
        return [
            (m.kernel_size[0], m.stride[0], m.out_channels)
            for m in network
            if isinstance(m, torch.nn.Conv2d | torch.nn.ConvTranspose2d)
        ]

    assert convolutions(codec.semantic_encoder) == [(9, 2, 256), (5, 2, 256), (5, 1, 256)]
    assert convolutions(codec.coder) == [(5, 2, 512), (5, 1, 512), (5, 1, 512), (3, 2, 512)]
    three = [(3, 1, 256)] * 3
    assert convolutions(codec.allocation) == [(3, 2, 256), *three, (3, 2, 128), (3, 1, 1)]
    assert convolutions(codec.decoder) == [(3, 2, 512), (5, 1, 512), (5, 1, 512), (5, 2, 256)]
    assert convolutions(codec.semantic_decoder) == [(5, 1, 256), (5, 2, 256), (9, 2, 3)]


@pytest.mark.parametrize("size", [(16, 16), (33, 47), (1, 1), (64, 20)])
def test_any_size(codec, size):
    source = torch.rand(2, 3, *size)
    passage = codec.send(source, 10.0, generator=torch.Generator().manual_seed(0))
    assert passage.received.shape == source.shape
    assert passage.level.shape == (2, -(-size[0] // 16), -(-size[1] // 16))
    assert passage.received.min() >= 0
    assert passage.received.max() <= 1


def test_level_map_decides_what_is_sent_where(codec):
    level = torch.tensor([[[0.0, 1.0], [2.0, 3.0]]])
    symbols, q = codec.encode(torch.rand(1, 3, 32, 32), 5.0, level=level)
    assert torch.equal(q, level)
    # N = 8, L = 4: ceil(8 q / 3) symbols
    assert (symbols != 0).sum(1)[0].tolist() == [[0, 3], [6, 8]]
    assert codec.symbols(level).item() == 17


def test_nothing_sent_still_gives_a_picture(codec):
    passage = codec.send(torch.rand(1, 3, 16, 16), 5.0, level=0)
    assert bool(torch.isfinite(passage.received).all())


def test_rate_begins_as_asked(codec):
    features = codec.analyse(torch.rand(3, 3, 32, 32))
    rate = codec.allocate(features, torch.zeros(3), torch.tensor([0.1, 0.4, 0.8]))
    torch.testing.assert_close(rate, torch.tensor([0.1, 0.4, 0.8])[:, None, None].expand(3, 2, 2))


def test_gradient_reaches_rate_allocation_and_both_coders(codec):
    features = codec.analyse(torch.rand(2, 3, 32, 32))
    snr_db = torch.full((2,), 10.0)
    rate = codec.allocate(features, snr_db, torch.full((2,), 0.5))
    codec(features, snr_db, rate, torch.Generator().manual_seed(0)).received.square().mean().backward()
    last = [codec.allocation[-1], codec.coder[-1], codec.semantic_encoder[0], codec.semantic_decoder[-1]]
    assert all(layer.weight.grad.abs().sum() > 0 for layer in last)


def test_training_and_inference_send_the_same(codec):
    source, snr_db = torch.rand(2, 3, 32, 32), torch.full((2,), 3.0)
    rate = torch.full((2, 2, 2), 1 / 3)
    with torch.inference_mode():
        trained = codec(codec.analyse(source), snr_db, rate, torch.Generator().manual_seed(4)).received
    used = codec.send(source, 3.0, level=1, generator=torch.Generator().manual_seed(4)).received
    torch.testing.assert_close(trained.clamp(0, 1), used, atol=1e-5, rtol=0)


def linear(**change):
    torch.manual_seed(0)
    codec = make_codec(small(linear_path=True, length=40, coder=[[3, 2, 6], [3, 2, 40]], **change)).eval()
    # smooth pictures: ramps of all directions and colours
    generator = torch.Generator().manual_seed(0)
    slope, start = torch.randn(200, 3, 2, generator=generator) / 4, torch.rand(200, 3, generator=generator)
    place = torch.linspace(-1, 1, 32)
    slope = slope[..., None, None]
    pictures = start[..., None, None] + slope[:, :, 0] * place[:, None] + slope[:, :, 1] * place
    pictures = pictures.clamp(0, 1)
    codec.begin(pictures[:150])
    return codec, pictures[150:]


def test_linear_path_begins_with_good_pictures():
    codec, pictures = linear()

    def quality(level, snr_db):
        return codec.quality(pictures, level, snr_db, torch.Generator().manual_seed(0)).mean()

    assert quality(3, 40.0) > 30
    assert quality(3, 40.0) > quality(3, 10.0) > quality(3, 0.0)


def test_linear_path_finds_the_scale_by_its_pilot():
    codec, pictures = linear()
    source = pictures[:4]
    with torch.no_grad():
        features = codec.analyse(source)
        plain = codec.code(features, torch.ones(4, 2, 2), torch.full((4,), 20.0))
    symbols, level = codec.encode(source, 20.0, level=3)
    found, scale = codec.path.scaled(symbols, level)
    torch.testing.assert_close(found, plain, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(scale.flatten(), plain.square().mean((1, 2, 3)).sqrt(), atol=1e-4, rtol=1e-4)


def test_longer_code_is_cut_to_its_first_symbols(codec, tmp_path):
    save_codec(codec, tmp_path, {})
    shorter = make_codec(small(length=4, variable=False, allocation=[], coder=[[3, 2, 6], [3, 2, 4]]))
    begin_with(shorter, tmp_path)
    source = torch.rand(1, 3, 32, 32)
    long, _ = codec.encode(source, 5.0, level=3)
    short, _ = shorter.eval().encode(source, 5.0)
    # the same but for power and half precision
    ratio = long[:, :4].norm() / short.norm()
    torch.testing.assert_close(short * ratio, long[:, :4], atol=0.02, rtol=0.02)


def test_checkpoint_of_another_codec_is_one_line(codec, tmp_path):
    save_codec(codec, tmp_path, {})
    text = (tmp_path / "config.yaml").read_text()
    (tmp_path / "config.yaml").write_text(text.replace("levels: 4", "levels: 1"))
    with pytest.raises(InputError, match="levels"):
        load_codec(tmp_path)
    (tmp_path / "config.yaml").write_text(text.replace("- 6\n", "- 7\n", 1))
    with pytest.raises(InputError, match="do not fit"):
        load_codec(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"broken")
    with pytest.raises(InputError, match="damaged"):
        load_codec(tmp_path)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"source": torch.rand(3, 16, 16)}, "pictures"),
        ({"source": torch.rand(1, 1, 16, 16)}, "pictures"),
        ({"source": torch.full((1, 3, 16, 16), 255.0)}, "0 to 1"),
        ({"source": torch.full((1, 3, 16, 16), float("nan"))}, "0 to 1"),
        ({"level": torch.zeros(1, 5, 5)}, "level"),
        ({"snr_db": -1000.0}, "snr_db"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_input_is_one_line(codec, change, named):
    with pytest.raises(InputError, match=named):
        codec.encode(**{"source": torch.rand(1, 3, 16, 16), "snr_db": 0.0, **change})


@pytest.mark.parametrize(
    ("change", "named"),
    [({"length": 9}, "channels"), ({"allocation": [[3, 2, 1]]}, "down-sampling"), ({"levels": 1}, "levels")],
)
def test_wrong_configurations_are_one_line(change, named):
    with pytest.raises(InputError, match=named):
        small(**change)
