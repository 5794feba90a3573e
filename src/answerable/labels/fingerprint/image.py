# SPDX-License-Identifier: Apache-2.0
"""Fingerprint of a picture: three words of 64 bits.

The first is the Image-Code of ISCC (ISO 24138) over 32 x 32 greys, by which neighbours are found. One word alone is too
little among many thousands: so two more, of which way the greys fall between 8 x 8 places, must be near too.

Survives: JPEG down to quality 30, half size, a change of format, a screenshot of it, a plain border around it, small
changes of brightness. Does not: a crop of a tenth and more, turning, mirroring, large words put over it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from answerable.errors import Unavailable
from answerable.model.prints import Kind, Print

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION: Final = 1
SIDE: Final = 32
# Grey levels (standard deviation of 256) below which a picture shows too little to be told from others.
LEAST_DETAIL: Final = 6.0
# Levels by which what lies within a border differs from it.
CONTENT: Final = 40


def of_image(image: Any) -> tuple[Print, ...]:
    """The fingerprints of a PIL image: as it is, and within its border where it has one; none where it shows too
    little. Raises Unavailable ``label.extra``."""
    try:
        import numpy as np
        from PIL import Image
    except ImportError:
        raise Unavailable("label.extra", extra="image") from None
    seen = shown(image)
    found: dict[Print, None] = {}
    for view in (seen, _within(seen)):
        if view is not None:
            greys = np.asarray(view.convert("L").resize((SIDE, SIDE), Image.Resampling.BICUBIC))
            if detail(greys) >= LEAST_DETAIL:
                found[of_greys(greys, Kind.IMAGE, VERSION)] = None
    return tuple(found)


def of_greys(greys: NDArray[Any], kind: Kind, version: int) -> Print:
    """greys: 32 x 32 of 8 bits. Raises Unavailable ``label.extra``."""
    try:
        from iscc_lib import gen_image_code_v0, iscc_decode
    except ImportError:
        raise Unavailable("label.extra", extra="fingerprint") from None
    code = iscc_decode(gen_image_code_v0(greys.tobytes(), 64).iscc)[4]
    return Print(kind, version, (int.from_bytes(code), *slopes(greys)))


def shown(image: Any) -> Any:
    """As people see it (ISCC's preprocessing): upright, on white, in RGB."""
    import numpy as np
    from PIL import Image, ImageOps

    if image.mode in ("I;16", "I;16B", "I;16L", "I", "F"):
        levels = np.asarray(image, np.float64)
        low, high = float(levels.min()), float(levels.max())
        image = Image.fromarray(((levels - low) * (255 / max(high - low, 1e-9))).astype(np.uint8))
    else:
        image = ImageOps.exif_transpose(image)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def _within(image: Any) -> Any:
    """What lies within a border of the colour of the first corner, told by what differs much from it, so that it is the
    same place after a lossy coder; None where there is no border."""
    import numpy as np

    pixels = np.asarray(image).astype(np.int16)
    far = np.abs(pixels - pixels[0, 0]).max(axis=2)
    differs = far > CONTENT
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not len(rows):
        return None
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    if (bottom - top, right - left) == far.shape:
        return None
    return image.crop((left, top, right, bottom))


def slopes(greys: NDArray[Any]) -> tuple[int, int]:
    """Twice 64 bits: which of 8 x 8 places is lighter than the one to its right, or the one below, in turn; and the
    other way round."""
    import numpy as np

    cells = greys.astype(np.float64).reshape(8, SIDE // 8, 8, SIDE // 8).mean(axis=(1, 3))
    across = cells - np.roll(cells, -1, axis=1)
    down = cells - np.roll(cells, -1, axis=0)
    even = np.indices((8, 8)).sum(axis=0) % 2 == 0
    return packed(np.where(even, across, down)), packed(np.where(even, down, across))


def detail(greys: NDArray[Any]) -> float:
    """Standard deviation of the greys beside an even passage from one side to the other."""
    import numpy as np

    side = np.linspace(-1, 1, SIDE)
    plane = np.stack([np.ones((SIDE, SIDE)), *np.meshgrid(side, side)]).reshape(3, -1).T
    levels = greys.astype(np.float64).reshape(-1)
    fitted = plane @ np.linalg.lstsq(plane, levels, rcond=None)[0]
    return float((levels - fitted).std())


def packed(values: NDArray[Any]) -> int:
    """64 numbers as the bits of a word: whether each is above 0."""
    import numpy as np

    return int.from_bytes(np.packbits(values.reshape(64) > 0).tobytes())
