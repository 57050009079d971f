"""Live trainings as data: what went into each round, and what became of the accuracies."""

from __future__ import annotations

import copy
import io
import zipfile
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from semverse.envs.errors import InputError
from semverse.envs.fedsem.behaviour import BROAD, Behaviour
from semverse.envs.fedsem.core import Trainings
from semverse.envs.fedsem.learners import LiveLearner
from semverse.envs.fedsem.problem import Problem
from semverse.envs.fedsem.types import CLASSES, BoolArray, Float32, FloatArray, IntArray
from semverse.envs.files import make_folder, read_bytes, write_atomic

FIRST_HELD_OUT = 1_100_000  # seed; trainings of the stand-in never use those from here on


@dataclass(frozen=True, eq=False)
class Recording:
    """Episodes of T rounds, side by side."""

    accuracy: Float32  # [E, T + 1, 10] of the server on each class, before and after each round
    twin: Float32  # [E, T, 10] after each round, had its randomness been another; NaN: not tried
    echoes: Float32  # [E, M, T + 1, 10] M trainings of the same decisions with other randomness all along
    chosen: IntArray  # [E, T, 10] clients of each class that took part
    size: IntArray  # [E, 10] clients of each class
    mu: FloatArray  # [E, T] of the releases
    public: IntArray  # [E, T] public pictures
    bits: IntArray  # [E, T] of a logit

    @property
    def played(self) -> BoolArray:
        """Rounds that somebody took part in [E, T]."""
        found: BoolArray = self.chosen.sum(axis=-1) > 0
        return found

    def covered(self) -> IntArray:
        """Return how often clients of each class took part before each round [E, T, 10]."""
        found: IntArray = self.chosen.cumsum(axis=1) - self.chosen
        return found


def join(recordings: list[Recording]) -> Recording:
    """Put episodes side by side."""
    parts = ([getattr(one, field.name) for one in recordings] for field in fields(Recording))
    return Recording(*(np.concatenate(part) for part in parts))


def record(seed: int, problem: Problem, echoes: int = 0, behaviour: Behaviour = BROAD) -> Recording:
    """Play an episode live.

    Args:
        seed: of everything.
        problem: constants.
        echoes: play the whole episode so often again, and every round once more, with other randomness of the
            learning, to tell what of the outcomes is chance.
        behaviour: decides.
    """
    actions = behaviour.actions(problem, np.random.default_rng([seed, 1]))
    found = _run(seed, problem, actions, 0, echoes > 0)
    again = [_run(seed, problem, actions, one, False).accuracy for one in range(1, echoes + 1)]
    return replace(found, echoes=np.stack(again, axis=1)) if again else found


def _run(seed: int, problem: Problem, actions: IntArray, chance: int, twins: bool) -> Recording:
    """Play given actions [T, 5]; surroundings and initial weights depend on the seed alone."""
    live, decided = LiveLearner(1, problem), problem.decision(actions)
    trainings = Trainings(1, problem, live)
    trainings.begin([np.random.default_rng([seed, 0])], np.zeros(1, dtype=np.int64))
    learning = [np.random.default_rng([seed, 2, chance])]
    accuracy, twin = [live.accuracy[0].copy()], np.full((len(actions), CLASSES), np.nan, dtype=np.float32)
    chosen, mu = list[IntArray](), list[float]()
    for t, action in enumerate(actions):
        if twins:
            twin[t] = _twin(trainings, action, np.random.default_rng([seed, 3, t]))
        step = trainings.play(action[None], learning)
        accuracy.append(live.accuracy[0].copy())
        chosen.append(np.bincount(trainings.held.groups[0][step.round.chosen[0]], minlength=CLASSES))
        mu.append(float(step.round.mu[0]))
    return Recording(
        accuracy=np.array(accuracy)[None],
        twin=twin[None],
        echoes=np.zeros((1, 0, len(accuracy), CLASSES), dtype=np.float32),
        chosen=np.array(chosen)[None],
        size=np.bincount(trainings.held.groups[0], minlength=CLASSES)[None],
        mu=np.array(mu)[None],
        public=decided.public[None],
        bits=decided.bits[None],
    )


def _twin(trainings: Trainings, action: IntArray, rng: np.random.Generator) -> Float32:
    """Return the accuracies [10] after a round with other randomness; the trainings stay as they are."""
    other = copy.deepcopy(trainings)
    other.play(action[None], [rng])
    after: Float32 = other.learner.accuracy[0]
    return after


def recorded(
    seed: int, problem: Problem, folder: Path, echoes: int = 0, behaviour: Behaviour = BROAD
) -> Recording:
    """Return an episode: that of the folder if it is there, else play and write it.

    Args:
        seed: as for `record`; so are the others.
        problem: constants.
        folder: of the recordings.
        echoes: other outcomes of the same.
        behaviour: decides.

    Raises:
        InputError: a file is damaged or of another behaviour, or the folder cannot be written to.
    """
    path = make_folder(folder) / f"{behaviour.name}-{seed}.npz"
    if path.exists():
        found = load_recording(path)
        decided = problem.decision(behaviour.actions(problem, np.random.default_rng([seed, 1])))
        same = np.array_equal(found.public[0], decided.public) and np.array_equal(found.bits[0], decided.bits)
        if not same or found.echoes.shape[1] != echoes:
            text = "was played with other decisions or so many echoes less or more"
            raise InputError(text, source=path, remedy="delete it, or give another folder")
        return found
    found, buffer = record(seed, problem, echoes, behaviour), io.BytesIO()
    np.savez_compressed(buffer, **{field.name: getattr(found, field.name) for field in fields(Recording)})
    write_atomic(path, buffer.getvalue())
    return found


def load_recording(path: Path) -> Recording:
    """Read a file of `recorded`.

    Raises:
        InputError: it is damaged.
    """
    try:
        with np.load(io.BytesIO(read_bytes(path)), allow_pickle=False) as archive:
            return Recording(*(archive[field.name] for field in fields(Recording)))
    except (ValueError, OSError, zipfile.BadZipFile, EOFError, KeyError) as error:
        raise InputError(f"is no recording ({error})", source=path, remedy="delete it") from error
