# SPDX-License-Identifier: Apache-2.0
"""Words in files of text (GB 45438-2025 section 5.1): plain text, Markdown, HTML, DOCX, PPTX, XLSX and PDF. A text that
begins or ends with the words already keeps them, once."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO, Final

from answerable.errors import Refused, VerificationError
from answerable.formats.splice import Edit, Source
from answerable.formats.streams import rewrite
from answerable.labels.explicit import office, pdf, places
from answerable.labels.explicit.plan import Plan

PDF: Final = "application/pdf"
PLAIN: Final = frozenset({"text/plain", "text/markdown", "text/html"})
# Texts are decoded whole.
MAX_TEXT: Final = 64 << 20
# Where readers look for the header of a PDF.
_PDF_WITHIN: Final = 1_024


@dataclass(frozen=True, slots=True)
class Report:
    """words: as written; where: in words of the format; kept: they stood there already."""

    words: str
    where: str
    kept: bool = False


def render(source: BinaryIO, target: BinaryIO, media: str, plan: Plan) -> Report:
    """`source`, a file of type `media`, in `target` (readable too) with the words of `plan`.

    Raises Refused ``label.explicit`` for what has no place for them; VerificationError ``label.explicit`` if they are
    not found again, ``format.*`` for the file; Unavailable ``label.extra``.
    """
    if media in PLAIN:
        return _plain(source, target, media, plan)
    if media in office.KINDS:
        kind = office.KINDS[media]
        where = office.insert(source, target, kind, plan)
        if not office.found(target, kind, plan.text):
            raise _lost()
        return Report(plan.text, where)
    if media == PDF:
        where = pdf.insert(source, target, plan)
        if not pdf.found(target, plan.text, plan.where):
            raise _lost()
        return Report(plan.text, where)
    raise Refused("label.explicit", detail=f"no words are put into {media}")


def _plain(source: BinaryIO, target: BinaryIO, media: str, plan: Plan) -> Report:
    file = Source(source, media.partition("/")[2])
    if file.size > MAX_TEXT:
        raise VerificationError("format.oversized", format=file.name, detail=f"longer than {MAX_TEXT} bytes")
    data = file.at(0, file.size)
    if media == "text/plain" and (kind := _for_machines(data)):
        raise Refused("label.explicit", detail=f"words in {kind} would break it")
    if media == "text/html":
        insert = places.page(data, plan)
    else:
        insert = places.plain(data, plan, markdown=media == "text/markdown")
    if insert.stands:
        rewrite(file, target, [])
        return Report(plan.text, insert.where, kept=True)
    target.seek(0)
    rewrite(file, target, [Edit(insert.at, insert.at, insert.data)])
    target.truncate()
    target.seek(0)
    made = target.read(file.size + len(insert.data) + 1)
    if made != data[: insert.at] + insert.data + data[insert.at :]:
        raise _lost()
    return Report(plan.text, insert.where)


def _for_machines(data: bytes) -> str:
    """What a plain text is that programs read and that a line of words at its start or end would break, "" for none
    that is known."""
    if data.startswith(b"#!"):
        return "a script"
    if b"%PDF-" in data[:_PDF_WITHIN] and b"%%EOF" in data:
        return "a PDF that does not begin with its header"
    body = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not body.startswith((b"{", b"[")):
        return ""
    for part in (body, body.partition(b"\n")[0]):  # one document, or one a line
        with suppress(ValueError, RecursionError):
            json.loads(part)
            return "JSON"
    return ""


def _lost() -> VerificationError:
    return VerificationError("label.explicit", detail="the words are not found again")
