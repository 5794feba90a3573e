# SPDX-License-Identifier: Apache-2.0
"""How well a mark would be heard after what pictures go through, so that it need not be written louder than that takes.

The marked luma is made half as large as the pattern was drawn for, its blocks of 8 by 8 are rounded as JPEG rounds
them (ITU-T T.81 Annex K, table K.1) at a quality of 60, and each quarter is listened to by itself, as if it had been
cut out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from answerable.labels.watermark.evidence import agreement
from answerable.labels.watermark.pattern import TILE, Pattern
from answerable.labels.watermark.search import Found
from answerable.labels.watermark.spectrum import flatten, spectrum

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

QUALITY: Final = 60
_LEAST_SIDE: Final = 48
_STEPS: Final = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)


def rounded(plane: NDArray[np.float32], quality: int) -> NDArray[np.float32]:
    """Luma as JPEG of a quality (50 to 100) keeps it; rows and columns beyond whole blocks are dropped."""
    import numpy as np
    from scipy import fft

    height, width = (side - side % 8 for side in plane.shape)
    steps = np.maximum(1, np.floor(np.array(_STEPS, np.float32) * (2 - quality / 50) + 0.5))[None, :, None, :]
    blocks = plane[:height, :width].reshape(height // 8, 8, width // 8, 8)
    waves = fft.dctn(blocks, axes=(1, 3), norm="ortho")
    waves = np.rint(waves / steps) * steps
    return np.asarray(fft.idctn(waves, axes=(1, 3), norm="ortho").reshape(height, width), np.float32)


def heard(plane: NDArray[np.float32], drawn: Pattern, word: NDArray[np.uint8], times: int) -> float:
    """The `z` of a word that is known to be there, in the quarter where it is least; 0 where quarters are too small.

    plane: the marked luma, shrunk so that a tile has 64 pixels; times: the picture's doublings.
    """
    import numpy as np

    plane = rounded(plane, QUALITY)
    height, width = (side // 2 for side in plane.shape)
    if min(height, width) < _LEAST_SIDE:
        return 0.0
    least = float("inf")
    for top in (0, height):
        for left in (0, width):
            seen = spectrum(flatten(plane[top : top + height, left : left + width]), TILE)
            # A shrunk pixel's middle lies so far from the corner of the first pixel that it is made of.
            apart = 0.5 - 1 / (4 * times)
            down, across = (-apart - start - (side - 1) / 2 for start, side in ((top, height), (left, width)))
            least = min(least, agreement(seen, drawn, Found(0.0, np.eye(2) / TILE, down, across), word))
    return max(0.0, least)
