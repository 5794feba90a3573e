# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.errors import AnswerableError, VerificationError
from answerable.labels.explicit.office_xml import elements


def test_where_elements_stand() -> None:
    data = (
        "<?xml version='1.0'?>\n<w:a xmlns:w='x'><!-- <w:b> --><w:b c=\"1>2\" d='\"'>字<w:e/>&amp;</w:b></w:a>".encode()
    )
    found = elements(data)
    assert [(each.prefix, each.name, each.depth, each.text) for each in found] == [
        ("w:", "a", 0, "字&"), ("w:", "b", 1, "字&"), ("w:", "e", 2, ""),
    ]  # fmt: skip
    inner = found[1]
    assert data[inner.start : inner.inside] == b'<w:b c="1>2" d=\'"\'>'
    assert data[inner.inside : inner.end] == "字<w:e/>&amp;".encode()
    assert data[found[0].end :] == b"</w:a>"


@pytest.mark.parametrize(
    "data", [b"", b"<a>", b"<a></b>", b"<!DOCTYPE a><a/>", b"\xff\xfe<\0", b"<?xml version='1.0' encoding='x'?><a/>"]
)
def test_what_is_refused(data: bytes) -> None:
    with pytest.raises(VerificationError, match=r"format\.malformed"):
        elements(data)


@given(st.binary(max_size=80), st.text("<>/ab='\"&;![]-", max_size=60))
def test_foreign_bytes_raise_our_errors_alone(data: bytes, text: str) -> None:
    for each in (data, text.encode(), b"<a>" + text.encode() + b"</a>"):
        try:
            found = elements(each)
        except AnswerableError:
            continue
        assert all(0 <= one.start <= one.inside and one.end <= len(each) for one in found)
