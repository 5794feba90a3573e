# SPDX-License-Identifier: Apache-2.0
"""The picture as an array: what is accepted, its luma, and how large a tile is on it.

Accepted are arrays of uint8 of the shapes (height, width), (height, width, 2), (height, width, 3) and (height, width,
4): grey and RGB, each with or without alpha, which is the last plane.
"""

from __future__ import annotations

from importlib import import_module
from math import sqrt
from typing import TYPE_CHECKING, Final

from answerable.errors import Unavailable
from answerable.labels.watermark.pattern import TILE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# BT.601, as JPEG has it: a mark in luma is not touched by how coarsely colour is kept.
_LUMA: Final = (0.299, 0.587, 0.114)


def ready() -> None:
    """Raises Unavailable ``label.extra`` where numpy or scipy is not installed."""
    try:
        for library in ("numpy", "scipy"):
            import_module(library)
    except ImportError:
        raise Unavailable("label.extra", extra="image") from None


def colours(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A view of the planes of grey or colour, (height, width, 1 or 3), without alpha.

    Raises ValueError for an array that is no picture of 8 bits.
    """
    if pixels.dtype.name != "uint8" or pixels.ndim not in (2, 3) or 0 in pixels.shape:
        raise ValueError("a picture is an array of uint8, (height, width) or (height, width, planes)")
    if pixels.ndim == 2:
        return pixels[:, :, None]
    if pixels.shape[2] not in (1, 2, 3, 4):
        raise ValueError("a picture has 1 to 4 planes")
    return pixels[:, :, : 1 if pixels.shape[2] < 3 else 3]


def luma(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Luma, 0 to 255."""
    import numpy as np

    planes = colours(pixels)
    if planes.shape[2] == 1:
        return planes[:, :, 0].astype(np.float32)
    total = planes[:, :, 0] * np.float32(_LUMA[0])
    total += planes[:, :, 1] * np.float32(_LUMA[1])
    total += planes[:, :, 2] * np.float32(_LUMA[2])
    return total


def shrink(plane: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """The means of squares of `factor` by `factor` pixels; what is left over at the right and below is dropped."""
    import numpy as np

    if factor == 1:
        return plane
    height, width = (side - side % factor for side in plane.shape)
    down = plane[0:height:factor, :width].copy()
    for row in range(1, factor):
        down += plane[row:height:factor, :width]
    total = down[:, 0::factor].copy()
    for column in range(1, factor):
        total += down[:, column::factor]
    total *= np.float32(1 / factor**2)
    return total


def doublings(height: int, width: int) -> int:
    """How many times two pixels a canonical pixel has: 1 up to two megapixels, then with the picture's size, so that a
    large picture can be made small without losing the pattern."""
    return max(1, round(sqrt(height * width) / 1024))


def period(times: int) -> int:
    """Pixels a tile, for so many doublings: 128, 256, 384 ..."""
    return 2 * times * TILE
