# SPDX-License-Identifier: Apache-2.0
"""PDF (ISO 32000-2): the AIGC object as `AIGC` in the document information dictionary, through an incremental
update: the file stays as it is, and what changed is appended (section 7.5.6), so that what a signature covers is still
what it covered. Read too: XMP metadata."""

from __future__ import annotations

from typing import Any, BinaryIO, Final

from answerable.formats import xmp
from answerable.formats.carrier import MAX_FOUND, MAX_TEXT, Carried
from answerable.formats.pdf_file import PdfFile, Stream
from answerable.formats.pdf_syntax import Name, Reference, literal
from answerable.formats.pdf_syntax import text as text_string
from answerable.formats.splice import Edit, Source
from answerable.formats.streams import malformed, oversized, rewrite, unsupported

_KEY: Final = b"AIGC"
# What an update's trailer says anew; the last ones are those of a cross-reference stream alone.
_OWN: Final = (b"Prev", b"XRefStm", b"Info", b"Size", b"Type", b"W", b"Index", b"Length", b"Filter", b"DecodeParms")
_MAX_NUMBER: Final = 8_388_607


class Pdf:
    """`formats.carrier.Carrier` of PDF."""

    name = "pdf"
    media = "application/pdf"

    def read(self, source: BinaryIO) -> tuple[Carried, ...]:
        pdf = _open(source)
        found: list[Carried] = []
        info = pdf.dictionary(pdf.trailer.get(b"Info"))
        if info is not None and _KEY in info.members:
            found.append(Carried("Info AIGC", _text(pdf, info.members[_KEY])))
        metadata = pdf.resolve(_metadata(pdf))
        if isinstance(metadata, Stream):
            found += xmp.find(pdf.content(metadata), "Metadata XMP")
        return tuple(found[:MAX_FOUND])

    def write(self, source: BinaryIO, target: BinaryIO, text: str) -> None:
        pdf = _open(source)
        if _locked(pdf):
            unsupported(self.name, "its author's signature allows no change")
        update = _Update(pdf)
        held = pdf.trailer.get(b"Info")
        info = pdf.dictionary(held)
        members = info.without(_KEY) if info is not None else b""
        number = held.number if isinstance(held, Reference) else None
        reference = update.add(number, b"<<" + members + b" /AIGC " + literal(text) + b">>")
        link = _metadata(pdf)
        metadata = pdf.resolve(link)
        if isinstance(link, Reference) and isinstance(metadata, Stream):
            packet = pdf.content(metadata)
            if xmp.find(packet, ""):
                head = metadata.head.without(b"Filter", b"DecodeParms", b"Length")
                update.add(link.number, _stream(head, xmp.put(packet, "")))
        file = pdf.file
        rewrite(file, target, [Edit(file.size, file.size, update.end(reference))])


class _Update:
    """What an incremental update appends."""

    def __init__(self, pdf: PdfFile) -> None:
        self._pdf = pdf
        self._data = b"" if pdf.file.at(pdf.file.size - 1, 1) in b"\r\n" else b"\n"
        self._places: dict[int, tuple[int, int]] = {}
        size = pdf.trailer.get(b"Size")
        if type(size) is not int or not 0 < size <= _MAX_NUMBER:
            malformed("pdf", "its trailer does not say how many objects there are")
        self._size = size

    def add(self, number: int | None, body: bytes) -> Reference:
        """The object `number` anew, or a new one."""
        generation = None if number is None else self._pdf.generation(number)
        if number is None or generation is None or number >= self._size:
            number, generation = self._size, 0
            self._size += 1
        self._places[number] = self._at, generation
        self._data += b"%d %d obj\n%b\nendobj\n" % (number, generation, body)
        return Reference(number, generation)

    def end(self, info: Reference) -> bytes:
        """All that is appended, its cross-references in the form that the file has."""
        kept = self._pdf.trailer.without(*_OWN)
        kept += b" /Info %d %d R /Prev %d" % (info.number, info.generation, self._pdf.start)
        return self._packed(kept) if self._pdf.packed else self._table(kept)

    @property
    def _at(self) -> int:
        return self._pdf.file.size + len(self._data)

    def _table(self, kept: bytes) -> bytes:
        start, rows = self._at, b""
        for number, (at, generation) in sorted(self._places.items()):
            if at > 9_999_999_999:
                unsupported("pdf", "it would be larger than its cross-reference table can say")
            rows += b"%d 1\n%010d %05d n \n" % (number, at, generation)
        trailer = b"trailer\n<<%b /Size %d>>\n" % (kept, self._size)
        return self._data + b"xref\n" + rows + trailer + b"startxref\n%d\n%%%%EOF\n" % start

    def _packed(self, kept: bytes) -> bytes:
        start, own = self._at, self._size
        rows, index = b"", b""
        for number, (at, generation) in sorted({**self._places, own: (start, 0)}.items()):
            rows += b"\x01" + at.to_bytes(8, "big") + generation.to_bytes(2, "big")
            index += b" %d 1" % number
        head = b"%b /Type /XRef /Size %d /W [1 8 2] /Index [%b ]" % (kept, own + 1, index)
        body = b"%d 0 obj\n%b\nendobj\n" % (own, _stream(head, rows))
        return self._data + body + b"startxref\n%d\n%%%%EOF\n" % start


def _open(source: BinaryIO) -> PdfFile:
    pdf = PdfFile(Source(source, "pdf"))
    if pdf.encrypted:
        unsupported("pdf", "it is encrypted")
    return pdf


def _metadata(pdf: PdfFile) -> Any:
    root = pdf.dictionary(pdf.trailer.get(b"Root"))
    if root is None:
        malformed("pdf", "it has no catalogue")
    return root.get(b"Metadata")


def _text(pdf: PdfFile, value: Any) -> bytes:
    value = pdf.resolve(value)
    said = text_string(value) if isinstance(value, bytes) else value.value if isinstance(value, Name) else b"?"
    if len(said) > MAX_TEXT:
        oversized("pdf", f"an AIGC object longer than {MAX_TEXT} bytes")
    return said


def _locked(pdf: PdfFile) -> bool:
    """Whether a certifying signature forbids every change (section 12.8.2.2: DocMDP, P 1)."""
    root = pdf.dictionary(pdf.trailer.get(b"Root"))
    permissions = pdf.dictionary(root.get(b"Perms")) if root else None
    signature = pdf.dictionary(permissions.get(b"DocMDP")) if permissions else None
    references = pdf.resolve(signature.get(b"Reference")) if signature else None
    for each in references if isinstance(references, list) else ():
        reference = pdf.dictionary(each)
        if reference is not None and pdf.resolve(reference.get(b"TransformMethod")) == Name(b"DocMDP"):
            options = pdf.dictionary(reference.get(b"TransformParams"))
            if options is not None and pdf.resolve(options.get(b"P")) == 1:
                return True
    return False


def _stream(head: bytes, data: bytes) -> bytes:
    return b"<<%b /Length %d>>\nstream\n%b\nendstream" % (head, len(data), data)
