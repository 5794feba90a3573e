# SPDX-License-Identifier: Apache-2.0
"""Elements, of known and unknown size."""

from __future__ import annotations

import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.errors import VerificationError
from answerable.formats import ebml_elements
from answerable.formats.ebml_elements import (
    CLUSTER,
    CUES,
    SEGMENT,
    TAGS,
    VOID,
    Walker,
    children,
    element,
    head,
    size_field,
    summed,
    void,
)
from answerable.formats.splice import Source

BLOCK = element(0xA3, b"frame")
UNKNOWN = b"\x01" + b"\xff" * 7


def walker(data: bytes) -> Walker:
    return Walker(Source(io.BytesIO(data), "mkv"))


@given(st.integers(0, (1 << 56) - 2), st.integers(1, 8))
def test_sizes_come_back(size: int, sized: int) -> None:
    field = size_field(size, sized)
    assert len(field) >= sized
    assert head(b"\xec" + field) == (VOID, size, 1 + len(field), len(field))


def test_heads() -> None:
    assert head(b"\x1a\x45\xdf\xa3\x84") == (ebml_elements.HEADER, 4, 5, 1)
    assert head(b"\xec\xff") == (VOID, None, 2, 1)
    assert head(b"\x1f\x43\xb6\x75" + UNKNOWN) == (CLUSTER, None, 12, 8)
    for data in (b"", b"\xec", b"\x08\x80", b"\x00\x80", b"\xec\x00", b"\xec\x40", b"\x1a\x45\xdf"):
        assert head(data) is None


@pytest.mark.parametrize("length", [2, 3, 50, 100, 101, 102, 150, 1000])
def test_nothing_of_any_length(length: int) -> None:
    data = void(length)
    assert len(data) == length
    assert [each[0] for each in children(data, walker(b"").source)] == [VOID]


def test_a_checksum_stands_first() -> None:
    assert summed(b"abc") == b"\xbf\x84" + zlib.crc32(b"abc").to_bytes(4, "little") + b"abc"


def test_clusters_of_unknown_size_end_where_another_part_begins() -> None:
    cluster = CLUSTER.to_bytes(4, "big") + UNKNOWN + BLOCK * 3
    data = cluster + cluster + element(CUES, b"") + cluster
    found = list(walker(data).within(0, len(data)))
    assert [(each.kind, each.stop - each.start) for each in found] == [
        (CLUSTER, len(cluster)),
        (CLUSTER, len(cluster)),
        (CUES, 5),
        (CLUSTER, len(cluster)),
    ]
    for cut in (1, 3, len(BLOCK) - 1):
        *_, last = walker(data[:-cut]).within(0, len(data) - cut)
        assert (last.stop, last.open) == (len(data) - cut, True)


def test_what_is_cut_by_the_end_of_the_file() -> None:
    segment = SEGMENT.to_bytes(4, "big") + b"\xff" + CLUSTER.to_bytes(4, "big") + b"\x90" + BLOCK
    here = walker(segment)
    top = here.element(0, len(segment))
    assert (top.open, top.stop) == (True, len(segment))
    (cluster,) = here.within(top.body, top.stop)
    assert cluster.open


@pytest.mark.parametrize("data", [element(TAGS, b"abc")[:-1], b"\x00", TAGS.to_bytes(4, "big") + UNKNOWN])
def test_what_does_not_fit(data: bytes) -> None:
    with pytest.raises(VerificationError, match=r"format\.malformed"):
        walker(data).element(0, len(data))
    with pytest.raises(VerificationError, match=r"format\.malformed"):
        list(children(data, walker(b"").source))


def test_a_cluster_with_something_endless_in_it() -> None:
    data = CLUSTER.to_bytes(4, "big") + UNKNOWN + b"\xa0\xff" + bytes(20)
    with pytest.raises(VerificationError, match=r"format\.malformed"):
        walker(data).element(0, len(data))


def test_not_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ebml_elements, "MAX_ELEMENTS", 4)
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        list(walker(void(2) * 5).within(0, 10))
    data = CLUSTER.to_bytes(4, "big") + UNKNOWN + BLOCK * 5
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        walker(data).element(0, len(data))
