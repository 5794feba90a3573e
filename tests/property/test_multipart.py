# SPDX-License-Identifier: Apache-2.0
"""Any form that can be written is read back as it was, and arbitrary bytes raise our refusals alone."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from answerable.errors import Refused
from answerable.protocols.multipart import Form, Part, parse, write

NAMES = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x2FF, exclude_characters='"\\\x7f'), min_size=1
).filter(lambda name: len(name.encode()) <= 128)
PARTS = st.builds(Part, NAMES, st.binary(), st.none() | NAMES, st.sampled_from(("", "image/png", "text/plain")))
SHAPED = st.builds(
    lambda pieces: b"".join(pieces),
    st.lists(
        st.sampled_from(
            (b"--b", b"\r\n", b"--", b'Content-Disposition: form-data; name="a"', b"; filename=", b'"x"', b"\x00", b":")
        )
        | st.binary(max_size=4)
    ),
)


@given(st.lists(PARTS, min_size=1, max_size=5))
def test_what_is_written_is_read_back(parts: list[Part]) -> None:
    form = Form("boundary-0", tuple(parts))
    with contextlib.suppress(ValueError):  # a part that holds the boundary
        assert parse(form.kind.encode(), write(form)) == form


@given(st.binary(max_size=40) | st.just(b"multipart/form-data; boundary=b"), st.binary() | SHAPED)
def test_arbitrary_bytes_are_refused_or_read(kind: bytes, body: bytes) -> None:
    with contextlib.suppress(Refused):
        form = parse(kind, body)
        assert parse(form.kind.encode(), write(form)) == form
