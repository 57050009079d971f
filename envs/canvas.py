"""Figures without a window, as pixels (matplotlib imported inside)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def new_figure(width: float, height: float) -> Any:
    """Return a matplotlib figure of so many hundred pixels that nothing shows."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=100, layout="constrained")


def pixels(figure: Any) -> npt.NDArray[np.uint8]:
    """Return a figure as an image [height, width, 3]."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
