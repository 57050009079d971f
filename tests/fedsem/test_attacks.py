"""Attacks: at chance where nothing leaks, successful where everything does, within what theory allows."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semverse.envs.fedsem import attack_study
from semverse.envs.fedsem.attack_study import Attack, attack_release, attacks, find, finding, noise, victims
from semverse.envs.fedsem.attacks import auc, auc_bound, guess_classes, hits_at, losses
from semverse.envs.fedsem.learning import Descent, train_clients
from semverse.envs.fedsem.mechanism import release
from semverse.envs.fedsem.network import Network
from semverse.envs.fedsem.setting import DIGITS
from semverse.envs.fedsem.types import Dataset, Release

SMALL = replace(DIGITS, clients=20, private_rounds=1, client=Descent(2, 5, 0.1), server=Descent(2, 10, 0.1))


def test_auc_by_hand():
    assert auc(np.array([3.0, 1.0]), np.array([0.0, 1.0])) == (1 + 1 + 1 + 0.5) / 4
    assert auc(np.array([1.0, 1.0]), np.array([1.0])) == 0.5


@given(st.lists(st.integers(0, 5), min_size=1), st.lists(st.integers(0, 5), min_size=1))
def test_auc_counts_pairs(members, others):
    pairs = [(m > o) + 0.5 * (m == o) for m in members for o in others]
    assert auc(np.array(members), np.array(others)) == pytest.approx(np.mean(pairs))


def test_hits_by_hand():
    others = np.arange(100.0)
    assert hits_at(np.array([98.5, 99.5, 3.0, 200.0]), others, 0.01) == 0.5


def test_the_bound_is_that_of_gaussians_so_far_apart():
    rng = np.random.default_rng(0)
    mu, draws = 0.4, 200_000
    assert auc_bound(0.0) == 0.5
    assert auc(rng.normal(2 * mu, 1, draws), rng.normal(0, 1, draws)) == pytest.approx(
        auc_bound(mu), abs=3e-3
    )


def releases(spread, count=4000):
    """Noisy releases of ten orthogonal uploads of the length of the bound, and whose they are."""
    rng = np.random.default_rng(1)
    uploads, classes = 5.0 * np.eye(10, 12, dtype=np.float32), np.arange(10)
    rule = Release(5.0, spread, 32, 0)
    own = rng.integers(10, size=count)
    return np.stack([release(uploads[[k]], rule, rng) for k in own]), uploads, classes, rule, own


def test_a_toy_that_leaks_is_read():
    noisy, uploads, classes, rule, own = releases(0.05)
    assert (guess_classes(noisy, uploads, classes, rule) == own).all()


def test_noise_that_drowns_everything_leaves_chance():
    noisy, uploads, classes, rule, own = releases(1e4)
    share = (guess_classes(noisy, uploads, classes, rule) == own).mean()
    assert abs(share - 0.1) < 4 * math.sqrt(0.09 / len(own))


def test_between_them_it_is_the_best_guess_there_is():
    """Orthogonal means at distance sqrt(2) / spread: the chance that the own normal exceeds nine others."""
    noisy, uploads, classes, rule, own = releases(1.0)
    rng = np.random.default_rng(2)
    others = rng.normal(size=(100_000, 9)).max(axis=1)
    expected = (rng.normal(1.0, 1.0, 100_000) > others).mean()
    assert (guess_classes(noisy, uploads, classes, rule) == own).mean() == pytest.approx(expected, abs=0.03)


def test_a_model_that_memorised_random_labels_betrays_its_samples():
    rng = np.random.default_rng(0)
    network = Network.of("mlp", (8, 8))
    images = rng.random((200, 8, 8), dtype=np.float32)
    labels = rng.integers(10, size=200)
    descent = Descent(300, 10, 0.1)
    start = network.draw(rng)
    model = train_clients(network, start[None], images[None, :50], labels[None, :50], descent, rng)[0]
    scores = -losses(network, model, Dataset(images, labels))
    assert auc(scores[:50], scores[50:]) > 0.95
    before = -losses(network, start, Dataset(images, labels))
    assert abs(auc(before[:50], before[50:]) - 0.5) < 0.15  # standard error 0.05


@pytest.mark.parametrize("algorithm", ["fd", "fedavg"])
def test_real_uploads_betray_the_class_and_noise_hides_it(algorithm):
    found = victims(algorithm, 0, "digits", SMALL)
    bound = SMALL.clip(algorithm)
    open_class, *_ = attack_release(found, Release(bound, 0.0, 32, 400), np.random.default_rng(0))
    assert open_class > 0.8
    rule = Release(bound, 1e3, 32, 400)
    hidden_class, area, _ = attack_release(found, rule, np.random.default_rng(0))
    assert abs(hidden_class - 0.1) < 0.07  # 400 guesses, of 20 clients
    assert abs(area - 0.5) < 0.1  # means of 20 areas with standard errors of 0.06


def test_the_budget_is_that_of_what_is_seen():
    assert noise(0.0, 6) == 0.0
    assert noise(4.0, 6) == pytest.approx(math.sqrt(6) * noise(4.0, 1))


def test_what_is_there_is_not_attacked_again(tmp_path, monkeypatch):
    monkeypatch.setattr(attack_study, "setting_of", lambda _: SMALL)
    cell = Attack("fedavg", 3.0, 0)
    first = finding(cell, "digits", tmp_path)
    assert first == find(cell, "digits", SMALL)
    monkeypatch.setattr(attack_study, "find", None)
    assert finding(cell, "digits", tmp_path) == first
    plan = list(attacks(2))
    assert len({attack.key for attack in plan}) == len(plan) == 36
