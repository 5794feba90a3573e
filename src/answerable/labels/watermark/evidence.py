# SPDX-License-Identifier: Apache-2.0
"""Reads the code word at a place, and says how surely it is one that was written: a p-value that needs no model of
pictures.

The statistic is `z = sum(c s b) / sqrt(sum(c^2))` over the parts c of the payload's waves as they were heard, their
signs s and the bits b of the word. Whatever the picture is, if it was made without the key then these signs are even
and independent of it, and of where the sync waves, whose signs are others, made the search look. By Hoeffding's
inequality a given word at a given place then reaches z with probability exp(-z^2 / 2) at most. There are 2^48 words
whose CRC is right, and a search reads one place after the other until it believes one. The n-th pays for all before it:
with

    p = n (n + 1) 2^48 exp(-z^2 / 2)

and since 1/(n(n+1)) adds up to one, the chance that a search ever reads p or less in an unmarked picture, of any id, is
p at most, over the choice of the key. A reading is believed at `ACCEPTED` or less, which takes z = 10.5 at the first
place and 11.0 at the thirtieth. A picture that is marked is another matter: there the CRC alone keeps a word too
damaged to be read from being taken for another.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from answerable.labels.watermark import code
from answerable.labels.watermark.pattern import TILE, Pattern
from answerable.labels.watermark.search import Found
from answerable.labels.watermark.spectrum import Spectrum

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The most that any one picture may be accused wrongly, all trials of its search counted.
ACCEPTED: Final = 1e-9
# A wave so many times louder than its surroundings is a line of the picture: it is heard no louder than this.
_LOUDEST: Final = 3.0


class Read(NamedTuple):
    """A code word that was read at a place and is believed: its `z` and its p-value."""

    found: Found
    decoded: code.Decoded
    z: float
    chance: float


def _heard(seen: Spectrum, drawn: Pattern, found: Found) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """The parts that carry bits, their signs undone, and the bit that each carries."""
    import numpy as np

    waves = seen.at(found.lattice[None], drawn.ky, drawn.kx, fine=True)[0]
    waves = waves * np.exp(2j * np.pi / TILE * (drawn.ky * found.down + drawn.kx * found.across))
    waves *= np.minimum(1, _LOUDEST / np.maximum(np.abs(waves), 1e-9))
    parts: NDArray[np.float64] = np.stack([waves.real, waves.imag], axis=1) * drawn.signs
    carrying = drawn.bit >= 0
    return parts[carrying], drawn.bit[carrying]


def _z(heard: NDArray[np.float64], bits: NDArray[np.intp], word: NDArray[np.uint8]) -> float:
    import numpy as np

    own = float(np.sqrt(np.sum(heard**2)))
    return float(np.sum(heard * (1.0 - 2.0 * word[bits]))) / own if own else 0.0


def agreement(seen: Spectrum, drawn: Pattern, found: Found, word: NDArray[np.uint8]) -> float:
    """The `z` of a word that is known to be there."""
    return _z(*_heard(seen, drawn, found), word)


def read(seen: Spectrum, drawn: Pattern, found: Found, places_read: int) -> Read | None:
    """The code word at a place, the n-th that is read; None where there is none that could be believed."""
    import numpy as np

    heard, bits = _heard(seen, drawn, found)
    soft = np.asarray(np.bincount(bits, heard, code.CODE_BITS), np.float64)
    own = float(np.sqrt(np.sum(heard**2)))
    # No word reaches more than the sum of what speaks for each bit: most places need no decoding to be dismissed.
    if not own or p_value(float(np.sum(np.abs(soft))) / own, places_read) > ACCEPTED:
        return None
    decoded = code.decode(soft)
    if decoded is None or (chance := p_value(z := _z(heard, bits, decoded.word), places_read)) > ACCEPTED:
        return None
    return Read(found, decoded, z, chance)


def p_value(z: float, places_read: int) -> float:
    """The bound above, at most 1. places_read: n, from 1."""
    paid = math.log(places_read) + math.log(places_read + 1) + code.PAYLOAD_BITS * math.log(2)
    return math.exp(min(0.0, paid - z * abs(z) / 2))
