"""The same federation over Flower: clients are a ClientApp's nodes, the server is a ServerApp.

The server is `Federation` itself, whose clients' work goes out as messages; a client answers with what
`Federation.uploads` says of it alone. Selection, release, accounting and distillation are the same code,
and the generator that orders the clients' samples travels with the messages: the numbers are the same bits.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from copy import copy
from functools import lru_cache
from threading import Event
from typing import Any, TypeAlias

import numpy as np

os.environ.setdefault("FLWR_TELEMETRY_ENABLED", "0")  # Flower reads it when it is imported

from flwr.app import (
    Array,
    ArrayRecord,
    ConfigRecord,
    Context,
    Message,
    MessageType,
    MetricRecord,
    RecordDict,
)
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp

from semverse.envs.fedsem.federation import Federation, Recipe
from semverse.envs.fedsem.setting import Study
from semverse.envs.fedsem.types import Float32, IntArray, Split

PATIENCE_S, POLL_S = 120.0, 0.02
IN_FLIGHT = 32  # messages at once: for each node, Flower looks through all of them
OWN = "own-model"  # of a client whose structure is not the server's, in the state that Flower keeps for it


@lru_cache(maxsize=1)
def _world(study: Study) -> Federation:
    """Return a study's beginning: every process of the simulation reads the data once."""
    return Federation(*study.parts())


def client_app(study: Study) -> ClientApp:
    """Return the clients' side: node ``partition-id`` of ``num-partitions`` is client of that number."""

    def who(message: Message, context: Context) -> Message:
        number = MetricRecord({"client": int(context.node_config["partition-id"])})
        return Message(RecordDict({"who": number}), reply_to=message)

    def train(message: Message, context: Context) -> Message:
        return Message(_answer(study, message.content, context), reply_to=message)

    app = ClientApp()
    app.query()(who)
    app.train()(train)
    return app


def _answer(study: Study, asked: RecordDict, context: Context) -> RecordDict:
    """Train one client and return its upload, and the generator as training leaves it."""
    world, client = copy(_world(study)), int(context.node_config["partition-id"])
    arrays = asked["round"]
    world.model, public = arrays["model"].numpy(), arrays["public"].numpy()
    if client in world.own:
        begin = context.state[OWN]["model"].numpy() if OWN in context.state else world.own[client]
        world.own = {client: begin}
    rng = np.random.default_rng()
    rng.bit_generator.state = json.loads(str(asked["generator"]["state"]))
    upload = world.uploads(np.array([client]), public, rng)[0]
    if client in world.own:
        context.state[OWN] = _record(model=world.own[client])
    return RecordDict({"upload": _record(numbers=upload), "generator": _state_of(rng)})


def _record(**arrays: Any) -> ArrayRecord:
    return ArrayRecord({name: Array(array) for name, array in arrays.items()})


def _state_of(rng: np.random.Generator) -> ConfigRecord:
    return ConfigRecord({"state": json.dumps(rng.bit_generator.state)})


Play: TypeAlias = "Callable[[FlowerFederation, np.random.Generator], None]"


class FlowerFederation(Federation):
    """A federation whose clients are nodes of a Flower grid.

    Args:
        split: who has which data; private data are not looked at here.
        recipe: how they learn.
        rng: initial weights.
        grid: of the ServerApp.
        stopped: set when nobody will answer any more.
    """

    def __init__(
        self,
        split: Split,
        recipe: Recipe,
        rng: np.random.Generator,
        grid: Grid,
        stopped: Event | None = None,
    ) -> None:
        super().__init__(split, recipe, rng)
        self.grid, self.stopped = grid, stopped or Event()
        nodes = self._nodes(split.clients)
        answers = self._ask([Message(RecordDict(), node, MessageType.QUERY) for node in nodes])
        self.clients = {  # by their nodes
            answer.metadata.src_node_id: int(answer.content["who"]["client"]) for answer in answers
        }
        self.nodes = {client: node for node, client in self.clients.items()}

    def _nodes(self, count: int) -> list[int]:
        """Return the nodes' ids, once so many have reported."""
        end = time.monotonic() + PATIENCE_S
        while len(nodes := list(self.grid.get_node_ids())) < count:
            if time.monotonic() > end or self.stopped.is_set():
                raise RuntimeError(f"{len(nodes)} of {count} clients reported")
            time.sleep(POLL_S)
        return nodes

    def _ask(self, messages: list[Message]) -> list[Message]:
        """Return the answers to messages, in whatever order.

        Raises:
            RuntimeError: a client failed, or the engine stopped.
        """
        answers: list[Message] = []
        for at in range(0, len(messages), IN_FLIGHT):
            answers += self._exchange(messages[at : at + IN_FLIGHT])
        for answer in answers:
            if answer.has_error():
                raise RuntimeError(f"a client failed: {answer.error.reason}")
        return answers

    def _exchange(self, messages: list[Message]) -> list[Message]:
        """Send messages and wait for all answers, as long as the engine runs."""
        waiting = set(self.grid.push_messages(messages))
        if len(waiting) != len(messages):
            raise RuntimeError(f"{len(waiting)} of {len(messages)} messages could be sent")
        answers: list[Message] = []
        while waiting:
            if self.stopped.is_set():
                raise RuntimeError(f"the engine stopped; {len(waiting)} clients did not answer")
            answers += self.grid.pull_messages(waiting)
            waiting -= {answer.metadata.reply_to_message_id for answer in answers}
            time.sleep(POLL_S)
        return answers

    def uploads(self, clients: IntArray, public: IntArray, rng: np.random.Generator) -> Float32:
        """Let clients [C] train, wherever they are, and return what they upload [C, D].

        Clients of one structure after those of another, since each structure goes on with the generator.
        """
        self.check(clients)
        found: dict[int, Float32] = {}
        for kind in self.networks:
            wanted = [client for client in clients.tolist() if self.kinds[client] == kind]
            for answer in self._ask([self._request(client, public, rng) for client in wanted]):
                number = self.clients[answer.metadata.src_node_id]
                found[number] = answer.content["upload"]["numbers"].numpy()
                state = str(answer.content["generator"]["state"])
            if wanted:  # all clients of a kind draw the same
                rng.bit_generator.state = json.loads(state)
        return np.stack([found[client] for client in clients.tolist()])

    def _request(self, client: int, public: IntArray, rng: np.random.Generator) -> Message:
        arrays = _record(model=self.model, public=public)
        content = RecordDict({"round": arrays, "generator": _state_of(rng)})
        return Message(content, self.nodes[client], MessageType.TRAIN, group_id=str(self.rounds))


def server_app(study: Study, play: Play, stopped: Event | None = None) -> ServerApp:
    """Return the server's side.

    Args:
        study: who has which data, and how they learn.
        play: what the server does with the federation and the study's generator.
        stopped: set by whoever runs the engine when that ends, so that the server does not wait for ever.

    Raises:
        InputError: the data cannot be read or do not suffice.
    """
    split, recipe, rng = study.parts()

    def main(grid: Grid, context: Context) -> None:
        play(FlowerFederation(split, recipe, rng, grid, stopped), rng)

    app = ServerApp()
    app.main()(main)
    return app


def simulate(study: Study, play: Play, workers: int = 1) -> None:
    """Run a federation in Flower's simulation, one node a client.

    Args:
        study: who has which data, and how they learn.
        play: what the server does with the federation and the study's generator.
        workers: processes (of Ray) that clients are trained in, one core each.

    Raises:
        InputError: the data cannot be read or do not suffice.
        RuntimeError: a client failed.
    """
    from flwr.simulation import run_simulation

    resources, stopped = {"num_cpus": 1, "num_gpus": 0.0}, Event()
    try:
        run_simulation(
            server_app(study, play, stopped),
            client_app(study),
            study.setting.clients,
            backend_config={"client_resources": resources, "init_args": {"num_cpus": workers}},
        )
    finally:
        stopped.set()
