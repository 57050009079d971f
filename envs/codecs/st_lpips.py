"""ST-LPIPS: the shift-tolerant LPIPS distance on AlexNet features, as a differentiable torch module.

Ghildyal and Liu, "Shift-tolerant Perceptual Similarity Metric", ECCV 2022. It is LPIPS (Zhang et al., CVPR
2018, eq. 1) with the stride taken out of the first convolution and blur pooling (Zhang, ICML 2019) before
each subsampling; features and heads are trained anew. Its values are not those of LPIPS v0.1. The weights
come from the package ``stlpips_pytorch``, of which no code is run: it imports torchvision.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from semverse.envs.errors import InputError

MIN_SIDE = 32
_PACKAGE = "stlpips_pytorch"
_WEIGHTS = "weights/vST0.0/alex_shift_tolerant.pth"
_CHANNELS = (64, 192, 384, 256, 256)
# mean and spread of ImageNet colours, for pictures in [-1, 1]
_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)


class BlurPool(nn.Module):
    """Binomial 3 x 3 low-pass filter on every channel, then every other sample; edges are reflected."""

    def forward(self, x: Tensor) -> Tensor:
        """Halve the sides of ``x`` [N, C, H, W]."""
        row = torch.tensor([0.25, 0.5, 0.25], dtype=x.dtype, device=x.device)
        kernel = torch.outer(row, row).expand(x.shape[1], 1, 3, 3)
        padded = functional.pad(x, (2, 2, 2, 2), mode="reflect")
        return functional.conv2d(padded, kernel, stride=2, groups=x.shape[1])


class StLpips(nn.Module):
    """Distance of two batches of pictures; 0 is identical, larger is worse. The weights are frozen."""

    def __init__(self) -> None:
        super().__init__()
        sizes = ((11, 2), (5, 2), (3, 1), (3, 1), (3, 1))  # kernel, padding
        ends = pairwise((3, *_CHANNELS))
        convolutions = [nn.Conv2d(a, b, k, padding=p) for (a, b), (k, p) in zip(ends, sizes, strict=True)]
        self.convolutions = nn.ModuleList(convolutions)
        self.heads = nn.ParameterList(torch.zeros(1, size, 1, 1) for size in _CHANNELS)
        self.blur = BlurPool()
        self.register_buffer("shift", torch.tensor(_SHIFT).view(1, 3, 1, 1))
        self.register_buffer("scale", torch.tensor(_SCALE).view(1, 3, 1, 1))
        self.requires_grad_(False)

    def features(self, pictures: Tensor) -> list[Tensor]:
        """Return five activations of ``pictures`` [N, 3, H, W] in [0, 1], of unit length over channels."""
        x, found = (2 * pictures - 1 - self.shift) / self.scale, []
        for index, convolution in enumerate(self.convolutions):
            if index in (1, 2):
                x = self.blur(functional.max_pool2d(x, 3, stride=1))
            x = convolution(x)
            x = functional.relu(self.blur(x) if index == 0 else x)
            # the small term keeps the gradient finite where all channels are 0
            length = torch.sqrt((x * x).sum(1, keepdim=True) + 1e-20)
            found.append(x / (length + 1e-10))
        return found

    def forward(self, reference: Tensor, received: Tensor) -> Tensor:
        """Return the distances [N] of pictures [N, 3, H, W] in [0, 1], sides >= 32 pixels."""
        layers = zip(self.features(reference), self.features(received), self.heads, strict=True)
        return torch.stack([((a - b) ** 2 * head).sum(1).mean((1, 2)) for a, b, head in layers]).sum(0)


@cache
def st_lpips() -> StLpips:
    """Return the network with its published weights.

    Raises:
        InputError: the package that carries the weights is missing.
    """
    try:
        resource = files(_PACKAGE) / _WEIGHTS
    except ModuleNotFoundError:
        raise InputError(
            f"needs the weights of the package {_PACKAGE}",
            source="lpips",
            remedy="pip install 'semverse[codecs]'",
        ) from None
    with as_file(resource) as path:
        published = torch.load(path, map_location="cpu", weights_only=True)  # runs no code of the file
    kept = [name for name in published if name.startswith("net.") and not name.endswith(".filt")]
    network = StLpips()
    network.eval()
    ours = [name for name in network.state_dict() if name.startswith("convolutions.")]
    state = {own: published[name] for own, name in zip(ours, kept, strict=True)}
    state |= {f"heads.{index}": published[f"lin{index}.model.1.weight"] for index in range(len(_CHANNELS))}
    state |= {name: published[f"scaling_layer.{name}"] for name in ("shift", "scale")}
    network.load_state_dict(state)
    return network
