"""Figures: every curve and bar is drawn, with the values that it was given."""

import pytest

from semverse.envs.fedsem import figures
from semverse.envs.fedsem.attack_study import COLUMNS

pytest.importorskip("matplotlib")


@pytest.fixture
def sheet(monkeypatch):
    """The sheets that are made, kept."""
    made, make = [], figures._sheet
    monkeypatch.setattr(figures, "_sheet", lambda panels: made.append(make(panels)) or made[-1])
    return made


def heights(panel):
    return {box.get_label(): box.lines[0].get_ydata().tolist() for box in panel.containers}


def test_attacks_are_drawn_over_epsilon(sheet, tmp_path):
    groups = {
        (name, epsilon): [dict.fromkeys(COLUMNS, level), dict.fromkeys(COLUMNS, level + 0.2)]
        for name in ("fd", "fedavg")
        for epsilon, level in ((10.0, 0.5), (1.0, 0.4), (0.0, 0.6))
    }
    figures.plot_attacks(groups, tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 1000
    for panel in sheet[0][1]:
        assert heights(panel)["fd"] == pytest.approx([0.5, 0.6, 0.7])  # means, rising epsilon, no noise last
        assert [text.get_text() for text in panel.get_xticklabels()] == ["1", "10", "none"]


def test_accuracies_are_drawn_by_algorithm_and_epsilon(sheet, tmp_path):
    groups = {("5a", "fd", "none", 0.0): [0.8, 0.9], ("5a", "fd, no public term", "none", 0.0): [0.3]}
    groups |= {("5b", "fd", "none", 0.0): [0.7], ("5b", "fd", "exact", 2.0): [0.2]}
    groups |= {("5b", "fd", "paper", 2.0): [0.6]}
    figures.plot_accuracy(groups, tmp_path / "a.png")
    left, right = sheet[0][1]
    assert [bar.get_height() for bar in left.patches] == pytest.approx([0.85, 0.3])
    assert heights(right) == {"fd, exact": [0.2, 0.7], "fd, paper": [0.6, 0.7]}
