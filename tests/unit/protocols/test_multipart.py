# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import email
import email.policy

import pytest

from answerable.errors import Refused
from answerable.protocols.multipart import MAX_PARTS, Form, Part, parse, write

KIND = b"multipart/form-data; boundary=xyz"
BODY = (
    b'--xyz\r\nContent-Disposition: form-data; name="model"\r\n\r\nscripted\r\n'
    b'--xyz\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
    b"\x89PNG\r\n--xy\r\n\x00\r\n--xyz--\r\n"
)


def test_a_form_is_read() -> None:
    form = parse(KIND, BODY)
    assert form.parts == (Part("model", b"scripted"), Part("image", b"\x89PNG\r\n--xy\r\n\x00", "a.png", "image/png"))
    assert form.boundary == "xyz"


def test_what_is_written_another_reader_reads() -> None:
    form = parse(KIND, BODY)
    body = write(form)
    assert parse(form.kind.encode(), body) == form
    read = email.message_from_bytes(
        b"content-type: " + form.kind.encode() + b"\r\n\r\n" + body, policy=email.policy.HTTP
    )
    parts = list(read.iter_parts())  # type: ignore[attr-defined]
    assert [part.get_param("name", header="content-disposition") for part in parts] == ["model", "image"]
    assert parts[1].get_filename() == "a.png"
    assert parts[1].get_content_type() == "image/png"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (b"application/json", b"{}"),
        (b"multipart/form-data", BODY),
        (b"multipart/form-data; boundary=" + b"x" * 71, BODY),
        (KIND, b""),
        (KIND, BODY[:-8]),
        (KIND, b"before" + BODY),
        (KIND, BODY + b"after"),
        (KIND, b"--xyz--\r\n"),
        (KIND, BODY.replace(b"Content-Type: image/png", b"Content-Type: text")),
        (KIND, BODY.replace(b"Content-Type: image/png", b"X-Other: 1")),
        (KIND, BODY.replace(b"Content-Type: image/png", b"Content-Transfer-Encoding: base64")),
        (KIND, BODY.replace(b"Content-Type: image/png", b'Content-Disposition: form-data; name="b"')),
        (KIND, BODY.replace(b'name="model"', b"name=model")),
        (KIND, BODY.replace(b'name="model"', b'name="mo\xff"')),
        (KIND, BODY.replace(b'name="model"', b'name="model"; name="other"')),
        (KIND, BODY.replace(b'name="model"', b'name="' + b"m" * 129 + b'"')),
        (KIND, BODY.replace(b"image/png", b"image/" + b"p" * 3000)),
    ],
)
def test_what_two_readers_could_understand_differently_is_refused(kind: bytes, body: bytes) -> None:
    with pytest.raises(Refused) as caught:
        parse(kind, body)
    assert caught.value.code == "request.malformed"


def test_so_many_parts_are_too_many() -> None:
    part = b'--xyz\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    assert len(parse(KIND, part * MAX_PARTS + b"--xyz--").parts) == MAX_PARTS
    with pytest.raises(Refused) as caught:
        parse(KIND, part * (MAX_PARTS + 1) + b"--xyz--")
    assert caught.value.code == "request.too_complex"


@pytest.mark.parametrize(
    "part",
    [
        Part("a", b"x\r\n--xyz--"),
        Part('a"; name="b', b""),
        Part("a", b"", "b\r\nx: y"),
        Part("a", b"", None, "text/plain\r\nx: y"),
        Part("", b""),
    ],
)
def test_nothing_is_written_that_would_be_another_form(part: Part) -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        write(Form("xyz", (part,)))
