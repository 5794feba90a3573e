# SPDX-License-Identifier: Apache-2.0
"""Small files to label, made by independent libraries."""

from __future__ import annotations

import io

PROVIDER = "001191350100M000100Y431ABCD"
PARTY = "NTRCN-91350100M000100Y43"
OTHER = "001191110000MA0000001X10000"


def picture(form: str = "PNG", size: tuple[int, int] = (32, 24)) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    pixels = bytes(c % 256 for y in range(size[1]) for x in range(size[0]) for c in (x * 7, y * 11, x * y))
    image = Image.frombytes("RGB", size, pixels)
    image.save(out, form)
    return out.getvalue()
