"""The colours of the agents in every figure."""

from __future__ import annotations

from semverse.agents.benchmark.config import BenchmarkConfig
from semverse.agents.registry import list_agents

# distinguishable with every common colour blindness, in print and on white (Okabe and Ito, darkened yellow)
_PALETTE = ("#999999", "#56b4e9", "#009e73", "#e69f00", "#cc79a7", "#0072b2", "#8c6d1f", "#d55e00", "#000000")
_LIGHTEST = 0.6  # share of white that the first of many variants of one agent comes close to


def colours(config: BenchmarkConfig) -> dict[str, str]:
    """Return a colour a label: one hue an agent, its variants from light to full.

    An agent has the same hue in every benchmark of an environment, unless another one of the same
    benchmark has it already.
    """
    variants = config.variants
    agents = dict.fromkeys(variant.agent for variant in variants.values())
    hues = _hues(list(agents), [spec.name for spec in list_agents(config.env)])
    found: dict[str, str] = {}
    for agent, hue in hues.items():
        labels = [label for label, variant in variants.items() if variant.agent == agent]
        for i, label in enumerate(labels, start=1):
            found[label] = _mixed(hue, _LIGHTEST * (1 - i / len(labels)))
    return {label: found[label] for label in variants}


def _hues(agents: list[str], known: list[str]) -> dict[str, str]:
    rank = {name: index for index, name in enumerate(known)}
    free, hues = list(_PALETTE), dict[str, str]()
    for agent in sorted(agents, key=lambda name: rank.get(name, len(rank))):
        wanted = _PALETTE[min(rank.get(agent, len(rank)), len(_PALETTE) - 1)]
        hues[agent] = wanted if wanted in free or not free else free[-1]
        free = [hue for hue in free if hue != hues[agent]]
    return hues


def _mixed(hue: str, white: float) -> str:
    """Return a colour with a share of white."""
    parts = (int(hue[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(part + white * (255 - part)):02x}" for part in parts)
