"""Rendering, the same for every single environment over a core."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from semverse.envs.scc.core import PlacementCore

if TYPE_CHECKING:
    from semverse.envs.scc.window import Window

RENDER_FPS = 8


class Viewer:
    """Mixin of environments that hold a ``core`` and a ``render_mode``."""

    core: PlacementCore
    render_mode: str | None
    _window: Window | None = None

    def render(self) -> npt.NDArray[np.uint8] | None:
        """Return the map as an image [height, width, 3], or None where there is nothing to return."""
        return self._draw() if self.render_mode == "rgb_array" else None

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._window is not None:
            self._window.close()
            self._window = None

    def _draw(self) -> npt.NDArray[np.uint8]:
        from semverse.envs.scc.render import draw_episode

        return draw_episode(self.core)

    def _show(self) -> None:
        """Show the map in a window, as render mode "human" asks."""
        if self.render_mode == "human":
            from semverse.envs.scc.window import Window

            self._window = self._window or Window("semverse", RENDER_FPS)
            self._window.show(self._draw())
