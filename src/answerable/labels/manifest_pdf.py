# SPDX-License-Identifier: Apache-2.0
"""A PDF as the C2PA library is given it. It writes a PDF anew, its cross-references in the form that they had; as a
stream they lack entry 0, of which readers complain (ISO 32000-2 section 7.5.8: the first section begins with it). So a
file whose cross-references are a stream comes with a table instead, its objects as they are."""

from __future__ import annotations

import io
from typing import BinaryIO, Final

from answerable.errors import VerificationError
from answerable.formats.pdf_file import PdfFile
from answerable.formats.splice import Source

# It is held in memory, some ten times.
MAX_BYTES: Final = 32 << 20


def tabled(source: BinaryIO) -> BinaryIO:
    """`source` with its cross-references as a table; itself where they are one, where the extra `pdf` is not there, and
    where that cannot be done."""
    try:
        packed = PdfFile(Source(source, "pdf")).packed
    except VerificationError:
        return source
    if not packed or source.seek(0, io.SEEK_END) > MAX_BYTES:
        return source
    try:
        import pypdf
    except ImportError:
        return source
    made = io.BytesIO()
    try:
        source.seek(0)
        reader = pypdf.PdfReader(io.BytesIO(source.read()))
        writer = pypdf.PdfWriter(clone_from=reader)
        # The version that it had, or some of what is in it would be newer than it says.
        writer.pdf_header = reader.pdf_header
        writer.write(made)
        same = len(writer.pages) == len(reader.pages) > 0
    except Exception:  # noqa: BLE001  foreign bytes make the library raise almost anything
        return source
    return made if same else source
