# SPDX-License-Identifier: Apache-2.0
"""Fingerprint of a video: three words of 64 bits, of its first twenty seconds, two frames a second.

The first is the Image-Code of ISCC (ISO 24138) over the mean of the frames; the second says where the second half of
them is lighter than the first, the third where the frames change most.

Survives: another container, codec, bit rate or frame rate, half size. Does not: cutting off the beginning, a border,
a crop, another speed; a film that stands still and shows little has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, Final

from answerable.labels.fingerprint.image import LEAST_DETAIL, SIDE, detail, of_greys, packed
from answerable.model.prints import Kind, Print

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION: Final = 1
EVERY_S: Final = 0.5
MOST_S: Final = 20.0


def of_video(source: BinaryIO) -> Print | None:
    """None for what has no picture, or too little in it. Raises VerificationError ``format.malformed``, Unavailable
    ``label.extra``."""
    from answerable.labels.fingerprint.decoding import frames

    return of_frames(frames(source, SIDE, every_s=EVERY_S, most_s=MOST_S))


def of_frames(seen: list[NDArray[Any]]) -> Print | None:
    """seen: greys, 32 x 32 of 8 bits each, in order."""
    if not seen:
        return None
    import numpy as np

    film = np.stack(seen).astype(np.float64)
    mean = np.clip(np.rint(film.mean(axis=0)), 0, 255).astype(np.uint8)
    if detail(mean) < LEAST_DETAIL:
        return None
    code, across, _ = of_greys(mean, Kind.VIDEO, VERSION).words
    if len(seen) < 2:
        return Print(Kind.VIDEO, VERSION, (code, across, 0))
    half = len(seen) // 2
    moved = _cells(film[half:].mean(axis=0) - film[:half].mean(axis=0))
    stirred = _cells(film.std(axis=0))
    return Print(Kind.VIDEO, VERSION, (code, packed(moved - np.median(moved)), packed(stirred - np.median(stirred))))


def _cells(plane: NDArray[Any]) -> NDArray[Any]:
    cells: NDArray[Any] = plane.reshape(8, SIDE // 8, 8, SIDE // 8).mean(axis=(1, 3))
    return cells
