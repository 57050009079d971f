"""Every example in the documentation of the environments runs as printed."""

import re
from pathlib import Path

import pytest

from semverse.envs import list_envs

PAGE = Path(__file__).resolve().parents[2] / "docs" / "environments.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("code", EXAMPLES, ids=range(len(EXAMPLES)))
def test_example_runs(code):
    exec(compile(code, str(PAGE), "exec"), {})


def test_every_environment_is_documented():
    text = PAGE.read_text(encoding="utf-8")
    assert all(row.id in text for row in list_envs())
    assert len(EXAMPLES) >= len(list_envs())
