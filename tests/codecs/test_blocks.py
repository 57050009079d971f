"""Bit strings as code blocks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semverse.envs.codecs.blocks import join, segment
from semverse.envs.errors import InputError


def test_by_hand():
    assert segment([1, 1, 0, 1, 1], 2).tolist() == [[1, 1], [0, 1], [1, 0]]
    assert join([[1, 1], [0, 1], [1, 0]], 5).tolist() == [1, 1, 0, 1, 1]


@given(st.lists(st.integers(0, 1)), st.integers(1, 50))
def test_there_and_back(bits, k):
    blocks = segment(np.array(bits, dtype=np.uint8), k)
    assert blocks.shape == (-(-len(bits) // k), k)
    assert join(blocks, len(bits)).tolist() == bits


@pytest.mark.parametrize(
    ("key", "call"),
    [
        ("k", lambda: segment([0, 1], 0)),
        ("bits", lambda: segment([0, 2], 1)),
        ("bits", lambda: segment([[0]], 1)),
        ("bits", lambda: join([0], 1)),
        ("length", lambda: join([[0]], 2)),
        ("length", lambda: join([[0]], -1)),
    ],
)
def test_wrong_input(key, call):
    with pytest.raises(InputError, match=f"^{key}: "):
        call()
