# SPDX-License-Identifier: Apache-2.0
"""The keyed pattern of the image watermark: a square tile of waves in a mid-low band, laid side by side.

A tile of 64 canonical pixels (`geometry.py` says how many real pixels that is) holds one wave for each pair (ky, kx) of
whole periods a tile with 6 <= |k| <= 24. The axes are left out: edges of buildings, text and frames speak there
loudest. Every wave has two parts, cosine and sine, and each part has a sign of its own that the key draws. A sixth of
the waves are the pattern that finds the place; the parts of the rest carry the 127 bits of the code word, each bit on
seven parts or eight, spread over the band by the key. All signs are drawn independently and evenly, which is what
the p-value of a reading rests on (`evidence.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import shake_256
from typing import TYPE_CHECKING, Final

from answerable.labels.watermark.code import CODE_BITS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TILE: Final = 64
LOWEST: Final = 6
HIGHEST: Final = 24
# One wave in so many finds the place: enough for a place to stand out wherever the code word can still be read.
_SYNC_ONE_IN: Final = 6


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """What a key makes of the band. ky, kx: periods a tile of each wave (kx from 1); signs: of its cosine and sine
    part, -1 or 1, shape (waves, 2); sync: which waves find the place; bit: which of the 127 bits a part of the others
    carries, shape (waves, 2), -1 where none."""

    ky: NDArray[np.float64]
    kx: NDArray[np.float64]
    signs: NDArray[np.float64]
    sync: NDArray[np.bool_]
    bit: NDArray[np.intp]


@lru_cache(maxsize=8)
def pattern(key: bytes) -> Pattern:
    """The pattern of a key. Raises ValueError for a key shorter than 16 bytes."""
    import numpy as np

    if len(key) < 16:
        raise ValueError("a watermark's key has 16 bytes or more")
    ky, kx = np.meshgrid(np.arange(-HIGHEST, HIGHEST + 1), np.arange(1, HIGHEST + 1), indexing="ij")
    radius = ky**2 + kx**2
    inside = (radius >= LOWEST**2) & (radius <= HIGHEST**2) & (ky != 0)
    ky, kx, radius = ky[inside], kx[inside], radius[inside]
    # From low to high, so that what is dealt in turn is dealt evenly over the band.
    order = np.lexsort((kx, ky, radius))
    ky, kx = ky[order], kx[order]
    waves = len(ky)
    drawn = shake_256(b"answerable image watermark v1\0" + key).digest(8 * 5 * waves)
    numbers = np.frombuffer(drawn, ">u8").reshape(5, waves)
    signs = np.where(numbers[:2].T >> np.uint64(63), -1.0, 1.0)
    sync = np.zeros(waves, np.bool_)
    for start in range(0, waves - waves % _SYNC_ONE_IN, _SYNC_ONE_IN):
        sync[start + int(numbers[2, start]) % _SYNC_ONE_IN] = True
    bit = np.full((waves, 2), -1, np.intp)
    parts = np.argwhere(np.repeat(~sync[:, None], 2, axis=1))
    dealt = numbers[3:].T[~sync].ravel()
    for start in range(0, len(parts), CODE_BITS):
        # Each bit once a round: the round's parts lie side by side in the band, and the key deals them.
        chunk = parts[start : start + CODE_BITS]
        turn = np.argsort(dealt[start : start + CODE_BITS], kind="stable")
        places = chunk[turn]
        bit[places[:, 0], places[:, 1]] = np.arange(len(chunk))
    return Pattern(ky.astype(np.float64), kx.astype(np.float64), signs, sync, bit)


def amplitudes(drawn: Pattern, word: NDArray[np.uint8]) -> NDArray[np.complex128]:
    """The complex amplitude of each wave of a tile that carries `word` (127 bits): parts are -1 or 1."""
    import numpy as np

    carried = np.where(drawn.bit >= 0, 1.0 - 2.0 * word[drawn.bit], 1.0)
    parts = drawn.signs * carried
    return parts[:, 0] + 1j * parts[:, 1]


def tile(drawn: Pattern, word: NDArray[np.uint8], pixels: int) -> NDArray[np.float32]:
    """One tile of `pixels` by `pixels` (more than twice `HIGHEST`), root mean square 1."""
    import numpy as np
    from scipy import fft

    spectrum = np.zeros((pixels, pixels // 2 + 1), np.complex128)
    spectrum[drawn.ky.astype(np.intp) % pixels, drawn.kx.astype(np.intp)] = amplitudes(drawn, word)
    made = fft.irfft2(spectrum, s=(pixels, pixels))
    made /= np.sqrt(np.mean(made**2))
    return np.asarray(made, np.float32)
