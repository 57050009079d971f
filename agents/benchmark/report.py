"""The HTML report: one file that needs no network."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from semverse.agents.benchmark.results import Results
from semverse.agents.benchmark.table import Estimate, Row, best
from semverse.envs.files import write_atomic

# forbids every request: what the page shows is in the page
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
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
_EXPLANATION = """
<p><b>hv</b> is the hypervolume of eq. 35 of the paper: objectives divided by a reference point that
every placement dominates, in a box from 0 to 1. <b>hv_ratio</b> is the front's hypervolume over an upper
bound that no front can pass: the area which the certified lower bounds on weighted sums of latency and
energy leave open below the certificate's reference point. An agent at 1 is proved optimal. Both reference
points of every instance are listed under <a href="#certificates">certificates</a>.{reference}
Small figures: 95 % bootstrap interval of the mean over seeds (percentile method, resampled
within regions).</p>
"""


def write_report(results: Results, rows: Sequence[Row], document: dict[str, Any], path: Path) -> None:
    """Write the report.

    Args:
        results: the benchmark.
        rows: its summary table.
        document: the content of results.json.
        path: file to write.
    """
    write_atomic(path, _page(results, rows, document).encode())


def _page(results: Results, rows: Sequence[Row], document: dict[str, Any]) -> str:
    from plotly.offline import get_plotlyjs

    from semverse.agents.benchmark import figures

    fronts = {f"fronts-{name}": figures.fronts(results, name) for name in results.instances}
    curves = {f"curves-{name}": figures.curves(results, name) for name in results.regions}
    body = [
        _head(results, document),
        _missing(results),
        "<h2>Summary</h2>",
        _summary(rows, results.regions),
        _EXPLANATION.format(reference=_reference(results)),
        "<h2>Fronts</h2>",
        "<p class=muted>Click an agent in a legend to hide it, double-click to see it alone; drag to "
        "zoom, or use the buttons. Grey: the certified bounds exclude any placement there.</p>",
        f"<div class=grid>{''.join(_figure(key, figure) for key, figure in fronts.items())}</div>",
        "<h2>Progress over the budget</h2>",
        *(_figure(key, figure) for key, figure in curves.items()),
        "<h2 id=certificates>Certificates and reference points</h2>",
        _certificates(results),
        "<h2>Configuration</h2>",
        f"<details><summary>Show</summary><pre>{escape(_configuration(document))}</pre></details>",
    ]
    return (
        "<!DOCTYPE html><html lang=en><head><meta charset=utf-8>"
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>semverse benchmark</title><style>{_STYLE}</style>"
        f"<script>{get_plotlyjs()}</script></head><body>{''.join(body)}</body></html>\n"
    )


def _figure(key: str, figure: Any) -> str:
    text: str = figure.to_html(
        full_html=False, include_plotlyjs=False, div_id=key, config={"displaylogo": False, "responsive": True}
    )
    return text


def _head(results: Results, document: dict[str, Any]) -> str:
    config, machine = results.config, document["machine"]
    budgets = sorted({variant.budget_s for variant in config.variants.values()})
    certified = config.certificate_budget_s
    versions = ", ".join(f"{name} {number}" for name, number in document["versions"].items())
    commit = f" · commit {document['git'][:12]}" if document["git"] else ""
    return (
        f"<h1>Benchmark of {escape(config.env)}</h1><p class=muted>"
        f"{len(results.agents)} agents · {len(results.regions)} regions · {config.seeds} instances a region"
        f" · {', '.join(f'{budget:g}' for budget in budgets)} s an agent and instance"
        f" · certificates {f'of {config.certifier}' if certified is None else f'{certified:g} s'} · "
        f"{config.processes} workers on {machine['cores']} cores<br>"
        f"{escape(machine['system'])} · {escape(versions)}{commit}</p>"
    )


def _reference(results: Results) -> str:
    label = results.config.reference_agent
    if label is None:
        return ""
    return (
        f" <b>hv_vs_reference</b> is the front's hypervolume over that of {escape(label)}'s final front, "
        "both below the certificate's reference point."
    )


def _missing(results: Results) -> str:
    if not results.missing:
        return ""
    names = ", ".join(str(cell) for cell in results.missing)
    return (
        f"<p class=warning><b>Incomplete:</b> {len(results.missing)} cells are missing and left out of every "
        f"figure: {escape(names)}. Run the benchmark again with --resume.</p>"
    )


def _summary(rows: Sequence[Row], regions: Sequence[str]) -> str:
    groups, keys = [*regions, "mean"], list(rows[0].overall)
    top = "".join(f"<th colspan={len(keys)}>{escape(name)}</th>" for name in groups)
    sub = "".join(f"<th>{key}</th>" for _ in groups for key in keys)
    tops = best(rows)
    lines = [
        f"<tr><td>{escape(row.agent)}</td>"
        + "".join(_estimate(found, top) for found, top in zip(row.columns, tops, strict=True))
        + f"<td>{'–' if row.seconds is None else f'{row.seconds:.2f}'}</td></tr>"
        for row in rows
    ]
    head = f"<tr><th rowspan=2>agent</th>{top}<th rowspan=2>time (s)</th></tr><tr>{sub}</tr>"
    return f"<div class=scroll><table id=summary>{head}{''.join(lines)}</table></div>"


def _estimate(value: Estimate | None, top: float | None) -> str:
    if value is None:
        return "<td>–</td>"
    mark = " class=best" if value.mean == top else ""
    spread = "" if value.low is None else f"<small>{value.low:.4f} – {value.high:.4f}</small>"
    return f"<td{mark}>{value.mean:.4f}{spread}</td>"


def _certificates(results: Results) -> str:
    head = (
        "<tr><th>instance</th><th>eq. 35 reference<br>ms, J</th><th>hv_ratio reference<br>ms, J</th>"
        "<th>hypervolume bound<br>ms·J</th><th>latency ≥<br>ms</th><th>energy ≥<br>J</th>"
        "<th>bounds</th><th>time<br>s</th></tr>"
    )
    lines = []
    certificates = results.certificates
    for name in results.instances:
        eq35 = _numbers(results.of(instance=name)[0].record.eq35_reference)
        known = certificates.get(name)
        if known is None:
            lines.append(f"<tr><td>{escape(name)}</td><td>{eq35}</td><td colspan=6>missing</td></tr>")
            continue
        single = [max((b.value for b in known.bounds if b.weights[i] == 1.0), default=None) for i in range(2)]
        lines.append(
            f"<tr><td>{escape(name)}</td><td>{eq35}</td><td>{_numbers(known.reference_point)}</td>"
            f"<td>{known.hypervolume_bound:.6g}</td>"
            + "".join(f"<td>{'–' if value is None else f'{value:.6g}'}</td>" for value in single)
            + f"<td>{len(known.bounds)}</td><td>{results.certificate_seconds[name]:.1f}</td></tr>"
        )
    return f"<div class=scroll><table>{head}{''.join(lines)}</table></div>"


def _numbers(values: Iterable[float]) -> str:
    return ", ".join(f"{value:.6g}" for value in values)


def _configuration(document: dict[str, Any]) -> str:
    keys = ("config", "hyperparameters", "versions", "machine", "git")
    return json.dumps({key: document[key] for key in keys}, indent=2)
