# SPDX-License-Identifier: Apache-2.0
"""Refusals name the format, and a file is copied with its edits or not at all."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from answerable.errors import VerificationError
from answerable.formats.detect import detect
from answerable.formats.splice import Edit, Source
from answerable.formats.streams import MAX_METADATA, Budget, malformed, oversized, rewrite, unsupported, upto
from tests import label_files as files


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


def test_a_budget_is_spent_once() -> None:
    budget = Budget("x")
    budget.spend(MAX_METADATA)
    with pytest.raises(VerificationError) as caught:
        budget.spend(1)
    assert caught.value.code == "format.oversized"


MUCH = 24_000_000
LARGE: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: files.jpeg() + bytes(MUCH),
    "png": lambda: files.png(files.chunk(b"abCd", bytes(MUCH))),
    "webp": lambda: files.webp(files.riff_chunk(b"abcd", bytes(MUCH))),
    "gif": lambda: files.gif(files.gif_extension(b"\x21\xff\x0bABCDEFGHIJK", bytes(MUCH))),
    "tiff": lambda: files.tiff() + bytes(MUCH),
    "docx": lambda: files.archive({**files.parts(files.office()), "media.bin": bytes(MUCH)}, 0),
    "pdf": lambda: files.pdf(more=[b"(ours)", files.stream(bytes(MUCH))]),
    "markdown": lambda: b"# T\n\n- a\n" + b"x" * MUCH,
    "html": lambda: b"<html><body>" + b"x" * MUCH,
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_file_is_labelled_in_little_memory(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(LARGE[name]())
    with path.open("rb") as source, (tmp_path / "made").open("w+b") as target:
        carrier = detect(source)
        tracemalloc.start()
        try:
            carrier.write(source, target, files.TEXT)
            assert [each.text.decode() for each in carrier.read(target)] == [files.TEXT]
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert carrier.name == name
    # A window of a head of 2 MiB, as bytes and as text, is the most that any of them holds.
    assert peak < 9_000_000
