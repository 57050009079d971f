"""The HTML report: one file that needs no network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from semverse.agents.benchmark.config import BenchmarkConfig
from semverse.agents.benchmark.kind import Results
from semverse.envs.files import write_atomic

# forbids every request: what the page shows is in the page
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"
_STYLE = """
body { font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; color: #222;
       max-width: 1240px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; margin-bottom: .2rem } h2 { margin-top: 2.4rem; border-bottom: 1px solid #ddd }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .35rem .8rem; text-align: right; border-bottom: 1px solid #eee; vertical-align: top }
th { background: #f6f6f6 } tr:first-child th:first-child, td:first-child { text-align: left }
th[colspan] { text-align: center }
#summary td:nth-child(even), #summary th[colspan] { border-left: 1px solid #ddd }
td small { display: block; color: #777; font-weight: 400 } .best { font-weight: 700; color: #00694d }
.warning { background: #fff4e0; border-left: 4px solid #e69f00; padding: .6rem 1rem }
.grid { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem }
@media (max-width: 900px) { .grid { grid-template-columns: minmax(0, 1fr) } }
.scroll { overflow-x: auto } .muted { color: #666 }
pre { background: #f6f6f6; padding: 1rem; overflow-x: auto }
"""


def write_report(
    results: Results, facts: Sequence[str], sections: Sequence[str], document: dict[str, Any], path: Path
) -> None:
    """Write the report.

    Args:
        results: the benchmark.
        facts: what the head says, in a few words each.
        sections: the body as pieces of HTML.
        document: the content of results.json.
        path: file to write.
    """
    from plotly.offline import get_plotlyjs

    body = [
        _head(results.config, facts, document),
        _missing(results),
        *sections,
        "<h2>Configuration</h2>",
        f"<details><summary>Show</summary><pre>{escape(_configuration(document))}</pre></details>",
    ]
    page = (
        "<!DOCTYPE html><html lang=en><head><meta charset=utf-8>"
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>semverse benchmark</title><style>{_STYLE}</style>"
        f"<script>{get_plotlyjs()}</script></head><body>{''.join(body)}</body></html>\n"
    )
    write_atomic(path, page.encode())


def figure_html(key: str, figure: Any) -> str:
    """Return a plotly figure as a piece of the report."""
    text: str = figure.to_html(
        full_html=False, include_plotlyjs=False, div_id=key, config={"displaylogo": False, "responsive": True}
    )
    return text


def styled(figure: Any, title: str, height: int) -> Any:
    """Return a plotly figure in the style of the report, with a height in pixels."""
    figure.update_layout(
        template="plotly_white",
        title={"text": title, "x": 0.01},
        font={"family": _FONT, "size": 12, "color": "#222"},
        height=height,
        margin={"l": 60, "r": 16, "t": 64, "b": 48},
        legend={"orientation": "h", "y": -0.16 if height < 600 else -0.08},
    )
    return figure


def _head(config: BenchmarkConfig, facts: Sequence[str], document: dict[str, Any]) -> str:
    machine = document["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in document["versions"].items())
    commit = f" · commit {document['git'][:12]}" if document["git"] else ""
    shown = [*facts, f"{config.processes} workers on {machine['cores']} cores"]
    return (
        f"<h1>Benchmark of {escape(config.env)}</h1><p class=muted>{escape(' · '.join(shown))}<br>"
        f"{escape(machine['system'])} · {escape(versions)}{commit}</p>"
    )


def _missing(results: Results) -> str:
    if not results.missing:
        return ""
    names = ", ".join(str(cell) for cell in results.missing)
    return (
        f"<p class=warning><b>Incomplete:</b> {len(results.missing)} cells are missing and left out of every "
        f"figure: {escape(names)}. Run the benchmark again with --resume.</p>"
    )


def _configuration(document: dict[str, Any]) -> str:
    keys = ("config", "hyperparameters", "versions", "machine", "git")
    return json.dumps({key: document[key] for key in keys}, indent=2)
