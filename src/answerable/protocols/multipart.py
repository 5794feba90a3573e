# SPDX-License-Identifier: Apache-2.0
"""Forms with files in them (multipart/form-data, RFC 7578; RFC 2046 section 5.1): a strict, bounded reader of whole
bodies, and a writer. What two readers could understand differently is refused."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from answerable.errors import Refused

MAX_PARTS: Final = 64
MAX_HEAD: Final = 2_048  # bytes of a part's head
MAX_NAME: Final = 128
_TYPE: Final = re.compile(
    rb'multipart/form-data *; *boundary=("?)([0-9A-Za-z\'()+_,./:=?-]{1,70})\1 *\Z', re.IGNORECASE
)
# As browsers and common clients write it (WHATWG HTML section 4.10.21.8): quotes and line ends are percent-encoded.
_SAID: Final = re.compile(
    rb'form-data; name="([^"\\\r\n]{1,%d})"(?:; filename="([^"\\\r\n]{0,512})")?(?:; filename\*=[^;\r\n]*)?\Z'
    % MAX_NAME
)
_KIND: Final = re.compile(rb"[0-9A-Za-z.+-]{1,64}/[0-9A-Za-z.+-]{1,64}(?:; ?[0-9A-Za-z=.-]{1,64})?\Z")
_HEADS: Final = frozenset({b"content-disposition", b"content-type", b"content-length", b"content-transfer-encoding"})


class Part(msgspec.Struct, frozen=True):
    """One field. name, filename: as they stand on the wire, in UTF-8; filename: None for a text; kind: media type, ""
    for none."""

    name: str
    data: bytes
    filename: str | None = None
    kind: str = ""


class Form(msgspec.Struct, frozen=True):
    """boundary: stands in none of the parts."""

    boundary: str
    parts: tuple[Part, ...]

    @property
    def kind(self) -> str:
        """The media type of the body that `write` makes."""
        return f'multipart/form-data; boundary="{self.boundary}"'


def parse(content_type: bytes, body: bytes) -> Form:
    """The form. content_type: value of the header. Raises Refused ``request.malformed``, ``request.too_complex``."""
    known = _TYPE.match(content_type)
    if known is None:
        raise _malformed("not multipart/form-data with a boundary")
    boundary = known[2]
    delimiter = b"\r\n--" + boundary
    # What stands before the first boundary or behind the last one is for nobody.
    pieces = (b"\r\n" + body).split(delimiter, MAX_PARTS + 2)
    if len(pieces) > MAX_PARTS + 2:
        raise Refused("request.too_complex", what="parts", limit=MAX_PARTS)
    if len(pieces) < 3 or pieces[0] or pieces[-1] not in (b"--", b"--\r\n"):
        raise _malformed("a form whose boundaries do not stand where they should")
    return Form(boundary.decode("ascii"), tuple(map(_part, pieces[1:-1])))


def write(form: Form) -> bytes:
    """The body. Raises ValueError for a part that holds the boundary or what must not stand in a head."""
    boundary = form.boundary.encode("ascii")
    out: list[bytes] = []
    for part in form.parts:
        name, filename = part.name.encode(), part.filename
        said = b'form-data; name="' + name + b'"'
        if filename is not None:
            said += b'; filename="' + filename.encode() + b'"'
        kind = part.kind.encode("ascii")
        if _SAID.match(said) is None or (kind and _KIND.match(kind) is None) or b"\r\n--" + boundary in part.data:
            raise ValueError("a part that cannot be written")
        out += (b"--", boundary, b"\r\ncontent-disposition: ", said)
        if kind:
            out += (b"\r\ncontent-type: ", kind)
        out += (b"\r\n\r\n", part.data, b"\r\n")
    return b"".join((*out, b"--", boundary, b"--\r\n"))


def _part(piece: bytes) -> Part:
    head, found, data = piece.partition(b"\r\n\r\n")
    if not found or not head.startswith(b"\r\n") or len(head) > MAX_HEAD:
        raise _malformed("a part without a head")
    fields: dict[bytes, bytes] = {}
    for line in head[2:].split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if not colon or name.lower() in fields or name.lower() not in _HEADS:
            raise _malformed("a head that is none, stands twice or is not known")
        fields[name.lower()] = value.strip(b" \t")
    said = _SAID.match(fields.get(b"content-disposition", b""))
    kind = fields.get(b"content-type", b"")
    if said is None or (kind and _KIND.match(kind) is None):
        raise _malformed("a part without a name or of no media type")
    if fields.get(b"content-transfer-encoding", b"binary").lower() not in (b"binary", b"8bit", b"7bit"):
        raise _malformed("a part in another coding")
    try:
        filename = None if said[2] is None else said[2].decode()
        return Part(said[1].decode(), data, filename, kind.decode("ascii"))
    except UnicodeDecodeError:
        raise _malformed("a name that is not UTF-8") from None


def _malformed(detail: str) -> Refused:
    return Refused("request.malformed", detail=detail)
