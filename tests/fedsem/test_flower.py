"""Flower's simulation gives the bits of the numpy path; failures of clients are not passed over."""

from threading import Event
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("flwr", reason="needs the extra 'federated'")

from flwr.app import Context, Error, Message, RecordDict
from flwr.supercore.task_identity import TaskIdentity

from semverse.envs.errors import InputError
from semverse.envs.fedsem.flower import FlowerFederation, client_app, server_app, simulate
from semverse.envs.fedsem.training import Training
from semverse.envs.fedsem.training_config import load_training

QUICK = {
    "clients": 8,
    "samples": 5,
    "rounds": 3,
    "chosen": 5,
    "client": {"epochs": 1, "batch": 5, "learning_rate": 0.1},
    "server": {"epochs": 1, "batch": 20, "learning_rate": 0.1},
}
CASES = [("fd", ["cnn"]), ("fd", ["cnn", "mlp"]), ("fedavg", ["cnn"]), ("fedavg_kd", ["mlp"])]


class Inline:
    """A grid whose nodes answer at once, in this process: Flower's ClientApp without its engine."""

    def __init__(self, app, clients):
        self.app, self.asked = app, 0
        self.contexts = {
            100 + k: Context(1, 100 + k, {"partition-id": k, "num-partitions": clients}, RecordDict(), {})
            for k in range(clients)
        }

    def get_node_ids(self):
        return list(self.contexts)

    def push_messages(self, messages):
        self.asked += len(messages)
        names = [f"{self.asked}-{at}" for at in range(len(messages))]
        for message, name in zip(messages, names, strict=True):
            message.metadata.__dict__["_message_id"] = name
        self.answers = [self.answer(message, message.metadata.dst_node_id) for message in reversed(messages)]
        return names

    def pull_messages(self, names):
        found, self.answers = self.answers, []
        return found

    def answer(self, message, node):
        answer = self.app(message, self.contexts[node])
        answer.metadata.__dict__["_src_node_id"] = node
        return answer


@pytest.fixture(autouse=True)
def _in_a_task(monkeypatch):
    """Messages carry who sends them; the engine sets that for its process."""
    for name in ("run_id", "task_id", "node_id"):
        monkeypatch.setattr(TaskIdentity, f"_{name}", 1)


def config_of(algorithm, models):
    return load_training("digits", algorithm=algorithm, models=models, clip=5.0, **QUICK)


def by_numpy(config):
    training = Training(*config.study().begin(), config)
    training.run()
    return training


def same(one, two):
    return np.array_equal(one.federation.model, two.federation.model) and [
        (row.clients, row.accuracy, row.epsilon) for row in one.log
    ] == [(row.clients, row.accuracy, row.epsilon) for row in two.log]


@pytest.mark.parametrize(("algorithm", "models"), CASES)
def test_messages_carry_the_same_numbers(algorithm, models):
    config = config_of(algorithm, models)
    study = config.study()
    split, recipe, rng = study.parts()
    grid = Inline(client_app(study), config.clients)
    training = Training(FlowerFederation(split, recipe, rng, grid), rng, config)
    training.run()
    assert grid.asked == config.clients + sum(row.clients for row in training.log)
    assert same(training, by_numpy(config))


@pytest.mark.slow
def test_the_simulation_engine_gives_the_same_bits():
    pytest.importorskip("ray", reason="Flower's simulation runs on Ray; needs the extra 'federated'")
    config, found = config_of("fd", ["cnn", "mlp"]), []

    def play(federation, rng):
        found.append(Training(federation, rng, config))
        found[0].run()

    simulate(config.study(), play)
    assert isinstance(found[0].federation, FlowerFederation)
    assert same(found[0], by_numpy(config))


def begun():
    config = config_of("fd", ["cnn"])
    study = config.study()
    split, recipe, rng = study.parts()
    grid, stopped = Inline(client_app(study), config.clients), Event()
    return Training(FlowerFederation(split, recipe, rng, grid, stopped), rng, config), grid, stopped


def test_a_client_that_fails_fails_the_round(monkeypatch):
    training, grid, _ = begun()
    monkeypatch.setattr(grid, "answer", lambda asked, node: Message(Error(1, "no battery"), reply_to=asked))
    with pytest.raises(RuntimeError, match="a client failed: no battery"):
        training.play()


def test_a_message_that_cannot_be_sent_fails_the_round(monkeypatch):
    training, grid, _ = begun()
    monkeypatch.setattr(grid, "push_messages", lambda messages: ["1"])
    with pytest.raises(RuntimeError, match="1 of 5 messages could be sent"):
        training.play()


def test_nobody_waits_for_an_engine_that_stopped(monkeypatch):
    training, grid, stopped = begun()
    monkeypatch.setattr(grid, "pull_messages", lambda names: stopped.set() or [])
    with pytest.raises(RuntimeError, match="the engine stopped; 5 clients did not answer"):
        training.play()


def test_clients_that_never_report_are_missed(monkeypatch):
    monkeypatch.setattr("semverse.envs.fedsem.flower.PATIENCE_S", 0.1)
    study = config_of("fd", ["cnn"]).study()
    split, recipe, rng = study.parts()
    with pytest.raises(RuntimeError, match="0 of 8 clients reported"):
        FlowerFederation(split, recipe, rng, SimpleNamespace(get_node_ids=list))


def test_data_are_looked_at_before_anything_starts():
    study = load_training("digits", **QUICK, data="missing.npz").study()
    with pytest.raises(InputError, match="cannot be read"):
        server_app(study, lambda federation, rng: None)
