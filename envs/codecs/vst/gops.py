"""Groups of pictures to train on: crops of clips, and crops that move over photographs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Generator, Tensor

from semverse.envs.codecs.bitstream import Frames
from semverse.envs.codecs.media import data_folder, read_picture
from semverse.envs.codecs.vlscc.pictures import below, picture_files, to_tensor
from semverse.envs.errors import InputError

_STANDING = 0.3  # share of the crops of photographs that do not move
_SPEED = 1.5  # deviation of the others' speed, pixels a frame


class GopSource:
    """Random GOPs.

    Args:
        clips: [F, H, W, 3] each.
        photographs: share of the GOPs that are crops moving over photographs (BSDS500, train and val).
        frames: T.
        side: of a crop, pixels.

    Raises:
        InputError: photographs are missing, or smaller than a crop.
    """

    def __init__(self, clips: Sequence[Frames], photographs: float, frames: int, side: int) -> None:
        self.clips, self.share, self.frames, self.side = list(clips), photographs, frames, side
        self.pictures: list[Frames] = []
        if photographs > 0:
            for part in ("train", "val"):
                files = picture_files(data_folder("images", "bsds500", part))
                self.pictures += [read_picture(file) for file in files]
        smallest = min(min(item.shape[-3:-1]) for item in [*self.clips, *self.pictures])
        if smallest < side:
            raise InputError(f"is more than {smallest}", key="patch", remedy="use smaller patches")

    def sample(self, count: int, generator: Generator) -> Tensor:
        """Return GOPs [count, T, 3, side, side] in [0, 1]."""
        gops = []
        for _ in range(count):
            still = float(torch.rand((), generator=generator)) < self.share
            gops.append(to_tensor(self._moved(generator) if still else self._filmed(generator)))
        return torch.stack(gops)

    def _filmed(self, generator: Generator) -> Frames:
        clip = self.clips[below(len(self.clips), generator)]
        first = below(len(clip) - self.frames + 1, generator)
        y, x = (below(size - self.side + 1, generator) for size in clip.shape[1:3])
        return clip[first : first + self.frames, y : y + self.side, x : x + self.side]

    def _moved(self, generator: Generator) -> Frames:
        """Return a crop that moves in a straight line over a photograph, reflected at its borders."""
        picture = self.pictures[below(len(self.pictures), generator)]
        standing = float(torch.rand((), generator=generator)) < _STANDING
        speed = 0.0 if standing else _SPEED
        places = []
        for size in picture.shape[:2]:
            start, room = below(size - self.side + 1, generator), size - self.side
            line = start + speed * float(torch.randn((), generator=generator)) * np.arange(self.frames)
            places.append(room - np.abs(np.mod(line.round().astype(int), 2 * room + 1) - room))
        return np.stack([picture[y : y + self.side, x : x + self.side] for y, x in zip(*places, strict=True)])
