# SPDX-License-Identifier: Apache-2.0
"""Whatever bytes a carrier of pictures or documents is given, it raises our errors alone, in bounded time; and what it
writes it reads. Files made at random carry an object made at random."""

from __future__ import annotations

import io
import json
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.formats.detect import detect
from fuzz.format_targets import FORMAT_TARGETS
from fuzz.mutated import golden, mutated
from fuzz.targets import run
from tests import label_files as files

BEGINNINGS = (
    b"\xff\xd8\xff\xe1\0\x40http://ns.adobe.com/xap/1.0/\0", b"\x89PNG\r\n\x1a\n\0\0\0\0IHDR",
    b"RIFF\x40\0\0\0WEBPVP8L", b"GIF89a\1\0\1\0\0\0\0", b"II*\0\x08\0\0\0", b"MM\0+\0\x08\0\0", b"PK\5\6",
    b"%PDF-1.7\n1 0 obj", b"---\nAIGC: ", b"<html><meta name=AIGC content=", b"<rdf:RDF>", b"AIGC{", b"",
)  # fmt: skip
VALUES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="\\"), max_size=40)
BARE = {
    "jpeg": files.jpeg(), "png": files.png(), "webp": files.webp(), "gif": files.gif(), "tiff": files.tiff(),
    "docx": files.office(), "pdf": files.pdf(), "markdown": b"# T\n\n- a\n", "html": b"<html><p>",
}  # fmt: skip


@pytest.mark.parametrize("name", FORMAT_TARGETS)
@settings(max_examples=25)
@given(data=st.binary(max_size=300), begin=st.sampled_from(BEGINNINGS))
def test_arbitrary_bytes(name: str, data: bytes, begin: bytes) -> None:
    run(FORMAT_TARGETS[name], begin + data)


@pytest.mark.parametrize("name", FORMAT_TARGETS)
@settings(max_examples=30)
@given(chance=st.integers(0, 1 << 32))
def test_golden_files_that_were_changed(name: str, chance: int) -> None:
    data = mutated(golden(name.removeprefix("format_")), random.Random(chance))
    began = time.process_time()
    run(FORMAT_TARGETS[name], data)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("name", BARE)
@settings(max_examples=25)
@given(values=st.lists(VALUES, min_size=7, max_size=7))
def test_any_object_reads_back_as_it_was_written(name: str, values: list[str]) -> None:
    text = json.dumps(dict(zip("abcdefg", values, strict=True)), separators=(",", ":"))
    made = files.write(BARE[name], text)
    assert [said for _, said in files.read(made)] == [text]


@settings(max_examples=30)
@given(data=st.binary(max_size=2_000), begin=st.sampled_from(BEGINNINGS))
def test_bytes_of_no_size_are_detected_or_refused(data: bytes, begin: bytes) -> None:
    run(lambda given: detect(io.BytesIO(given)).read(io.BytesIO(given)), begin + data)
