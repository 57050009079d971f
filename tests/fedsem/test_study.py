"""The figures' study: what noise it adds, what it writes, and that it resumes."""

import math
from dataclasses import replace

import pytest

from semverse.envs.errors import InputError
from semverse.envs.fedsem import study
from semverse.envs.fedsem.accountant import gdp_epsilon
from semverse.envs.fedsem.setting import DIGITS
from semverse.envs.fedsem.study import DELTA, Cell, cells, noise_multiplier, run_cell

PRIVATE_ROUNDS = DIGITS.private_rounds


def test_the_exact_budget_is_that_of_all_rounds():
    mu = math.sqrt(PRIVATE_ROUNDS) / noise_multiplier(Cell("5b", "fd", True, "exact", 4.0, 0), DIGITS)
    assert gdp_epsilon(mu, DELTA) == pytest.approx(4.0, abs=1e-6)


def test_paper_like_accounting_hides_most_of_what_is_spent():
    """3 for each label vector of one round is hundreds in truth: the labels of a client are one secret."""
    mu = math.sqrt(PRIVATE_ROUNDS) / noise_multiplier(Cell("5b", "fd", True, "paper", 3.0, 0), DIGITS)
    assert gdp_epsilon(mu, DELTA) > 100


def test_every_training_has_a_name_of_its_own():
    plan = list(cells(2))
    assert len({cell.key for cell in plan}) == len(plan) == 2 * (4 + 3 * 9)
    assert len(list(cells(3, "mnist"))) == 3 * (4 + 3 * 7)


def test_what_is_there_is_not_trained_again(tmp_path, monkeypatch):
    monkeypatch.setattr(study, "setting_of", lambda _: replace(DIGITS, rounds=1))
    cell = Cell("5a", "fedavg", True, "none", 0.0, 0)
    first = run_cell(cell, "digits", tmp_path)
    assert first.upload_bits == 32 * 1898
    assert first.true_epsilon == math.inf
    monkeypatch.setattr(study, "train_cell", None)
    assert run_cell(cell, "digits", tmp_path) == first
    with pytest.raises(InputError, match="another study"):
        run_cell(cell, "mnist", tmp_path)


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (["--data", "nope"], "data"),
        (["--seeds", "0"], "seeds"),
        (["--data", "missing.npz"], "cannot be read"),
    ],
)
def test_bad_flags_are_one_line(flags, text, tmp_path, monkeypatch, capsys):
    from semverse.scripts.cli import run
    from semverse.scripts.fedsem_figures import command

    monkeypatch.setattr("sys.argv", ["fedsem_figures", "--out", str(tmp_path / "out"), *flags])
    with pytest.raises(SystemExit) as caught:
        run(command)
    assert caught.value.code == 2
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert text in last
    assert not list((tmp_path / "out").glob("*.json"))
