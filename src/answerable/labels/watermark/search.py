# SPDX-License-Identifier: Apache-2.0
"""Finds where the pattern lies: which lattices speak like the key's sync waves, and at which place of a tile.

For each lattice the sync waves, made to stand alone, are laid against the picture at every place of a tile at once, by
one small inverse transform. What is returned is how far the best place stands out, as a `z` (`evidence.py`). A search
pays for every place of every lattice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from answerable.labels.watermark.pattern import TILE, Pattern
from answerable.labels.watermark.spectrum import Spectrum

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PLACES: Final = TILE * TILE
_AT_ONCE: Final = 64
_BETWEEN: Final = (-0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75)  # 64ths of a tile


class Found(NamedTuple):
    """A lattice and the place of a tile (down, across, in 64ths of it) where the sync waves stand out by `z`."""

    z: float
    lattice: NDArray[np.float64]
    down: float
    across: float


def _laid(seen: Spectrum, drawn: Pattern, lattices: NDArray[np.float64], *, fine: bool) -> NDArray[np.float32]:
    """The `z` of every place of a tile, (lattices, places)."""
    import numpy as np
    from scipy import fft

    ky, kx = drawn.ky[drawn.sync], drawn.kx[drawn.sync]
    kept = np.conj(drawn.signs[drawn.sync] @ np.array([1, 1j])).astype(np.complex64)
    waves = seen.at(lattices, ky, kx, fine=fine)
    own = np.sqrt(np.sum(waves.real**2 + waves.imag**2, axis=1)) + np.float32(1e-9)
    spread = np.zeros((len(waves), TILE, TILE // 2 + 1), np.complex64)
    # irfft2 gives twice the real part over the number of places.
    spread[:, ky.astype(np.intp) % TILE, kx.astype(np.intp)] = waves * kept * (np.float32(PLACES / 2) / own[:, None])
    return np.asarray(fft.irfft2(spread, s=(TILE, TILE), overwrite_x=True).reshape(len(waves), -1), np.float32)


def best(
    seen: Spectrum, drawn: Pattern, lattices: NDArray[np.float64], count: int, *, fine: bool = False
) -> list[Found]:
    """The best place of each of the `count` lattices, of those given (lattices, 2, 2), that stand out most."""
    import numpy as np

    z, place = np.empty(len(lattices), np.float32), np.empty(len(lattices), np.intp)
    for start in range(0, len(lattices), _AT_ONCE):
        laid = _laid(seen, drawn, lattices[start : start + _AT_ONCE], fine=fine)
        chosen = laid.argmax(axis=1)
        place[start : start + _AT_ONCE] = chosen
        z[start : start + _AT_ONCE] = laid[np.arange(len(laid)), chosen]
    order = np.argsort(-z, kind="stable")[:count]
    return [Found(float(z[i]), lattices[i], *divmod(int(place[i]), TILE)) for i in order]


def places(seen: Spectrum, drawn: Pattern, lattice: NDArray[np.float64], count: int) -> list[Found]:
    """The `count` places of one lattice where the sync waves stand out most, no two of them neighbours."""
    import numpy as np

    laid = _laid(seen, drawn, lattice[None], fine=True)[0].reshape(TILE, TILE)
    found: list[Found] = []
    for _ in range(count):
        down, across = divmod(int(laid.argmax()), TILE)
        found.append(Found(float(laid[down, across]), lattice, down, across))
        near = np.arange(-2, 3)
        laid[np.ix_((down + near) % TILE, (across + near) % TILE)] = -np.inf
    return found


def nearer(seen: Spectrum, drawn: Pattern, found: Found) -> Found:
    """The same place, between the 64ths of a tile: where the sync waves stand out most. What was cut out of a picture,
    or made smaller, seldom begins on one."""
    import numpy as np

    ky, kx = drawn.ky[drawn.sync], drawn.kx[drawn.sync]
    kept = np.conj(drawn.signs[drawn.sync] @ np.array([1, 1j]))
    turn = 2j * np.pi / TILE
    waves = seen.at(found.lattice[None], ky, kx, fine=True)[0]
    own = float(np.sqrt(np.sum(np.abs(waves) ** 2))) or 1.0
    waves = waves * kept * np.exp(turn * (ky * found.down + kx * found.across))
    steps = np.array(_BETWEEN)[:, None]
    laid = ((np.exp(turn * steps * ky) * waves) @ np.exp(turn * steps * kx).T).real / own
    i, j = divmod(int(laid.argmax()), len(_BETWEEN))
    return found._replace(z=float(laid[i, j]), down=found.down + _BETWEEN[i], across=found.across + _BETWEEN[j])
