"""Trainings of any size: who pays, what a stopped one goes on with, and the command."""

import math
from dataclasses import replace

import numpy as np
import pytest

from semverse.envs.errors import InputError
from semverse.envs.fedsem.training import Training, release_rule
from semverse.envs.fedsem.training_config import load_training

SHIPPED = ("digits", "thousand", "thousand_digits")
QUICK = {
    "rounds": 3,
    "clients": 12,
    "chosen": 8,
    "samples": 5,
    "client": {"epochs": 1, "batch": 5, "learning_rate": 0.1},
    "server": {"epochs": 1, "batch": 20, "learning_rate": 0.1},
    "models": ["cnn", "mlp"],
}


def quick(**keys):
    return load_training("digits", **{**QUICK, **keys})


def begin(config):
    return Training(*config.study().begin(), config)


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_can_be_read(name):
    config = load_training(name)
    assert config.clients >= config.chosen
    assert release_rule(config).mu > 0


def test_if_all_take_part_equally_often_the_budget_is_spent_exactly():
    training = begin(quick(clients=9, chosen=3, rounds=3, models=["cnn"]))
    training.run()
    assert [row.clients for row in training.log] == [3, 3, 3]  # everybody once
    assert training.account.epsilons() == pytest.approx(np.full(9, 8.0), abs=1e-6)


def test_nobody_overspends_and_who_cannot_pay_is_left_out():
    training = begin(quick(clients=12, chosen=8, rounds=3))  # two turns each: one round of 8 is left over
    training.run()
    assert (training.account.epsilons() <= 8.0).all()
    assert sum(row.clients for row in training.log) <= 24
    assert training.log[-1].epsilon == training.account.epsilons().max()


def test_without_noise_everybody_can_pay():
    config = load_training("digits", **QUICK).model_copy(update={"epsilon": None})
    training = begin(config)
    training.run()
    assert [row.clients for row in training.log] == [8] * 3
    assert training.log[-1].epsilon == math.inf


def test_a_stopped_training_goes_on_to_the_same_bits(tmp_path):
    config, path = quick(), tmp_path / "state.npz"
    whole = begin(config)
    whole.run()
    stopped = begin(config)
    stopped.play()
    stopped.save(path)
    seen = []
    again = begin(config)
    again.run(path, seen.append)
    assert np.array_equal(again.federation.model, whole.federation.model)
    assert all(np.array_equal(again.federation.own[k], whole.federation.own[k]) for k in whole.federation.own)
    assert [replace(row, seconds=0) for row in seen] == [replace(row, seconds=0) for row in whole.log]
    assert np.array_equal(again.account.spent, whole.account.spent)


def test_states_of_others_are_refused(tmp_path):
    path = tmp_path / "state.npz"
    training = begin(quick())
    training.play()
    training.save(path)
    with pytest.raises(InputError, match="another configuration"):
        begin(quick(seed=1)).run(path)
    arrays = dict(np.load(path))
    np.savez(path, **{**arrays, "model": arrays["model"][1:]})
    with pytest.raises(InputError, match="arrays of other shapes"):
        begin(quick()).run(path)
    np.savez(path, model=np.zeros(3))
    with pytest.raises(InputError, match="is no state of a training"):
        begin(quick()).run(path)


def test_a_thousand_clients_play_a_round():
    training = begin(load_training("thousand_digits", rounds=1, client={**QUICK["client"], "batch": 1}))
    row = training.play()
    assert row.clients == 1000
    assert training.federation.split.private_labels.shape == (1000, 1)
