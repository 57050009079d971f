"""Every constant of the shipped profile has a unit and a source, and the page shows all of them."""

import subprocess
import sys

import yaml

from semverse.envs.config import shipped
from semverse.scripts.cee_constants import constants


def test_the_page_shows_every_constant_with_its_source(repository):
    text = shipped("cee", "default.yaml").read_text(encoding="utf-8")
    values = {}
    for key, value in yaml.safe_load(text).items():
        inner = value.items() if isinstance(value, dict) else ()
        values |= {f"{key}.{name}": one for name, one in inner} or {key: value}
    found = list(constants(text))
    assert {c.key: yaml.safe_load(c.value) for c in found} == values
    assert len(found) == len(values)
    for constant in found:
        assert constant.meaning, constant.key
        assert constant.source.startswith(("paper", "measured", "assumed")), constant.key
    command = [sys.executable, "-m", "semverse.scripts.cee_constants"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert (repository / "docs" / "cee-constants.md").read_text(encoding="utf-8").endswith(f"\n\n{printed}")


def test_a_source_may_name_two_origins():
    (found,) = constants("a:  # section\n  b: [1.0, 2.0]  # dB; of it; measured: 3; assumed: the other\n")
    assert (found.key, found.value, found.meaning) == ("a.b", "[1.0, 2.0]", "dB; of it")
    assert found.source == "measured: 3; assumed: the other"
