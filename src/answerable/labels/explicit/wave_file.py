# SPDX-License-Identifier: Apache-2.0
"""A mark put into a WAV file: so many samples more in its data, every other byte of it as it was. Integer PCM of 8 to
32 bits and IEEE floats, of any rate and number of channels, below 4 GiB."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from answerable.errors import Refused, VerificationError

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

_PCM: Final = 1
_FLOAT: Final = 3
_EXTENSIBLE: Final = 0xFFFE
_MAX: Final = 2**32 - 1
_PIECE: Final = 1 << 20
_OTHER_COUNTS: Final = (b"RF64", b"BW64", b"RIFX")
MAX_CHUNKS: Final = 10_000
MAX_RATE: Final = 768_000


@dataclass(frozen=True, slots=True)
class Shape:
    """What a WAV file holds. floats: IEEE rather than integers; wide: bytes a sample of one channel; start, length: of
    its data in bytes; fact: where the chunk of that name says the number of samples, 0 for nowhere."""

    rate: int
    channels: int
    floats: bool
    wide: int
    start: int
    length: int
    fact: int

    @property
    def block(self) -> int:
        return self.wide * self.channels

    @property
    def frames(self) -> int:
        return self.length // self.block


def shape(source: BinaryIO) -> Shape:
    """Raises VerificationError ``format.malformed``, Refused ``label.explicit`` for samples that are coded or counted
    in another way."""
    source.seek(0, 2)
    size = source.tell()
    source.seek(0)
    head = source.read(12)
    if head[8:] != b"WAVE" or head[:4] not in (b"RIFF", *_OTHER_COUNTS):
        raise VerificationError("format.malformed", format="wav", detail="no RIFF file of the form WAVE")
    if head[:4] != b"RIFF":
        raise Refused("label.explicit", detail="a WAV file whose sizes are counted as in RF64 or RIFX")
    form, data, fact = b"", (0, 0), 0
    at = 12
    for _ in range(MAX_CHUNKS):
        source.seek(at)
        kind_and_length = source.read(8)
        if len(kind_and_length) < 8:
            break
        kind, length = struct.unpack("<4sI", kind_and_length)
        if kind == b"data" and data == (0, 0):
            data = (at + 8, length)
        elif kind == b"fmt " and not form:
            form = source.read(min(length, 40))
        elif kind == b"fact" and length >= 4:
            fact = at + 8
        at += 8 + length + length % 2
    if len(form) < 16 or not data[0] or data[0] + data[1] > size:
        raise VerificationError("format.malformed", format="wav", detail="no fmt, or less data than it says")
    tag, channels, rate, _, block, bits = struct.unpack_from("<HHIIHH", form)
    if tag == _EXTENSIBLE and len(form) >= 26:
        (tag,) = struct.unpack_from("<H", form, 24)
    if tag not in (_PCM, _FLOAT) or bits not in ((8, 16, 24, 32) if tag == _PCM else (32, 64)):
        raise Refused("label.explicit", detail=f"a WAV file of coding {tag} with {bits} bits")
    if not 1 <= channels <= 64 or not 1_000 <= rate <= MAX_RATE or block != channels * bits // 8:
        raise VerificationError("format.malformed", format="wav", detail="numbers in fmt that do not fit")
    return Shape(rate, channels, tag == _FLOAT, bits // 8, *data, fact)


def heard(source: BinaryIO, found: Shape, first: int, count: int) -> NDArray[float32]:
    """`count` frames from `first` on, fewer at the end, mixed to one channel, -1 to 1."""
    import numpy as np

    source.seek(found.start + first * found.block)
    data = source.read(min(count, found.frames - first) * found.block)
    values: Any
    if found.floats:
        values = np.nan_to_num(np.frombuffer(data, f"<f{found.wide}").astype(np.float32))
    elif found.wide == 1:
        values = (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / 128
    elif found.wide == 3:
        raw = np.frombuffer(data, np.uint8).reshape(-1, 3)
        whole = np.zeros((len(raw), 4), np.uint8)
        whole[:, 1:] = raw
        values = whole.view("<i4").ravel().astype(np.float32) / 2**31
    else:
        values = np.frombuffer(data, f"<i{found.wide}").astype(np.float32) / 2 ** (8 * found.wide - 1)
    mixed: NDArray[float32] = values.reshape(-1, found.channels).mean(axis=1).astype(np.float32)
    return mixed


def coded(samples: NDArray[float32], found: Shape) -> bytes:
    """One channel of -1 to 1 on every channel, as the file codes its samples."""
    import numpy as np

    spread: Any = np.repeat(samples[:, None], found.channels, axis=1).ravel()
    full = 2 ** (8 * found.wide - 1) - 1
    if found.floats:
        made = spread.astype(f"<f{found.wide}")
    elif found.wide == 1:
        made = (np.round(spread * full) + 128).astype(np.uint8)
    elif found.wide == 3:
        made = np.round(spread * full).astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3]
    else:
        made = np.round(spread.astype(np.float64) * full).astype(f"<i{found.wide}")
    return bytes(made.tobytes())


def insert(source: BinaryIO, target: BinaryIO, found: Shape, first: int, mark: bytes) -> None:
    """`source` in `target` with `mark` before frame `first`. Raises Refused ``label.explicit`` beyond 4 GiB."""
    source.seek(0, 2)
    size, grown = source.tell(), found.length + len(mark)
    end = found.start + found.length
    grows = len(mark) + grown % 2 - (found.length % 2 if end < size else 0)
    source.seek(4)
    (whole,) = struct.unpack("<I", source.read(4))
    if grown > _MAX or whole + grows > _MAX:
        raise Refused("label.explicit", detail="the file would pass what its format can count")
    target.seek(0)
    cut = found.start + first * found.block
    _copy(source, target, 0, cut)
    target.write(mark)
    _copy(source, target, cut, end)
    target.write(b"\0" * (grown % 2))
    _copy(source, target, end + found.length % 2, size)
    target.truncate()
    changes = [(4, whole + grows), (found.start - 4, grown)]
    if found.fact:
        # It stands before or after the data, and moves along.
        moved = found.fact + (grows if found.fact > found.start else 0)
        changes.append((moved, grown // found.block))
    for at, value in changes:
        target.seek(at)
        target.write(struct.pack("<I", value))


def _copy(source: BinaryIO, target: BinaryIO, start: int, end: int) -> None:
    source.seek(start)
    left = end - start
    while left > 0 and (piece := source.read(min(left, _PIECE))):
        target.write(piece)
        left -= len(piece)
