"""``python -m semverse.scripts.cee_constants``: every constant of the cloud-edge-end service as a table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from semverse.scripts.cli import run

_ENTRY = re.compile(r"^(?P<indent> *)(?P<key>\w+):(?: +(?P<value>[^#]*[^# ]))? *(?:# (?P<note>.*))?$")
_SOURCE = re.compile(r"(?:^|; )((?:paper|measured|assumed)(?:[:;].*)?)$")


@dataclass(frozen=True)
class Constant:
    """One constant of a profile."""

    key: str  # with the section before a dot
    value: str  # as YAML
    meaning: str  # unit first
    source: str  # paper, measured or assumed, and where


def constants(text: str) -> Iterator[Constant]:
    """Yield the constants of a profile's YAML text; their comments tell meaning and source."""
    section = ""
    for line in text.splitlines():
        entry = _ENTRY.match(line)
        if entry is None:
            continue
        if entry["value"] is None:
            section = f"{entry['key']}."
            continue
        note = entry["note"] or ""
        source = _SOURCE.search(note)
        told = note if source is None else note[: source.start()]
        prefix = section if entry["indent"] else ""
        yield Constant(prefix + entry["key"], entry["value"], told, "" if source is None else source[1])


def table(text: str) -> str:
    """Return the constants of a profile's YAML text as a Markdown table."""
    lines = ["| constant | value | unit, meaning | source |", "|---|---|---|---|"]
    lines += [f"| `{c.key}` | {c.value} | {c.meaning} | {c.source} |" for c in constants(text)]
    return "\n".join(lines) + "\n"


def command() -> None:
    """Print the constants of the shipped profile as a Markdown table."""
    from semverse.envs.config import shipped

    print(table(shipped("cee", "default.yaml").read_text(encoding="utf-8")), end="")


if __name__ == "__main__":
    run(command)
