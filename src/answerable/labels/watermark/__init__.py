# SPDX-License-Identifier: Apache-2.0
"""The image watermark: 48 bits of a record's id in the pixels, for when the metadata is gone (EU AI Act Art. 50(2);
SB 942 §22757.3(b)). Arrays in, arrays out; files are the affair of whoever calls.

A keyed pattern of waves in a mid-low band is laid over the luma, tile beside tile (`pattern.py`), and carries the id
with a CRC and a BCH code (`code.py`). It is found again by its lattice in the spectrum (`search.py`), read softly, and
believed only below a p-value that counts everything that was tried (`evidence.py`).

It survives JPEG, resizing, cropping and combinations of them, as far as `docs/reference/labels-robustness.md` measured.
It does not survive strong blur, a redrawing by another model, a change of the picture's proportions, or anyone who has
the key: the key that writes also reads, and can take out. Numpy and scipy come with the extra `image`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from answerable.labels.watermark.reading import WatermarkReading, extract
    from answerable.labels.watermark.writing import embed, psnr

__all__ = ["WatermarkReading", "embed", "extract", "psnr"]

_WHERE: Final = {"WatermarkReading": "reading", "embed": "writing", "extract": "reading", "psnr": "writing"}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
