# SPDX-License-Identifier: Apache-2.0
"""Tags: one simple tag comes, those of others stay."""

from __future__ import annotations

import io

import pytest

from answerable.errors import VerificationError
from answerable.formats.ebml_elements import children, element, summed
from answerable.formats.ebml_tags import tags, texts, without
from answerable.formats.splice import Source

SOURCE = Source(io.BytesIO(), "mkv")


def simple(name: bytes, value: bytes, *inside: bytes, binary: bool = False) -> bytes:
    said = element(0x4485 if binary else 0x4487, value)
    return element(0x67C8, element(0x45A3, name) + said + b"".join(inside))


def tag(*simples: bytes) -> bytes:
    return element(0x7373, element(0x63C0, b"") + b"".join(simples))


TITLE = simple(b"TITLE", b"t")


def said(data: bytes) -> list[bytes]:
    return list(texts(data, SOURCE))


def test_objects_are_found_at_any_depth() -> None:
    data = tag(TITLE, simple(b"AIGC", b"{1}")) + tag(simple(b"X", b"", simple(b"aigc\0", b"{2}\0", binary=True)))
    assert said(data) == [b"{1}", b"{2}"]
    assert said(element(0x7373, element(0x67C8, element(0x45A3, b"AIGC")))) == [b""]
    assert said(tag(TITLE)) == []


def test_what_held_nothing_else_goes() -> None:
    data = (
        tag(TITLE, simple(b"AIGC", b"{1}")) + tag(simple(b"AIGC", b"{}")) + tag(simple(b"X", b"", simple(b"AIGC", b"")))
    )
    assert without(data, SOURCE) == tag(TITLE) + tag(simple(b"X", b""))
    assert without(tag(simple(b"AIGC", b"{}")), SOURCE) == b""
    untouched = summed(tag(TITLE))
    assert without(untouched, SOURCE) is untouched


def test_checksums_are_right_again() -> None:
    data = summed(tag(TITLE) + tag(simple(b"AIGC", b"{1}")))
    assert without(data, SOURCE) == summed(tag(TITLE))
    made = tags(summed(tag(TITLE)), b"{2}", SOURCE)
    ((_, _, body, stop, _),) = children(made, SOURCE)
    inner = made[body:stop]
    assert inner == summed(inner[6:])
    assert said(inner) == [b"{2}"]
    assert inner[6:].startswith(tag(TITLE))


def test_tags_have_a_language_and_no_target() -> None:
    assert tags(b"", b"{}", SOURCE) == element(
        0x1254C367,
        element(
            0x7373,
            element(0x63C0, b"")
            + element(0x67C8, element(0x45A3, b"AIGC") + element(0x447A, b"und") + element(0x4487, b"{}")),
        ),
    )


def test_not_too_deep() -> None:
    data = b""
    for _ in range(20):
        data = simple(b"X", b"", data)
    for run in (said, lambda each: without(each, SOURCE)):
        with pytest.raises(VerificationError, match=r"format\.oversized"):
            run(tag(data))
