# SPDX-License-Identifier: Apache-2.0
"""Objects of PDF as text: each kind, cut off or too deep, and dictionaries written again without a member."""

from __future__ import annotations

import pytest

from answerable.errors import VerificationError
from answerable.formats import pdf_syntax
from answerable.formats.pdf_syntax import Dictionary, Name, Parser, Reference, Short, literal, text


def parsed(data: bytes) -> object:
    return Parser(data, whole=True).object()


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b" 12 ", 12),
        (b"-1.5", -1.5),
        (b".25", 0.25),
        (b"12 0 R", Reference(12, 0)),
        (b"12 0 Robot", 12),
        (b"true", True),
        (b"null", None),
        (b"/Na#6De", Name(b"Name")),
        (b"(a(b)\\)\\n\\101\\\r\nc\r)", b"a(b))\nAc\n"),
        (b"<48 6 9 7>", b"Hip"),
        (b"% a comment\n[1 /a (b)[]]", [1, Name(b"a"), b"b", []]),
    ],
)
def test_each_kind(data: bytes, value: object) -> None:
    assert parsed(data) == value


def test_a_dictionary_without_a_member() -> None:
    found = parsed(b"<< /A (x>>) /AIGC<</B 1>>/C 5 0 R % c\n/AIGC (2) /D[]>>")
    assert isinstance(found, Dictionary)
    assert list(found.members) == [b"A", b"AIGC", b"C", b"D"]
    assert found.without(b"AIGC") == b" /A (x>>) /C 5 0 R % c\n /D[]"
    assert found.get(b"C") == Reference(5, 0)
    assert found.get(b"none") is None


@pytest.mark.parametrize(
    "data", [b"", b"(a", b"<</A", b"<</A 1", b"[1 2", b"<48", b"word", b"<<1 2>>", b")", b"<</A>>"]
)
def test_what_is_cut_off_or_of_no_kind_is_malformed(data: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        parsed(data)
    assert caught.value.code == "format.malformed"


@pytest.mark.parametrize("data", [b"12", b"(abc", b"/Nam", b"<</A (b)", b"[1 2 3"])
def test_more_is_asked_for_where_the_file_goes_on(data: bytes) -> None:
    with pytest.raises(Short):
        Parser(data).object()


def test_depth_and_number_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_syntax, "MAX_MEMBERS", 50)
    for data in (b"[" * 100_000, b"<</A" * 40 + b" 1" + b">>" * 40, b"[" + b"1 " * 60 + b"]"):
        with pytest.raises(VerificationError) as caught:
            parsed(data)
        assert caught.value.code == "format.oversized"


def test_a_text_is_written_and_read() -> None:
    assert parsed(literal('{"a":"(\\)"}\n\r')) == b'{"a":"(\\)"}\n\r'
    assert text(b"\xfe\xff\x4e\x2d") == "\u4e2d".encode()
    assert text(b"\xff\xfe\x2d\x4e") == "\u4e2d".encode()
    assert text(b"\xef\xbb\xbfa") == text(b"a") == b"a"
