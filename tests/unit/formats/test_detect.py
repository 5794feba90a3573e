# SPDX-License-Identifier: Apache-2.0
"""A format is known by what a file holds, and each carrier is imported when it is needed."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest

from answerable.errors import VerificationError
from answerable.formats.detect import KINDS, detect
from tests.label_files import MADE, gif, jpeg, office, pdf, png, tiff, webp


@pytest.mark.parametrize(
    ("data", "name", "media"),
    [
        (jpeg(), "jpeg", "image/jpeg"),
        (png(), "png", "image/png"),
        (webp(), "webp", "image/webp"),
        (gif(), "gif", "image/gif"),
        (tiff(">"), "tiff", "image/tiff"),
        (tiff(big=True), "tiff", "image/tiff"),
        (office(), "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (pdf(), "pdf", "application/pdf"),
        (b"<!doctype html>", "html", "text/html"),
        (b"---\na: b\n---\n", "markdown", "text/markdown"),
        (b"words", "plain", "text/plain"),
    ],
)
def test_the_content_decides(data: bytes, name: str, media: str) -> None:
    source = io.BytesIO(data)
    source.seek(3)
    carrier = detect(source)
    assert (carrier.name, carrier.media) == (name, media)


@pytest.mark.parametrize("name", MADE)
def test_each_made_file_is_of_the_format_of_its_folder(name: str) -> None:
    assert detect(io.BytesIO(MADE[name]())).name == name.partition("/")[0]


@pytest.mark.parametrize("data", [b"", b"\0\0\0\0", b"\x7fELF\2\1\1\0", b"<svg xmlns='x'/>"])
def test_others_are_unknown(data: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        detect(io.BytesIO(data))
    assert caught.value.code == "format.unknown"


def test_encrypted_and_older_office_files_are_unsupported() -> None:
    with pytest.raises(VerificationError) as caught:
        detect(io.BytesIO(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)))
    assert caught.value.code == "format.unsupported"


def test_text_is_asked_last() -> None:
    assert KINDS[-1].name == "text"


def test_no_carrier_is_imported_before_its_file_comes() -> None:
    code = (
        "import io, sys; from answerable.formats.detect import detect; "
        "print(*(name for name in ('jpeg', 'pdf', 'ooxml', 'html') if 'answerable.formats.' + name in sys.modules)); "
        "detect(io.BytesIO(b'%PDF-1.7')); "
        "print(*(name for name in ('jpeg', 'pdf', 'ooxml', 'html') if 'answerable.formats.' + name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split("\n")[:2] == ["", "pdf"]
