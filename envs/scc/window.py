"""A window for render mode "human"."""

from __future__ import annotations

import os
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt


class Window:
    """Shows images one after the other; on a machine without a screen it shows them to nobody.

    Args:
        title: caption of the window.
        fps: images a second, at most.

    Raises:
        gymnasium.error.DependencyNotInstalled: pygame is missing.
    """

    def __init__(self, title: str, fps: int) -> None:
        try:
            import pygame
        except ImportError as error:
            raise gymnasium.error.DependencyNotInstalled(
                "render mode 'human' needs pygame: pip install 'semverse[report]'"
            ) from error
        self._pygame: Any = pygame
        self._title, self._fps = title, fps
        self._screen: Any = None
        self._clock = pygame.time.Clock()

    def show(self, image: npt.NDArray[np.uint8]) -> None:
        """Show an image [height, width, 3]."""
        pygame = self._pygame
        size = (image.shape[1], image.shape[0])
        if self._screen is None:
            self._screen = self._open(size)
        self._screen.blit(pygame.surfarray.make_surface(image.swapaxes(0, 1)), (0, 0))
        pygame.event.pump()
        pygame.display.flip()
        self._clock.tick(self._fps)

    def _open(self, size: tuple[int, int]) -> Any:
        try:
            self._pygame.display.init()
            screen = self._pygame.display.set_mode(size)
        except self._pygame.error:  # no screen: SDL's dummy driver takes the images
            os.environ["SDL_VIDEODRIVER"] = "dummy"
            self._pygame.display.init()
            screen = self._pygame.display.set_mode(size)
        self._pygame.display.set_caption(self._title)
        return screen

    def close(self) -> None:
        """Close the window."""
        self._pygame.display.quit()
        self._screen = None
