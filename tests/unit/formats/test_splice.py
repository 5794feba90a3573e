# SPDX-License-Identifier: Apache-2.0
"""Ranges are replaced, and positions follow."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.errors import VerificationError
from answerable.formats import splice
from answerable.formats.splice import Edit, Recast, Source, Splice

DATA = bytes(range(100))


def source(data: bytes = DATA) -> Source:
    return Source(io.BytesIO(data), "test")


def applied(edits: list[Edit], patches: list[Edit | Recast] | None = None, data: bytes = DATA) -> bytes:
    target = io.BytesIO()
    Splice(edits).write(source(data), target, patches or ())
    return target.getvalue()


def test_ranges_become_new_bytes() -> None:
    assert applied([Edit(90, 95), Edit(10, 20, b"ab"), Edit(10, 10, b"!")]) == (
        DATA[:10] + b"!ab" + DATA[20:90] + DATA[95:]
    )


@given(st.lists(st.tuples(st.integers(0, 9), st.binary(max_size=5)), max_size=10, unique_by=lambda each: each[0]))
def test_what_is_not_replaced_stands_where_it_is_said_to_stand(changes: list[tuple[int, bytes]]) -> None:
    edits = [Edit(10 * part + 2, 10 * part + 6, new) for part, new in changes]
    new, moved = applied(edits), Splice(edits).moved
    replaced = {at for edit in edits for at in range(edit.start, edit.stop)}
    assert all(new[moved(at)] == DATA[at] for at in range(100) if at not in replaced)
    assert len(new) == 100 + Splice(edits).growth
    for edit in edits:
        assert new[moved(edit.start) :].startswith(edit.new)
        assert edit.growth == 0 or moved(edit.start + 1) == moved(edit.start)


def test_what_an_insertion_pushes_away_moves() -> None:
    made = Splice([Edit(10, 10, b"abc")])
    assert (made.moved(9), made.moved(10), made.last, made.growth) == (9, 13, 10, 3)


def test_tables_are_changed_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splice, "BLOCK", 10)
    seen: list[int] = []

    def change(block: bytes) -> bytes:
        seen.append(len(block))
        return block[::-1]

    assert applied([], [Recast(4, 16, 4, change)]) == DATA[:4] + DATA[4:12][::-1] + DATA[12:16][::-1] + DATA[16:]
    assert seen == [8, 4]


def test_overlaps_are_faults_of_the_file() -> None:
    with pytest.raises(VerificationError, match=r"format\.malformed"):
        applied([Edit(10, 20, b"")], [Edit(15, 16, b"x")])


def test_a_source_never_gives_less_than_asked() -> None:
    data = bytes(range(256)) * 64
    here = source(data)
    assert here.at(5, 10) == data[5:15]
    assert here.at(4090, 20) == data[4090:4110]
    assert here.at(0, len(data)) == data
    for offset, length in ((len(data), 1), (-1, 1), (len(data) - 3, 4)):
        with pytest.raises(VerificationError) as caught:
            here.at(offset, length)
        assert caught.value.code == "format.malformed"


def test_a_stream_that_reads_in_drops_is_read_whole() -> None:
    class Drops(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 7))

    assert Source(Drops(DATA), "test").at(3, 60) == DATA[3:63]


def test_a_file_that_shrinks_is_malformed() -> None:
    stream = io.BytesIO(DATA)
    here = Source(stream, "test")
    stream.truncate(50)
    with pytest.raises(VerificationError, match=r"format\.malformed"):
        here.at(40, 20)


def test_errors_name_the_format() -> None:
    here = source()
    assert [here.malformed("d").code, here.oversized("d").code, here.unsupported("d").code] == [
        "format.malformed",
        "format.oversized",
        "format.unsupported",
    ]
    assert here.malformed("d").params["format"] == "test"
