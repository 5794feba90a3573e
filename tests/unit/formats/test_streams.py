# SPDX-License-Identifier: Apache-2.0
"""Refusals name the format, and a file is copied with its edits or not at all."""

from __future__ import annotations

import io

import pytest

from answerable.errors import VerificationError
from answerable.formats.splice import Edit, Source
from answerable.formats.streams import malformed, oversized, rewrite, unsupported, upto


def test_each_refusal_has_its_code_and_names_format_and_cause() -> None:
    for refuse, code in ((malformed, "malformed"), (unsupported, "unsupported"), (oversized, "oversized")):
        with pytest.raises(VerificationError) as caught:
            refuse("jpeg", "a cause")
        assert caught.value.code == f"format.{code}"
        assert caught.value.params == {"format": "jpeg", "detail": "a cause"}


def test_what_lies_behind_the_end_is_left_out() -> None:
    source = Source(io.BytesIO(b"abcdef"), "x")
    assert (upto(source, 4, 9), upto(source, 0, 2), upto(source, 6, 5)) == (b"ef", b"ab", b"")


def test_edits_are_made_in_the_order_of_the_file() -> None:
    target = io.BytesIO()
    edits = [Edit(4, 4, b"+"), Edit(0, 2, b"X"), Edit(5, 6)]
    rewrite(Source(io.BytesIO(b"abcdef"), "x"), target, edits)
    assert target.getvalue() == b"Xcd+e"


def test_edits_that_overlap_are_a_damaged_file() -> None:
    with pytest.raises(VerificationError, match="overlap"):
        rewrite(Source(io.BytesIO(b"abcdef"), "x"), io.BytesIO(), [Edit(0, 3, b""), Edit(2, 4, b"")])
