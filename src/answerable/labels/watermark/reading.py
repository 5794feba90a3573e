# SPDX-License-Identifier: Apache-2.0
"""Reads the watermark from a picture: where its size is as written, or by a search over scale, turn and mirror image.

The searches go from the likely to the rare, and every place that is read is paid for in the p-value. `place`: the
picture as it was written, or a piece of it. `full`: then any scale from about a third to eight times, upright; then
turned by quarters and mirrored; then turned by up to five degrees, in the picture's middle.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, cos, radians, sin, sqrt
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from answerable.labels.watermark.evidence import Read, read
from answerable.labels.watermark.pattern import HIGHEST, TILE, Pattern, pattern
from answerable.labels.watermark.picture import doublings, luma, period, ready, shrink
from answerable.labels.watermark.search import Found, best, nearer, places
from answerable.labels.watermark.spectrum import Spectrum, flatten, spectrum

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Search = Literal["place", "full"]

# A level's plane is so shrunk that a tile has from 48 to 96 pixels on it: an octave, so that levels meet. On the plane
# that is not shrunk it may have fewer, down to a third of what a small picture was written with.
_FROM: Final = 48.0
_LEAST: Final = 36.0
_TO: Final = 96.0
_LEVELS: Final = (1, 2, 4, 8, 16)
_LEAST_SIDE: Final = 48
_MOST_PIXELS: Final = 2_300_000
# Of a longer plane the middle is enough, and a search grows with the side.
_MOST_SIDE: Final = 2_400
# Cycles by which the highest wave may slip between the middle and the rim from one lattice to the next.
_SLIP: Final = 0.3
# How many of the places that stand out most are read, after each search.
_READ: Final = 10
_TURN_DEGREES: Final = 5.0
_TURN_SIDE: Final = 448
# The other seven of the eight ways to lay a rectangle down: mirrored across, by half, by a quarter ...
_LAID: Final = (
    ((1, 0), (0, -1)),
    ((-1, 0), (0, -1)),
    ((-1, 0), (0, 1)),
    ((0, 1), (-1, 0)),
    ((0, -1), (1, 0)),
    ((0, 1), (1, 0)),
    ((0, -1), (-1, 0)),
)


@dataclass(frozen=True, slots=True)
class WatermarkReading:
    """A watermark that was read. payload: 48 bits; corrected_bits: of the 127 of the code word, how many had come out
    wrong; score: the `z` of `evidence.py`; p_value: the bound of what the whole search would find in an unmarked
    picture; scale: pixels a tile now, over the 128 of a picture of up to two megapixels as written (2, 3 ... for larger
    ones); offset: (down, across) pixels from the picture's middle to a corner of a tile; turned: degrees against the
    clock, to about a quarter; mirrored: whether the picture is a mirror image."""

    payload: int
    corrected_bits: int
    score: float
    p_value: float
    scale: float
    offset: tuple[float, float]
    turned: float
    mirrored: bool


class _Candidate(NamedTuple):
    """A place that stands out on a level's spectrum; shrunk: pixels of the picture a pixel of the level."""

    found: Found
    seen: Spectrum
    shrunk: int


class _Trial:
    """One picture under search: its planes and spectra, kept, and how many places were read so far."""

    def __init__(self, pixels: NDArray[np.uint8], drawn: Pattern) -> None:
        self._luma, self._drawn, self._levels = luma(pixels), drawn, dict[tuple[int, int], Spectrum | None]()
        self._read = 0

    def level(self, shrunk: int, *, side: int = _MOST_SIDE) -> Spectrum | None:
        """The spectrum of the picture shrunk, of its middle of at most so many pixels a side; None where it is too
        small or too large to be worth it."""
        if (shrunk, side) not in self._levels:
            height, width = (length // shrunk for length in self._luma.shape)
            fits = min(height, width) >= _LEAST_SIDE and min(height, side) * min(width, side) <= _MOST_PIXELS
            self._levels[shrunk, side] = self._made(shrunk, side) if fits else None
        return self._levels[shrunk, side]

    def _made(self, shrunk: int, side: int) -> Spectrum:
        plane = shrink(self._luma, shrunk)
        top, left = (max(0, (length - side) // 2) for length in plane.shape)
        return spectrum(flatten(plane[top : top + side, left : left + side]), TILE)

    def sweep(self, shrunk: int, seen: Spectrum, lattices: NDArray[np.float64]) -> list[_Candidate]:
        """The places that stand out most among those of many lattices."""
        return [_Candidate(found, seen, shrunk) for found in best(seen, self._drawn, lattices, _READ)]

    def settle(self, candidates: list[_Candidate], *, turning: bool) -> WatermarkReading | None:
        """Reads the candidates that stand out most, each after its lattice has been made finer."""
        for candidate in sorted(candidates, key=lambda one: -one.found.z)[:_READ]:
            found = self._finer(candidate, turning=turning)
            reading = self.judge(candidate._replace(found=found))
            if reading is not None:
                return reading
        return None

    def _finer(self, candidate: _Candidate, *, turning: bool) -> Found:
        """The lattice near by, in height, width and turn, where the sync waves stand out most."""
        import numpy as np

        seen, found = candidate.seen, candidate.found
        pitch = 1 / float(np.sqrt(abs(np.linalg.det(found.lattice))))
        step = _SLIP * pitch / (HIGHEST / 2 * max(seen.height, seen.width))
        for part in (1.0, 0.5, 0.25):
            changes = [
                ((1 + down, turn), (-turn, 1 + across))
                for down in (-step * part, 0, step * part)
                for across in (-step * part, 0, step * part)
                for turn in ((-step * part, 0, step * part) if turning else (0,))
            ]
            lattices = np.array(changes) @ found.lattice
            found = max(best(seen, self._drawn, lattices, 1, fine=True)[0], found, key=lambda one: one.z)
        return found

    def judge(self, candidate: _Candidate) -> WatermarkReading | None:
        """The reading at a candidate if it may be believed: between the 64ths of a tile, and where it was found."""
        seen, drawn = candidate.seen, self._drawn
        for found in (nearer(seen, drawn, candidate.found), candidate.found):
            self._read += 1
            if (result := read(seen, drawn, found, self._read)) is not None:
                return _told(result, candidate.shrunk)
        return None

    def at_place(self, times: int) -> WatermarkReading | None:
        """Reads at the size as written, for a picture of so many doublings."""
        import numpy as np

        shrunk = period(times) // TILE
        if (seen := self.level(shrunk)) is None:
            return None
        for found in places(seen, self._drawn, np.eye(2) / TILE, 4):
            reading = self.judge(_Candidate(found, seen, shrunk))
            if reading is not None:
                return reading
        return None


def extract(pixels: NDArray[np.uint8], key: bytes, *, search: Search = "place") -> WatermarkReading | None:
    """The watermark of a key in a picture, or None. Over the choice of the key, an unmarked picture is accused with a
    probability of 1e-9 at most, whatever was searched.

    search: "place", the picture as written or a piece of it; "full", any scale too, turns and mirror images.
    Raises Unavailable ``label.extra``, ValueError for what is no picture or key.
    """
    ready()
    drawn = pattern(key)
    trial = _Trial(pixels, drawn)
    own = doublings(*pixels.shape[:2])
    # A piece is smaller than what it was cut from.
    for times in (own, *(t for t in range(1, own + 3) if t != own)):
        if (reading := trial.at_place(times)) is not None:
            return reading
    if search == "place":
        return None
    for candidates, turning in _searches(trial):
        if (reading := trial.settle(candidates, turning=turning)) is not None:
            return reading
    return None


def _searches(trial: _Trial) -> Iterator[tuple[list[_Candidate], bool]]:
    """Each search in turn: the places that stood out, and whether to turn their lattices too."""
    import numpy as np

    levels = [(shrunk, seen) for shrunk in _LEVELS if (seen := trial.level(shrunk)) is not None]
    upright = {shrunk: _scales(max(seen.height, seen.width), shrunk) for shrunk, seen in levels}
    yield [found for shrunk, seen in levels for found in trial.sweep(shrunk, seen, upright[shrunk])], False
    laid = [np.array(one, np.float64) for one in _LAID]
    rare = [(shrunk, seen, one @ upright[shrunk]) for shrunk, seen in levels for one in laid]
    yield [found for search in rare for found in trial.sweep(*search)], False
    turned: list[_Candidate] = []
    for shrunk in _LEVELS:
        if (seen := trial.level(shrunk, side=_TURN_SIDE)) is not None:
            side = max(seen.height, seen.width)
            scales, turns = _scales(side, shrunk), _turns(side)
            turned += trial.sweep(shrunk, seen, (turns[:, None] @ scales[None]).reshape(-1, 2, 2))
    yield turned, True


def _scales(side: int, shrunk: int) -> NDArray[np.float64]:
    """Upright lattices over a level's octave, as close together as a plane of this many pixels needs."""
    import numpy as np

    # One pitch to the next slips by the same share of a cycle: even in the frequency.
    least = _LEAST if shrunk == 1 else _FROM
    count = ceil((1 / least - 1 / _TO) * HIGHEST / 2 * side / _SLIP) + 1
    return np.linspace(1 / least, 1 / _TO, count)[:, None, None] * np.eye(2)


def _turns(side: int) -> NDArray[np.float64]:
    """Rotations by up to five degrees to either side."""
    import numpy as np

    most = radians(_TURN_DEGREES)
    count = ceil(most * HIGHEST / 2 * side / (_SLIP * sqrt(_FROM * _TO)))
    angles = np.linspace(-most, most, 2 * count + 1)
    return np.array([((cos(angle), sin(angle)), (-sin(angle), cos(angle))) for angle in angles])


def _told(result: Read, shrunk: int) -> WatermarkReading:
    """The reading in pixels of the picture."""
    import numpy as np

    lattice = result.found.lattice / shrunk
    # The tile's two edges are what the lattice of frequencies is the inverse of.
    edges = np.linalg.inv(lattice)
    corner = edges.T @ np.array([result.found.down, result.found.across]) / TILE
    mirrored = bool(np.linalg.det(lattice) < 0)
    down = lattice[:, 0] / np.hypot(*lattice[:, 0])
    turned = float(np.degrees(np.arctan2(down[1], down[0])))
    return WatermarkReading(
        payload=result.decoded.payload,
        corrected_bits=result.decoded.corrected,
        score=round(result.z, 3),
        p_value=result.chance,
        scale=round(float(np.sqrt(abs(np.linalg.det(edges)))) / period(1), 4),
        offset=(round(float(corner[0]), 2), round(float(corner[1]), 2)),
        turned=round(turned, 1),
        mirrored=mirrored,
    )
