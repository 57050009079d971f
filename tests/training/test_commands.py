"""``semverse train`` and ``semverse evaluate`` as a user meets them."""

import json
from pathlib import Path

import gymnasium
import pytest
import torch
import yaml

from semverse.agents.registry import make_agent
from semverse.agents.training.config import TrainConfig, load_training
from semverse.agents.training.run import make_learner
from semverse.envs.config import shipped
from semverse.envs.errors import InputError

SHIPPED = sorted(path.name for path in shipped("training").glob("*.yaml"))
TINY = {
    "agent": "ppo",
    "settings": {"hidden": [8], "rollout_steps": 8, "batch_size": 32},
    "env": {"id": "semverse/ISGC-v0", "settings": {}, "num_envs": 8, "reward": "relative"},
    "total_steps": 256,
    "checkpoint_every": 128,
    "seeds": [0],
    "threads": 1,
    "evaluation": {"episodes": 16, "seed": 1000},
}


def write(path: Path, **changes: object) -> Path:
    path.write_text(yaml.safe_dump({**TINY, **changes}))
    return path


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_configurations_make_their_agents(name: str) -> None:
    config = load_training(shipped("training", name))
    assert isinstance(config, TrainConfig)
    if config.settings.get("device", "cpu") == "cuda" and not torch.cuda.is_available():
        with pytest.raises(InputError, match="device: 'cuda' is not available"):
            make_learner(config)
    else:
        make_learner(config)


def test_train_then_evaluate(semverse, tmp_path: Path) -> None:
    config, out = write(tmp_path / "tiny.yaml"), tmp_path / "run"
    done = semverse("train", "--config", config, "--out", out, "--seeds", "0,1")
    assert done.code == 0, done.err
    assert "95 % interval" in " ".join(done.out.split())
    summary = json.loads((out / "summary.json").read_text())
    assert [row["seed"] for row in summary["seeds"]] == [0, 1]
    low, high = summary["score_interval"]
    assert 0.5 < low <= summary["score_iqm"] <= high <= 1.0
    for seed in (0, 1):
        folder = out / f"seed_{seed}"
        assert list((folder / "tensorboard").glob("events.*"))
        card = json.loads((folder / "card.json").read_text())
        assert card["seed"] == seed
        assert card["command"].startswith("semverse train --config")
    scored = semverse("evaluate", "--checkpoint", out, "--episodes", 16, "--seed", 1000, "--json")
    assert scored.code == 0, scored.err
    (row,) = json.loads(scored.out)
    assert row["seeds"] == 2
    assert row["score_by_seed"] == [r["score"] for r in summary["seeds"]]
    again = semverse("train", "--out", out, "--resume")
    assert again.code == 0, again.err


def test_rules_rank_as_they_must(semverse) -> None:
    agents = "separate,equal,greedy_link,best_vertex,isgc_exact"
    done = semverse("evaluate", "--agents", agents, "--episodes", 200, "--json")
    rows = {row["agent"]: row for row in json.loads(done.out)}
    scores = {name: row["score"] for name, row in rows.items()}
    assert scores["separate"] < scores["equal"] < scores["greedy_link"] < scores["isgc_exact"]
    assert scores["isgc_exact"] > 0.999
    assert max(scores.values()) <= 1 + 1e-9
    assert rows["isgc_exact"]["raw_miss_rate"] == 0.0


def test_planners_tell_what_slots_cost(semverse) -> None:
    """Migration, the time of a slot, and the gain over a reference, episode by episode."""
    arguments = ("--env", "semverse/SCCDynamic-v0", "--agents", "local,greedy,stay", "--reference", "greedy")
    done = semverse("evaluate", *arguments, "--episodes", 2, "--budget", 0.1, "--processor-time", "--json")
    assert done.code == 0, done.err
    rows = {row["agent"]: row for row in json.loads(done.out)}
    for row in rows.values():
        low, high = row["gain_interval"]
        assert low <= row["gain"] <= high
        assert row["gain"] == pytest.approx(row["return"] - rows["greedy"]["return"])
        assert 0 < row["ms_slot_p50"] <= row["ms_slot_p99"]
        assert row["latency_ms"] > row["migration_latency_ms"]
    assert rows["greedy"]["gain_interval"] == [0.0, 0.0]
    assert rows["stay"]["migrations"] < rows["greedy"]["migrations"]
    assert rows["stay"]["migration_energy_j"] < rows["greedy"]["migration_energy_j"]


def test_planners_play_the_episodes_of_the_checkpoint(semverse, tmp_path: Path) -> None:
    settings = {"users": 4, "spaces": 3, "mecs": 3}
    policy = make_agent("maskable_ppo", "semverse/SCC-v0", env_settings=settings, hidden=[8])
    policy.save(tmp_path / "policy", {})
    arguments = ("--checkpoint", tmp_path / "policy", "--agents", "greedy")
    done = semverse("evaluate", *arguments, "--env", "semverse/SCC-v0", "--episodes", 6, "--json")
    scores = {row["agent"]: row["score"] for row in json.loads(done.out)}
    assert scores[str(tmp_path / "policy")] < 0.0
    env = gymnasium.make("semverse/SCC-v0", **settings)
    planner, total = make_agent("greedy"), 0.0
    for episode in range(6):
        _, _ = env.reset(seed=1_000_000 + episode)
        planner.begin(env)
        over = False
        while not over:
            _, reward, over, _, _ = env.step(planner.act(None))
            total += float(reward)
    assert scores["greedy"] == pytest.approx(total / 6)


def test_scalars_are_logged(semverse, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    out = tmp_path / "run"
    assert semverse("train", "--config", write(tmp_path / "tiny.yaml"), "--out", out).code == 0
    events = EventAccumulator(str(out / "seed_0" / "tensorboard"))
    events.Reload()
    tags = set(events.Tags()["scalars"])
    assert {"evaluation/score", "evaluation/raw_miss_rate", "rollout/ep_rew_mean", "train/loss"} <= tags
    assert [event.step for event in events.Scalars("evaluation/score")] == [128, 256]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"agent": "pqo"}, "unknown agent 'pqo'"),
        ({"agent": "equal", "settings": {}}, "equal does not learn"),
        ({"agent": "maskable_ppo", "settings": {}}, "does not support semverse/ISGC-v0"),
        ({"settings": {"nonsense": 1}}, "agent ppo: nonsense"),
        ({"total_stepz": 3}, "total_stepz"),
        ({"total_steps": 0}, "total_steps"),
        ({"seeds": [1, 1]}, "a seed is given twice"),
        ({"env": {**TINY["env"], "settings": {"profile": "none"}}}, "unknown profile 'none'"),
        ({"env": {**TINY["env"], "settings": {"nonsense": 1}}}, "nonsense"),
    ],
)
def test_wrong_configurations_are_one_line_and_write_nothing(semverse, tmp_path, changes, message) -> None:
    out = tmp_path / "run"
    done = semverse("train", "--config", write(tmp_path / "bad.yaml", **changes), "--out", out)
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1
    assert not out.exists()


def test_wrong_flags_are_one_line(semverse, tmp_path: Path) -> None:
    for arguments, message in (
        (("train",), "--config: is missing"),
        (("train", "--config", write(tmp_path / "t.yaml"), "--seeds", "0,x"), "--seeds"),
        (("evaluate",), "--checkpoint: is missing"),
        (("evaluate", "--checkpoint", tmp_path), "holds no checkpoint"),
        (("evaluate", "--agents", "moead", "--env", "semverse/SCC-v0", "--latency"), "plans whole instances"),
        (("evaluate", "--agents", "equal", "--env", "semverse/SCC-v0"), "does not support"),
        (("evaluate", "--agents", "ppo"), "has weights"),
        (("evaluate", "--agents", "equal", "--reference", "nobody"), "--reference: nobody: is none of them"),
    ):
        done = semverse(*arguments)
        assert done.code == 2, arguments
        assert message in done.err
        assert done.err.count("\n") == 1
