"""The hyper-parameters an agent ran with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from semverse.agents.benchmark.config import Variant
from semverse.envs.config import load_yaml, shipped

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


def hyperparameters(variant: Variant) -> dict[str, Any]:
    """Return an agent's shipped settings with the benchmark's own on top."""
    path = shipped("agents", f"{variant.agent}.yaml")
    return {**(load_yaml(path) if path.is_file() else {}), **variant.settings}


def write_hyperparameters(
    writer: SummaryWriter, variant: Variant, shared: Mapping[str, Any], final: Mapping[str, float]
) -> None:
    """Write an agent's settings and final figures into its own TensorBoard run.

    Args:
        writer: of that run.
        variant: the agent.
        shared: settings that all agents have.
        final: its results by tag.
    """
    from torch.utils.tensorboard.summary import hparams

    own = {"label": variant.label, "agent": variant.agent, "budget_s": variant.budget_s}
    settings = {
        key: value if isinstance(value, bool | int | float | str) else str(value)
        for key, value in {**own, **shared, **hyperparameters(variant)}.items()
    }
    # SummaryWriter.add_hparams would open a second run an agent; its parts can go into this one
    for summary in hparams(settings, dict(final)):
        writer._get_file_writer().add_summary(summary)
