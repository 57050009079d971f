"""What the report of a benchmark of whole instances shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from semverse.agents.benchmark.estimate import Estimate
from semverse.agents.benchmark.fronts.results import Results
from semverse.agents.benchmark.fronts.table import Row, best
from semverse.agents.benchmark.report import figure_html

_EXPLANATION = """
<p><b>hv</b> is the hypervolume of eq. 35 of the paper: objectives divided by a reference point that
every placement dominates, in a box from 0 to 1. <b>hv_ratio</b> is the front's hypervolume over an upper
bound that no front can pass: the area which the certified lower bounds on weighted sums of latency and
energy leave open below the certificate's reference point. An agent at 1 is proved optimal. Both reference
points of every instance are listed under <a href="#certificates">certificates</a>.{reference}
Small figures: 95 % bootstrap interval of the mean over seeds (percentile method, resampled
within regions).</p>
"""


def facts(results: Results) -> list[str]:
    """Return what the head of the report says."""
    config = results.config
    budgets = sorted({variant.budget_s for variant in config.variants.values()})
    certified = config.certificate_budget_s
    return [
        f"{len(results.agents)} agents",
        f"{len(results.regions)} regions",
        f"{config.seeds} instances a region",
        f"{', '.join(f'{budget:g}' for budget in budgets)} s an agent and instance",
        f"certificates {f'of {config.certifier}' if certified is None else f'{certified:g} s'}",
    ]


def sections(results: Results, rows: Sequence[Row]) -> list[str]:
    """Return the body of the report as pieces of HTML."""
    from semverse.agents.benchmark.fronts import figures

    fronts = {f"fronts-{name}": figures.fronts(results, name) for name in results.instances}
    curves = {f"curves-{name}": figures.curves(results, name) for name in results.regions}
    return [
        "<h2>Summary</h2>",
        _summary(rows, results.regions),
        _EXPLANATION.format(reference=_reference(results)),
        "<h2>Fronts</h2>",
        "<p class=muted>Click an agent in a legend to hide it, double-click to see it alone; drag to "
        "zoom, or use the buttons. Grey: the certified bounds exclude any placement there.</p>",
        f"<div class=grid>{''.join(figure_html(key, figure) for key, figure in fronts.items())}</div>",
        "<h2>Progress over the budget</h2>",
        *(figure_html(key, figure) for key, figure in curves.items()),
        "<h2 id=certificates>Certificates and reference points</h2>",
        _certificates(results),
    ]


def _reference(results: Results) -> str:
    label = results.config.reference_agent
    if label is None:
        return ""
    return (
        f" <b>hv_vs_reference</b> is the front's hypervolume over that of {escape(label)}'s final front, "
        "both below the certificate's reference point."
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
