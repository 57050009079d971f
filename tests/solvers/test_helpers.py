"""Processes that wait for work."""

import operator

import pytest

from semverse.solvers.helpers import start_helpers


def test_helpers_answer_one_question_each_in_turn():
    helpers = start_helpers(2)
    for number, helper in enumerate(helpers):
        helper.ask(operator.neg, number)
    assert [helper.answer() for helper in helpers] == [0, -1]
    helpers[0].ask(operator.neg, 5)
    assert helpers[0].answer() == -5


def test_a_helper_that_failed_says_so(capfd):
    (helper,) = start_helpers(1)
    helper.ask(operator.neg, "text")
    with pytest.raises(RuntimeError, match="ended before"):
        helper.answer()
    assert "TypeError" in capfd.readouterr().err
