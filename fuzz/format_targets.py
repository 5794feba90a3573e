# SPDX-License-Identifier: Apache-2.0
"""Pictures and documents of strangers: what a carrier reads is read within its bounds, and whatever its writer accepts
reads back to exactly one object of ours, the second time as well."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Final

from answerable.errors import AnswerableError, VerificationError
from answerable.formats import embedded, exif, ooxml, xmltree, xmp
from answerable.formats.carrier import MAX_FOUND, MAX_TEXT, Carried, Carrier
from answerable.formats.detect import detect
from answerable.formats.gif import Gif
from answerable.formats.html import Html
from answerable.formats.jpeg import Jpeg
from answerable.formats.markdown import Markdown
from answerable.formats.pdf import Pdf
from answerable.formats.plain import Plain
from answerable.formats.png import Png
from answerable.formats.tiff import Tiff
from answerable.formats.webp import WebP

GOLDEN: Final = Path(__file__).parents[1] / "tests" / "golden"
TEXT: Final = '{"Label":"1","ContentProducer":"p","ProduceID":"q","ReservedCode1":"{\\"a\\":\\"<&>()\\u0027\\"}"}'

_PARTS: Final = {
    "[Content_Types].xml": b'<Types><Override PartName="/a" ContentType="wordprocessingml.document.main+xml"/></Types>',
    "_rels/.rels": b'<Relationships><Relationship Id="1" Type="x/custom-properties" Target="docProps/custom.xml"/>'
    b"</Relationships>",
    "docProps/custom.xml": b'<Properties><property pid="2" name="AIGC"><v:lpwstr>{}</v:lpwstr></property></Properties>',
}
_CARRIERS: Final[dict[str, Carrier]] = {
    "docx": ooxml.DOCX,
    "gif": Gif(),
    "html": Html(),
    "jpeg": Jpeg(),
    "markdown": Markdown(),
    "pdf": Pdf(),
    "plain": Plain(),
    "png": Png(),
    "pptx": ooxml.PPTX,
    "tiff": Tiff(),
    "webp": WebP(),
    "xlsx": ooxml.XLSX,
}


def ours(found: tuple[Carried, ...]) -> list[bytes]:
    """The objects of Appendix E: a vendor's own schema stays in a file that is labelled."""
    assert len(found) <= MAX_FOUND, found
    assert all(len(each.text) <= 4 * MAX_TEXT for each in found)
    return [each.text for each in found if not each.place.endswith("(other schema)")]


def check(carrier: Carrier, data: bytes) -> None:
    """Raises AssertionError for a file whose label does not read back, and what a carrier raises but our errors."""
    with contextlib.suppress(VerificationError):
        ours(carrier.read(BytesIO(data)))
    made = BytesIO()
    try:
        carrier.write(BytesIO(data), made, TEXT)
    except VerificationError:
        return
    assert ours(carrier.read(made)) == [TEXT.encode()]
    again = BytesIO()
    carrier.write(made, again, TEXT)
    assert ours(carrier.read(again)) == [TEXT.encode()]


def _target(carrier: Carrier) -> Callable[[bytes], object]:
    return lambda data: check(carrier, data)


def _detected(data: bytes) -> None:
    source = BytesIO(data)
    detect(source).read(source)


def _embedded(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    found = embedded.find(text, "text")
    left = embedded.blank(text, found)
    assert len(left) == len(text)


def _xmp(data: bytes) -> None:
    """Bytes as a packet, and inside one that is good."""
    for packet in (data, xmp.fresh(TEXT).replace(b"</rdf:RDF>", data + b"</rdf:RDF>")):
        with contextlib.suppress(AnswerableError):
            xmp.find(packet, "")
        with contextlib.suppress(AnswerableError):
            made = xmp.put(packet, TEXT)
            assert [each.text for each in xmp.find(made, "")] == [TEXT.encode()]
            assert xmp.find(xmp.put(made, ""), "") == []


def _xml(data: bytes) -> None:
    document = xmltree.parse(data, "XML", "AIGC")
    for element in document.elements:
        assert 0 <= element.start < element.inner <= element.outer <= element.end <= len(document.data)
    assert document.edited([]) == document.data


def _office_part(data: bytes) -> None:
    """Bytes as each of the parts that a label touches, in an archive that is good."""
    for part in _PARTS:
        out = BytesIO()
        with zipfile.ZipFile(out, "w") as made:
            for name, content in _PARTS.items():
                made.writestr(name, data if name == part else content)
        check(ooxml.DOCX, out.getvalue())
        with contextlib.suppress(VerificationError):
            ooxml.of(out)


def _exif(data: bytes) -> None:
    exif.find(data, "Exif")
    left = exif.cleared(data)
    assert left is None or len(left) == len(data)


FORMAT_TARGETS: Final[dict[str, Callable[[bytes], object]]] = {
    **{f"format_{name}": _target(carrier) for name, carrier in _CARRIERS.items()},
    "format_any": _detected,
    "format_embedded": _embedded,
    "format_exif": _exif,
    "format_office_part": _office_part,
    "format_xml": _xml,
    "format_xmp": _xmp,
}
