# SPDX-License-Identifier: Apache-2.0
"""The error-correcting code of the image watermark: 48 bits of a record's id as 127 bits, and back from soft values.

48 bits and their CRC-16 (polynomial 0x1021, as in CRC-16/XMODEM) are the 64 message bits of the primitive narrow-sense
BCH code (127, 64) over GF(2^7) with x^7 + x^3 + 1, designed distance 21: up to 10 wrong bits are corrected for certain.
Decoding is soft, by ordered statistics (Fossorier and Lin, 1995): the 64 most reliable independent positions are taken
at their word, and every change of up to three of them is tried. Of the four best words found the first whose CRC is
right is returned, so a word too damaged to be read is made into another with a chance of 2^-14 at most; whether a
word was there at all is for the reading's p-value to say (`evidence.py`).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PAYLOAD_BITS: Final = 48
MESSAGE_BITS: Final = 64
CODE_BITS: Final = 127
# How many of the words found, best first, may be asked for their CRC: each ask is a chance of 2^-16 for a wrong one.
_ASKED: Final = 4


class Decoded(NamedTuple):
    """A word that was read. payload: 48 bits; word: its 127 bits, 0 or 1; corrected: how many had come out wrong."""

    payload: int
    word: NDArray[np.uint8]
    corrected: int


def crc16(payload: int) -> int:
    """CRC-16/XMODEM of the 48 bits of payload, as six bytes, highest first."""
    crc = 0
    for byte in payload.to_bytes(PAYLOAD_BITS // 8, "big"):
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


@cache
def generator() -> int:
    """The generator polynomial, of degree 63: bit i is the coefficient of x^i."""
    powers = [1]
    for _ in range(126):
        value = powers[-1] << 1
        powers.append(value ^ 0x89 if value & 0x80 else value)
    logs = {value: power for power, value in enumerate(powers)}
    product, seen = 1, set[int]()
    for root in range(1, 21):
        if root in seen:
            continue
        conjugates = {root * 2**power % 127 for power in range(7)}
        seen |= conjugates
        minimal = [1]
        for conjugate in conjugates:
            shifted = [0, *minimal]
            scaled = [powers[(logs[c] + conjugate) % 127] if c else 0 for c in minimal] + [0]
            minimal = [a ^ b for a, b in zip(shifted, scaled, strict=True)]
        factor = sum(bit << power for power, bit in enumerate(minimal))
        product = _times(product, factor)
    return product


def _times(one: int, other: int) -> int:
    """The product of two polynomials over GF(2)."""
    product = 0
    while other:
        if other & 1:
            product ^= one
        one, other = one << 1, other >> 1
    return product


def _word(message: int) -> int:
    """The code word of 64 message bits, systematic: the message stands in the highest bits."""
    parity, divisor = message << (CODE_BITS - MESSAGE_BITS), generator()
    for power in range(CODE_BITS - 1, CODE_BITS - MESSAGE_BITS - 1, -1):
        if parity >> power & 1:
            parity ^= divisor << (power - (CODE_BITS - MESSAGE_BITS))
    return message << (CODE_BITS - MESSAGE_BITS) | parity


def _bits(value: int, count: int) -> NDArray[np.uint8]:
    import numpy as np

    octets = (value << (-count % 8)).to_bytes((count + 7) // 8, "big")
    return np.unpackbits(np.frombuffer(octets, np.uint8))[:count]


def encode(payload: int) -> NDArray[np.uint8]:
    """The 127 bits, 0 or 1, of a payload of 48 bits. Raises ValueError for a payload that is not of 48 bits."""
    if not 0 <= payload < 1 << PAYLOAD_BITS:
        raise ValueError("a watermark's payload has 48 bits")
    return _bits(_word(payload << 16 | crc16(payload)), CODE_BITS)


@cache
def _rows() -> NDArray[np.uint8]:
    """The generator matrix, 64 by 127, systematic."""
    import numpy as np

    return np.stack([_bits(_word(1 << (MESSAGE_BITS - 1 - row)), CODE_BITS) for row in range(MESSAGE_BITS)])


def _packed(word: NDArray[np.uint8]) -> int:
    import numpy as np

    return int.from_bytes(np.packbits(word[:MESSAGE_BITS]).tobytes(), "big")


def _syndrome(word: NDArray[np.uint8]) -> int:
    """0 where the CRC in a code word is right. Linear: of a sum it is the sum."""
    message = _packed(word)
    return crc16(message >> 16) ^ message & 0xFFFF


def _reliable_basis(order: NDArray[np.intp]) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    """The generator matrix with a unit in each of the first 64 independent positions of `order`; and these."""
    import numpy as np

    matrix, pivots = _rows().copy(), np.empty(MESSAGE_BITS, np.intp)
    row = 0
    for position in order:
        ones = np.flatnonzero(matrix[:, position])
        here = ones[ones >= row]
        if not here.size:
            continue
        if here[0] != row:
            matrix[[row, here[0]]] = matrix[[here[0], row]]
        others = np.flatnonzero(matrix[:, position])
        matrix[others[others != row]] ^= matrix[row]
        pivots[row] = position
        row += 1
        if row == MESSAGE_BITS:
            break
    return matrix, pivots


def decode(soft: NDArray[np.floating]) -> Decoded | None:
    """The payload that 127 soft values speak for (positive: 0, negative: 1; larger: surer), or None.

    Only words whose CRC is right are returned. Raises ValueError for another number of values.
    """
    import numpy as np

    values = np.asarray(soft, np.float64)
    if values.shape != (CODE_BITS,):
        raise ValueError("a code word has 127 values")
    if not np.isfinite(values).all():
        return None
    basis, pivots = _reliable_basis(np.argsort(-np.abs(values), kind="stable"))
    hard = (values < 0).astype(np.uint8)
    first = (hard[pivots] @ basis & 1).astype(np.uint8)
    # What a change of rows costs in correlation: the sum of `agreed` over the positions that it turns.
    agreed = values * (1.0 - 2.0 * first)
    rows = basis.astype(np.float64)
    one = rows @ agreed
    two = (rows * agreed) @ rows.T
    i, j = np.triu_indices(MESSAGE_BITS, 1)
    pairs = one[i] + one[j] - 2 * two[i, j]
    # A third row: only for the pairs that cost least, which is where the third would be found.
    kept = np.argpartition(pairs, 200)[:200]
    turned = (rows[i[kept]] + rows[j[kept]]) % 2
    triples = (turned @ agreed)[:, None] + one[None, :] - 2 * (turned * agreed) @ rows.T
    costs = np.concatenate([[0.0], one, pairs, triples.ravel()])
    best = np.argpartition(costs, _ASKED * 16)[: _ASKED * 16]
    best = best[np.argsort(costs[best], kind="stable")]
    asked: set[bytes] = set()
    for choice in best:
        word = first.copy()
        for row in _chosen(int(choice), i, j, kept):
            word ^= basis[row]
        if word.tobytes() in asked:
            continue
        asked.add(word.tobytes())
        if not _syndrome(word):
            return Decoded(_packed(word) >> 16, word, int((word != hard).sum()))
        if len(asked) == _ASKED:
            return None
    return None


def _chosen(choice: int, i: NDArray[np.intp], j: NDArray[np.intp], kept: NDArray[np.intp]) -> tuple[int, ...]:
    """The rows that a place in the list of costs stands for."""
    if choice == 0:
        return ()
    if choice <= MESSAGE_BITS:
        return (choice - 1,)
    choice -= 1 + MESSAGE_BITS
    if choice < len(i):
        return int(i[choice]), int(j[choice])
    pair, row = divmod(choice - len(i), MESSAGE_BITS)
    return int(i[kept[pair]]), int(j[kept[pair]]), row
