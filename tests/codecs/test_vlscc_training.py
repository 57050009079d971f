"""Training of codecs: rate control, resumption to the bit, data, wrong input."""

import pytest
import torch
from PIL import Image
from torch import tensor

from semverse.envs.codecs.media import read_picture
from semverse.envs.codecs.trainings import load_training
from semverse.envs.codecs.vlscc.control import RateControl
from semverse.envs.codecs.vlscc.pictures import picture_files, random_patches, to_picture, to_tensor
from semverse.envs.codecs.vlscc.run import train_codec
from semverse.envs.codecs.vlscc.trainer import Trainer
from semverse.envs.codecs.vlscc.training_config import CodecTraining
from semverse.envs.config import parse, shipped
from semverse.envs.errors import InputError
from semverse.envs.weights import read_weights

NAMES = sorted(path.stem for path in shipped("codecs").glob("*.yaml"))


def tiny(**change):
    """A training of seconds."""
    data = load_training(shipped("codecs", "mesh_vlscc.yaml")).model_dump(mode="json")
    data["codec"] |= {"length": 172, "width": 16, "spread_features": 90}
    data |= {"steps": 12, "batch": 8, "free_steps": 4, "checkpoint_every": 5}
    data["evaluation"] = {"samples": 8, "seed": 1, "snr_db": [0]}
    return parse(CodecTraining, {**data, **change})


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_configuration_loads(name):
    assert load_training(shipped("codecs", f"{name}.yaml")).steps > 0


def test_rate_control_raises_gamma_where_too_much_is_sent():
    control = RateControl([0.25, 0.5], (-10.0, 10.0), bins=2, step=1.0)
    before = control.log_gamma.clone()
    snr_db, asked, rate = tensor([-5.0, -5.0, 5.0]), tensor([0, 0, 1]), tensor([0.45, 0.25, 0.4])
    control.follow(snr_db, asked, rate)
    # bin 0, rate 0.25: mean excess 0.1; bin 1, rate 0.5: excess -0.1; the others were not seen
    torch.testing.assert_close(control.log_gamma - before, tensor([[0.1, 0.0], [0.0, -0.1]]))
    assert control.bin_of(tensor([-20.0, 0.0, 20.0])).tolist() == [0, 1, 1]


def test_rate_control_watches_all_rates_at_once():
    control = RateControl([0.25, 0.5], (-10.0, 10.0), bins=2, step=1.0, penalty=10.0)
    assert control.centres_db == [-5.0, 5.0]
    control.log_gamma.zero_()
    control.watch(tensor([[0.5, 0.5], [0.25, 0.25]]))
    # relative deviations: 1, 0; 0, -1/2. Of the mean deviation, 3 % are new
    torch.testing.assert_close(control.log_gamma, tensor([[1.0, 0.0], [0.0, -0.5]]))
    found = control.gamma(tensor([-5.0, 5.0]), tensor([0, 1]))
    torch.testing.assert_close(found, tensor([torch.e + 0.3, torch.e**-0.5 - 0.15]))


def test_rate_control_settles_where_a_symbol_is_worth_gamma():
    """Distortion (1 - r)^2 falls by 2 (1 - r) a unit of rate: 1.6 at the rate of 0.2 that is asked for."""
    control = RateControl([0.2], (0.0, 1.0), bins=1, step=0.1, penalty=2.0)
    shift = torch.tensor(1.0, requires_grad=True)
    optimiser = torch.optim.SGD([shift], 1.0)
    for _ in range(300):
        rate = torch.sigmoid(shift)
        optimiser.zero_grad()
        ((1 - rate).square() + control.gamma(tensor([0.5]), tensor([0]))[0] * rate).backward()
        optimiser.step()
        control.watch(torch.sigmoid(shift.detach()).reshape(1, 1))
    assert torch.sigmoid(shift).item() == pytest.approx(0.2, abs=0.002)
    assert control.log_gamma.exp().item() == pytest.approx(1.6, abs=0.02)


def test_rate_control_scales_by_the_mean_distortion_of_an_snr():
    control = RateControl([0.5], (-10.0, 10.0), bins=2)
    found = control.scale(tensor([-5.0, -5.0, 5.0]), tensor([1.0, 3.0, 10.0]))
    torch.testing.assert_close(found, tensor([2.0, 2.0, 10.0]))
    torch.testing.assert_close(control.scale(tensor([-5.0]), tensor([3.0])), tensor([0.98 * 2 + 0.02 * 3]))


def test_interrupted_training_ends_with_the_same_bits(train_in_parts, tmp_path):
    whole, parts = train_in_parts(tiny(), 8)
    assert parts["evaluation"] == whole["evaluation"]
    assert not (tmp_path / "parts" / "state.safetensors").exists()


ALLOCATION = {
    "train": "allocation",
    "free_steps": 0,
    "free_share": 0.0,
    "control_step": 0.02,
    "control_penalty": 5.0,
}


def test_training_of_the_allocation_leaves_the_coders_alone(train_in_parts, tmp_path):
    train_codec(tiny(steps=3), tmp_path / "start")
    whole, _ = train_in_parts(tiny(start=str(tmp_path / "start"), **ALLOCATION), 8)
    assert set(whole["evaluation"]) == {f"share/0_db/rate_{rate:g}" for rate in tiny().codec.rates}
    before, after = read_weights(tmp_path / "start"), read_weights(tmp_path / "whole")
    changed = {name for name, weights in before.items() if not torch.equal(weights, after[name])}
    assert changed
    assert all(name.startswith("allocation.") for name in changed)


def test_training_lowers_the_loss():
    trainer = Trainer(tiny(steps=200, batch=64, learning_rate=0.01, snr_db=[10, 10], free_steps=200))
    distortion = [trainer.train_step()["train/distortion"] for _ in range(100)]
    assert sum(distortion[-20:]) < 0.85 * sum(distortion[:20])


def test_adversarial_loss_trains_its_discriminator():
    trainer = Trainer(tiny(semantic_weight=0.1))
    before = [p.clone() for p in trainer.task.discriminator.parameters()]
    assert trainer.train_step()["train/discriminator"] > 0
    assert any(
        not torch.equal(a, b) for a, b in zip(before, trainer.task.discriminator.parameters(), strict=True)
    )


def test_other_training_is_not_resumed(tmp_path):
    train_codec(tiny(steps=2), tmp_path)
    with pytest.raises(InputError, match="another training"):
        train_codec(tiny(steps=3), tmp_path, resume=True)
    with pytest.raises(InputError, match="not empty"):
        train_codec(tiny(steps=2), tmp_path)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"snr_db": [10, 0]}, "snr_db"),
        ({"distortion": "pixels"}, "distortion"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"stepz": 1}, "stepz"),
        ({"train": "allocation"}, "start"),
        ({"steps": 20, "decay_steps": 19}, "decay_steps"),
    ],
)
def test_wrong_configurations_are_one_line(change, named):
    with pytest.raises(InputError, match=named):
        tiny(**change)


def test_pictures_there_and_back(tmp_path):
    pixels = torch.randint(256, (1, 20, 30, 3), dtype=torch.uint8).numpy()
    Image.fromarray(pixels[0]).save(tmp_path / "a.png")
    assert (read_picture(picture_files(tmp_path)[0]) == pixels[0]).all()
    assert (to_picture(to_tensor(pixels)) == pixels).all()
    patches = random_patches([pixels[0]], 3, 16, torch.Generator().manual_seed(0))
    assert patches.shape == (3, 3, 16, 16)


def test_damaged_or_missing_pictures_are_one_line(tmp_path):
    Image.effect_noise((64, 64), 50).save(tmp_path / "cut.png")
    data = (tmp_path / "cut.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(data[: len(data) // 2])
    (tmp_path / "text.jpg").write_text("no picture")
    for name in ("cut.png", "text.jpg", "none.png"):
        with pytest.raises(InputError, match=name):
            read_picture(tmp_path / name)
    with pytest.raises(InputError, match="no pictures"):
        picture_files(tmp_path / "nowhere")
    with pytest.raises(InputError, match="patch"):
        random_patches([read_small(tmp_path)], 1, 16, torch.Generator())


def read_small(folder):
    Image.new("RGB", (8, 8)).save(folder / "small.png")
    return read_picture(folder / "small.png")
