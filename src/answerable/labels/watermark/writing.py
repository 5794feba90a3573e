# SPDX-License-Identifier: Apache-2.0
"""Writes the watermark into a picture, and reads it back before the picture is given out.

The pattern is louder where the picture itself is. How loud in all is said by the peak signal to noise ratio over the
planes of colour: as faint as lets the id be heard after hardship (`hardship.py`), 45 to 38 dB, unless a
strength is asked for. What is lost to black and white surfaces, which cannot swing both ways, is made good by the rest.
The same picture, id, key and strength give the same pixels.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from answerable.errors import VerificationError
from answerable.labels.watermark import code
from answerable.labels.watermark.hardship import heard
from answerable.labels.watermark.pattern import pattern, tile
from answerable.labels.watermark.picture import colours, doublings, luma, period, ready, shrink
from answerable.labels.watermark.spectrum import deviation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# What is written is never louder than this, whatever strength is asked for.
LEAST_DB: Final = 38.0
# Between these the strength is chosen; the first try stands between them.
LOUDEST_DB: Final = 38.5
FAINTEST_DB: Final = 45.0
_FIRST_DB: Final = 42.0
# The `z` that a quarter of the picture must reach after hardship. From about 14 an id is read; the whole has twice it.
_WANTED: Final = 12.0
LEAST_SIDE: Final = 64
# How much louder the pattern is on lively surfaces: 0 not at all, 1 in proportion. The second is for pictures that need
# more than the first can give, mostly drawings and pages: their lively surfaces are few and drown it.
_LIVELY: Final = (0.7, 0.0)
_EVEN: Final = 2.0
_ROUNDS: Final = 6


def psnr(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """The peak signal to noise ratio of two pictures of one shape, in dB, without alpha; infinite if they are equal."""
    import numpy as np

    apart = colours(one).astype(np.int16) - colours(other)
    error = float(np.mean(np.square(apart, dtype=np.int32)))
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def embed(
    pixels: NDArray[np.uint8], payload: int, key: bytes, *, strength_db: float | None = None
) -> NDArray[np.uint8]:
    """The picture again with 48 bits in it; alpha as it was. The key has 16 bytes or more and serves nothing else.

    strength_db: the peak signal to noise ratio, 38 to 60; None: as the picture needs, 38 to 45. The result is at 38 dB
    or more, and the payload was read back from it. Raises VerificationError ``label.watermark`` for a picture that is
    too small or too even for that, Unavailable ``label.extra``, ValueError for what is no picture, payload, key or
    strength.
    """
    ready()
    if strength_db is not None and not LEAST_DB <= strength_db <= 60:
        raise ValueError("strength_db is from 38 to 60")
    word, drawn = code.encode(payload), pattern(key)
    planes = colours(pixels)
    height, width = planes.shape[:2]
    if min(height, width) < LEAST_SIDE:
        raise VerificationError("label.watermark", detail=f"{width}x{height} pixels are too few")
    times = doublings(height, width)
    wanted, marked = tile(drawn, word, period(times)), pixels.copy()
    for lively in _LIVELY:
        laid = _loudness(pixels, times, lively)
        _weave(laid, wanted)
        _lay(planes, colours(marked), laid, _FIRST_DB)
        reached = heard(shrink(luma(marked), 2 * times), drawn, word, times)
        enough = _FIRST_DB + 20 * math.log10(max(reached, 1.0) / _WANTED)
        if enough >= (strength_db or LOUDEST_DB):
            break
    _lay(planes, colours(marked), laid, strength_db or min(FAINTEST_DB, max(LOUDEST_DB, enough)))
    _check(pixels, marked, payload, key)
    return marked


def _weave(loud: NDArray[np.float32], wanted: NDArray[np.float32]) -> None:
    """Multiplies tile beside tile into what is as large as the picture."""
    height, width = loud.shape
    for top in range(0, height, wanted.shape[0]):
        for left in range(0, width, wanted.shape[1]):
            part = loud[top : top + wanted.shape[0], left : left + wanted.shape[1]]
            part *= wanted[: part.shape[0], : part.shape[1]]


def _loudness(pixels: NDArray[np.uint8], times: int, lively: float) -> NDArray[np.float32]:
    """How loud the pattern is to be at each pixel, root mean square about 1."""
    import numpy as np

    height, width = pixels.shape[:2]
    _, spread = deviation(shrink(luma(pixels), 2 * times))
    loud = (spread + np.float32(_EVEN)) ** np.float32(lively)
    loud /= np.sqrt(np.mean(loud * loud))
    np.clip(loud, 0.35, 2.5, out=loud)
    full = np.repeat(np.repeat(loud, 2 * times, axis=0), 2 * times, axis=1)
    return np.pad(full, ((0, height - full.shape[0]), (0, width - full.shape[1])), mode="edge")


def _lay(planes: NDArray[np.uint8], target: NDArray[np.uint8], laid: NDArray[np.float32], strength_db: float) -> None:
    """Adds what is laid to the planes, into `target`, so loud that the ratio is `strength_db` or little more."""
    import numpy as np

    error = 255**2 / 10 ** (strength_db / 10)
    base = planes.astype(np.int16)
    factor = math.sqrt(max(error - 1 / 12, 0.01) / max(float(np.mean(laid * laid)), 1e-9))
    for _ in range(_ROUNDS):
        moved = np.rint(laid * np.float32(factor)).astype(np.int16)
        made = base + moved[:, :, None]
        np.clip(made, 0, 255, out=made)
        target[...] = made
        made -= base
        reached = float(np.mean(np.square(made, dtype=np.int32)))
        if 0.97 * error <= reached <= error or reached == 0:
            return
        # A little under: what is asked for is a bound.
        factor *= min(3.0, math.sqrt(0.985 * error / reached))


def _check(pixels: NDArray[np.uint8], marked: NDArray[np.uint8], payload: int, key: bytes) -> None:
    from answerable.labels.watermark.reading import extract

    reached = psnr(pixels, marked)
    if reached < LEAST_DB:
        raise VerificationError("label.watermark", detail=f"it would stand at {reached:.1f} dB")
    read = extract(marked, key)
    if read is None or read.payload != payload:
        raise VerificationError("label.watermark", detail="the id could not be read back")
