# SPDX-License-Identifier: Apache-2.0
"""Each position that MP4 knows follows what it points to."""

from __future__ import annotations

import io
import struct

import pytest

from answerable.errors import VerificationError
from answerable.formats import isobmff_offsets as offsets
from answerable.formats.isobmff_boxes import Walker
from answerable.formats.splice import Edit, Source, Splice
from tests.av_bytes import FTYP, box, co64, find, full, numbers, stco, track

GROWN = 1000


def shifted(data: bytes) -> bytes:
    """`data` with 1000 bytes more at the end of its movie box."""
    walker = Walker(Source(io.BytesIO(data), "mp4"))
    moov = next(top for top in walker.files() if top.kind == b"moov")
    size = moov.resized(GROWN, walker.source)
    assert size is not None
    splice = Splice([size, Edit(moov.stop, moov.stop, box(b"free", bytes(GROWN - 8)))])
    target = io.BytesIO()
    patches = sorted(
        [*offsets.in_movie(walker, moov, splice), *offsets.around(walker, splice)], key=lambda each: each.start
    )
    splice.write(walker.source, target, patches)
    return target.getvalue()


def test_chunks_before_and_behind_the_movie() -> None:
    first = box(b"mdat", b"first")
    head = FTYP + first
    size = len(box(b"moov", track(stco(1, 2)), track(co64(1))))
    behind = len(head) + size + 8
    data = head + box(b"moov", track(stco(len(FTYP) + 8, behind)), track(co64(behind))) + box(b"mdat", b"second")
    new = shifted(data)
    table = find(new, b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stco")
    assert numbers(table[8:], "I") == (len(FTYP) + 8, behind + GROWN)
    assert new[new.index(b"co64") + 12 :][:8] == struct.pack(">Q", behind + GROWN)


@pytest.mark.parametrize(("version", "flags", "form"), [(0, 0, "I"), (1, 0, "Q"), (0, 1, "I")])
def test_auxiliary_information(version: int, flags: int, form: str) -> None:
    kind = b"cenc" + bytes(4) if flags else b""
    saio = full(b"saio", kind, struct.pack(f">I{form}", 1, 5000), version=version, flags=flags)
    new = shifted(box(b"moov", track(saio)) + bytes(8 * 1024).replace(bytes(8), box(b"free")))
    assert find(new, b"moov", b"trak", b"mdia", b"minf", b"stbl", b"saio").endswith(
        struct.pack(f">{form}", 5000 + GROWN)
    )


def test_fragments_and_their_index() -> None:
    moov = box(b"moov")
    sidx = full(b"sidx", struct.pack(">IIII", 1, 1, 0, len(moov)), bytes(4))
    wide = full(b"sidx", struct.pack(">IIQQ", 1, 1, 0, len(moov) - 0), bytes(4), version=1)
    assert shifted(sidx + moov + box(b"mdat"))[24:28] == struct.pack(">I", len(moov) + GROWN)
    assert shifted(wide + moov + box(b"mdat"))[28:36] == struct.pack(">Q", len(moov) + GROWN)
    behind = shifted(moov + sidx)
    assert behind.endswith(sidx)
    moof = box(b"moof", box(b"traf", full(b"tfhd", struct.pack(">IQ", 1, 8), flags=1)))
    relative = box(b"moof", box(b"traf", full(b"tfhd", struct.pack(">IQ", 1, 8), flags=0x20000)))
    table = struct.pack(">IIIII3sIQ3s", 7, 0, 2, 1, len(moov), b"abc", 2, 0, b"")[:16]
    entries = struct.pack(">II3s", 5, len(moov), b"abc") + struct.pack(">II3s", 6, 0, b"abc")
    tfra = full(b"tfra", struct.pack(">III", 7, 0, 2), entries)
    assert len(table) == 16
    new = shifted(moov + moof + relative + box(b"mfra", tfra))
    assert new.count(struct.pack(">IQ", 1, 8 + GROWN)) == 1, "the first, which is absolute"
    assert struct.pack(">II3s", 5, len(moov) + GROWN, b"abc") + struct.pack(">II3s", 6, 0, b"abc") in new


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (box(b"moov", track(full(b"stco", struct.pack(">I", 9)))), "format.malformed"),
        (
            box(b"moov", track(full(b"dref"))) + box(b"mfra", full(b"tfra", struct.pack(">III", 1, 0, 9))),
            "format.malformed",
        ),
        (box(b"moov", track(references=full(b"dref", bytes(4), full(b"alis")))), "format.unsupported"),
        (full(b"sidx", struct.pack(">IIII", 1, 1, 0, 0xFFFFFF00), bytes(4)) + box(b"moov"), "format.unsupported"),
    ],
)
def test_what_cannot_be_put_right(data: bytes, code: str) -> None:
    with pytest.raises(VerificationError) as caught:
        shifted(data)
    assert caught.value.code == code


def test_a_table_that_would_pass_its_width_is_refused_before_writing() -> None:
    class Vast(io.BytesIO):
        """Says that it has 4 GiB."""

        def seek(self, offset: int, whence: int = 0, /) -> int:
            super().seek(offset, whence)
            return 0xFFFFFFFF if whence == io.SEEK_END else offset

    data = box(b"moov", track(stco(0xFFFFFFF0))) + bytes(8192)
    walker = Walker(Source(Vast(data), "mp4"))
    moov = next(walker.files())
    with pytest.raises(VerificationError, match=r"format\.unsupported"):
        list(offsets.in_movie(walker, moov, Splice([Edit(moov.stop, moov.stop, bytes(GROWN))])))


def test_items_by_position_are_found() -> None:
    for data, found in (
        (box(b"moov", full(b"meta", full(b"iloc"))), True),
        (box(b"moov"), False),
        (full(b"meta", full(b"hdlr"), full(b"iloc")) + box(b"moov"), True),
        (box(b"moov", box(b"meta", full(b"hdlr"), full(b"iloc"))), True),
    ):
        walker = Walker(Source(io.BytesIO(data), "mp4"))
        moov = next(top for top in walker.files() if top.kind == b"moov")
        assert offsets.items(walker, moov) is found
