# SPDX-License-Identifier: Apache-2.0
"""AVI's indices: the two of OpenDML, and the old one in both of its readings."""

from __future__ import annotations

import io
import struct

import pytest

from answerable.errors import VerificationError
from answerable.formats import riff_index
from answerable.formats.riff_chunks import Walker
from answerable.formats.splice import Edit, Source, Splice
from tests.av_bytes import chunk, listed, riff

GROWN = 100


def patched(index: bytes, old: bytes = b"") -> dict[int, bytes]:
    """What changes where, if the pictures move by 100 bytes."""
    header = listed(b"hdrl", listed(b"strl", index))
    data = riff(b"AVI ", header, listed(b"movi", chunk(b"00dc", b"frame")), old)
    walker = Walker(Source(io.BytesIO(data), "avi"))
    first = walker.chunk(0, len(data))
    movie = next(each for each in walker.within(first.body, first.stop) if each.form == b"movi")
    splice = Splice([Edit(movie.start, movie.start, bytes(GROWN))])
    made = riff_index.patches(walker, first, movie, splice)
    assert [each.start for each in made] == sorted(each.start for each in made)
    return {each.start: b"".join(each.content(walker.source)) for each in made}


def test_an_index_of_chunks_in_the_header() -> None:
    index = chunk(b"indx", struct.pack("<HBBI4sQI", 2, 0, 1, 0, b"00dc", 1000, 0))
    assert patched(index) == {12 + 12 + 12 + 8 + 12: struct.pack("<Q", 1000 + GROWN)}


def test_an_old_index_from_the_beginning_of_the_file() -> None:
    header = 12 + len(listed(b"hdrl", listed(b"strl")))
    entry = struct.pack("<4sIII", b"00dc", 16, header + 12, 5)
    new = struct.pack("<4sIII", b"00dc", 16, header + 12 + GROWN, 5)
    assert list(patched(b"", chunk(b"idx1", entry * 2 + b"rest")).values()) == [new * 2]
    assert patched(b"", chunk(b"idx1", struct.pack("<4sIII", b"00dc", 16, 4, 5))) == {}
    assert patched(b"", chunk(b"idx1", b"")) == {}


@pytest.mark.parametrize(
    ("index", "old", "code"),
    [
        (struct.pack("<HBBI4s3I", 4, 0, 0, 1 << 20, b"00dc", 0, 0, 0), b"", "format.oversized"),
        (struct.pack("<HBBI4s3I", 4, 0, 0, 2, b"00dc", 0, 0, 0), b"", "format.malformed"),
        (struct.pack("<HBBI4s3IQQ", 4, 0, 0, 1, b"00dc", 0, 0, 0, 0, 0), b"", "format.malformed"),
        (struct.pack("<HBBI4s3IQQ", 4, 0, 0, 1, b"00dc", 0, 0, 0, 1 << 60, 0), b"", "format.malformed"),
        (bytes(24), struct.pack("<4sIII", b"00dc", 16, 1, 5), "format.malformed"),
    ],
)
def test_damaged_indices(index: bytes, old: bytes, code: str) -> None:
    with pytest.raises(VerificationError) as caught:
        patched(chunk(b"indx", index), chunk(b"idx1", old))
    assert caught.value.code == code
