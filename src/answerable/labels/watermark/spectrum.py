# SPDX-License-Identifier: Apache-2.0
"""What a picture says in the band of the pattern: its luma, flattened, and the waves of its spectrum on lattices.

A pattern of one tile laid side by side speaks only at whole multiples of two frequencies, a lattice. A lattice is a
matrix of two by two: the frequency (cycles a pixel, down and across) of the wave (ky, kx) is `lattice @ (ky, kx)`. So
a scale, a turn or a mirror image of the picture is only another lattice, and one transform serves them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MEAN: Final = 9
_DEVIATION: Final = 15
# Grey levels: what an even surface is divided by, about the noise that JPEG leaves there.
_FLOOR: Final = 2.0
_CLIP: Final = 3.0


def deviation(plane: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What a plane has beyond the mean of its surroundings, and how strongly it varies there (grey levels, >= 0)."""
    import numpy as np
    from scipy.ndimage import uniform_filter

    beyond = plane - uniform_filter(plane, _MEAN, mode="reflect")
    power = uniform_filter(beyond * beyond, _DEVIATION, mode="reflect")
    return beyond, np.sqrt(np.maximum(power, 0, out=power))


def flatten(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """A plane in which every surface speaks about equally loud, so that no one edge drowns the pattern."""
    import numpy as np

    beyond, spread = deviation(plane)
    beyond /= spread + np.float32(_FLOOR)
    return np.clip(beyond, -_CLIP, _CLIP, out=beyond)


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """The transform of a flattened plane about its middle. values: half of it (`rfft2`), power: how loud its
    surroundings are; rows, columns: the size that was transformed; height, width: of the plane, in pixels."""

    values: NDArray[np.complex64]
    power: NDArray[np.float32]
    rows: int
    columns: int
    height: int
    width: int

    def at(
        self, lattices: NDArray[np.float64], ky: NDArray[np.float64], kx: NDArray[np.float64], *, fine: bool = False
    ) -> NDArray[np.complex64]:
        """The waves (ky, kx) on each lattice (count, 2, 2), each divided by how loud its surroundings are.

        fine: between the values instead of the nearest one. A wave beyond what the plane can hold is 0.
        """
        import numpy as np

        y = (lattices[:, 0, 0, None] * ky + lattices[:, 0, 1, None] * kx).astype(np.float32)
        x = (lattices[:, 1, 0, None] * ky + lattices[:, 1, 1, None] * kx).astype(np.float32)
        beyond = (np.abs(y) > 0.48) | (np.abs(x) > 0.48)
        mirrored = x < 0
        sign = np.where(mirrored, np.float32(-1), np.float32(1))
        y, x = y * (sign * self.rows), x * (sign * self.columns)
        row, column = np.rint(y).astype(np.int32), np.rint(x).astype(np.int32)
        row, column = np.where(beyond, 0, row), np.where(beyond, 0, column)
        loud = np.sqrt(self.power[row % self.rows, column])
        if fine:
            low, left = np.floor(y).astype(np.int32), np.floor(x).astype(np.int32)
            low, left = np.where(beyond, 0, low), np.where(beyond, 0, left)
            found = self._between(low, left, y - low, x - left)
        else:
            found = self._value(row, column)
        found = np.asarray(np.where(mirrored, np.conj(found), found), np.complex64)
        return np.asarray(np.where(beyond, 0, found / np.maximum(loud, np.float32(1e-6))), np.complex64)

    def _between(
        self, row: NDArray[np.int32], column: NDArray[np.int32], up: NDArray[np.float32], right: NDArray[np.float32]
    ) -> NDArray[np.complex64]:
        """Linearly between four values: about the middle of the plane the spectrum is smooth enough for that."""
        import numpy as np

        near = (1 - right) * self._value(row, column) + right * self._value(row, column + 1)
        far = (1 - right) * self._value(row + 1, column) + right * self._value(row + 1, column + 1)
        return np.asarray((1 - up) * near + up * far, np.complex64)

    def _value(self, row: NDArray[np.int32], column: NDArray[np.int32]) -> NDArray[np.complex64]:
        return self.values[row % self.rows, column]


def spectrum(plane: NDArray[np.float32], spacing: float) -> Spectrum:
    """The spectrum of a flattened plane. spacing: pixels a tile, about; over that much is the surroundings' loudness
    taken."""
    import numpy as np
    from scipy import fft
    from scipy.ndimage import uniform_filter

    height, width = plane.shape
    # Twice the size: a lattice seldom meets the values of the plane's own size.
    rows, columns = fft.next_fast_len(2 * height, real=True), fft.next_fast_len(2 * width, real=True)
    values: NDArray[np.complex64] = fft.rfft2(plane, s=(rows, columns))
    values *= np.asarray(np.exp(2j * np.pi * fft.fftfreq(rows) * ((height - 1) / 2)), np.complex64)[:, None]
    values *= np.asarray(np.exp(2j * np.pi * fft.rfftfreq(columns) * ((width - 1) / 2)), np.complex64)
    power: NDArray[np.float32] = values.real**2 + values.imag**2
    around = (max(3, round(rows / spacing)), max(3, round(columns / spacing)))
    power = uniform_filter(power, around, mode=("wrap", "nearest"))
    return Spectrum(values, power, rows, columns, height, width)
