"""The checkpoints that ship: small, described, and as good as their cards say."""

import json
from pathlib import Path

import pytest

from semverse.agents.common.checkpoint import find_checkpoints, load_checkpoint
from semverse.agents.training.compare import Conditions, compare
from semverse.agents.training.evaluation import evaluate_agent

# least mean utility over optimum on held-out states, and least 5th percentile
LEAST = {
    "isgc_ppo": (0.998, 0.994),
    "isgc_diffusion": (0.995, 0.98),
    "isgc_diffusion_cloning": (0.997, 0.99),
}
FOLDERS = [folder for name in LEAST for folder in find_checkpoints(name)]
QUEUES = find_checkpoints("isgc_dynamic_ppo")
LEAST_OF_BOUND = 0.93  # share of the clairvoyant bound


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: "/".join(path.parts[-2:]))
def test_a_shipped_checkpoint_is_small_and_described(folder: Path) -> None:
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1_000_000
    card = json.loads((folder / "card.json").read_text())
    assert card["seconds"] <= 300
    assert card["command"] == f"semverse train --config configs/training/{folder.parent.name}.yaml"
    assert card["seed"] == int(folder.name.removeprefix("seed_"))
    score, worst = LEAST[folder.parent.name]
    assert card["evaluation"]["score"] >= score
    assert card["evaluation"]["score_p5"] >= worst


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: "/".join(path.parts[-2:]))
def test_a_shipped_checkpoint_scores_on_states_of_another_seed(folder: Path) -> None:
    agent = load_checkpoint(folder)
    result = evaluate_agent(agent, agent.env_id, agent.env_settings, episodes=300, seed=77)
    score, _ = LEAST[folder.parent.name]
    assert result.scores.mean() >= score - 0.001
    assert result.scores.max() <= 1 + 1e-9


@pytest.mark.parametrize("folder", QUEUES, ids=lambda path: path.name)
def test_the_shipped_policies_of_queues(folder: Path) -> None:
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1_000_000
    card = json.loads((folder / "card.json").read_text())
    assert card["command"].startswith("semverse train --config configs/training/isgc_dynamic_ppo.yaml")
    assert card["evaluation"]["score"] >= LEAST_OF_BOUND
    agent = load_checkpoint(folder)
    fresh = evaluate_agent(agent, agent.env_id, agent.env_settings, episodes=2, seed=77)
    assert fresh.scores.mean() >= LEAST_OF_BOUND
    assert fresh.scores.max() <= 1


def test_three_seeds_ship_and_are_compared_in_one_row() -> None:
    (row,) = compare(["isgc_ppo"], [], Conditions("", episodes=100, seed=5, timed=True))
    assert row["seeds"] == 3
    low, high = row["score_interval"]
    assert low <= row["score_iqm"] <= high
    assert 0 < row["ms_p50_batch1"] <= row["ms_p99_batch1"]
    assert row["ms_p50_batch1024"] < 1024 * row["ms_p50_batch1"]
