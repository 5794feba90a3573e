# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.crypto.b64 import b64, b64u, unb64, unb64u
from answerable.errors import VerificationError


@pytest.mark.parametrize("data", [b"", b"\x00", b"\xfb\xff", b"abc", bytes(range(64))])
def test_both_alphabets_read_back(data: bytes) -> None:
    assert unb64u(b64u(data)) == data
    assert unb64(b64(data)) == data
    assert "=" not in b64u(data)


def test_known_text() -> None:
    assert b64u(b"\xfb\xff") == "-_8"
    assert b64(b"\xfb\xff") == "+/8="


@pytest.mark.parametrize("text", ["-_8=", "+/8", "-_9", "A", "-_8\n", " -_8", "é", "AA==A", "\ud800"])
def test_base64url_has_one_text(text: str) -> None:
    with pytest.raises(VerificationError) as caught:
        unb64u(text)
    assert caught.value.code == "log.encoding"


@pytest.mark.parametrize("text", ["+/8", "-_8=", "+/9=", "+/8=\n", "+/8==", "é"])
def test_base64_has_one_text(text: str) -> None:
    with pytest.raises(VerificationError) as caught:
        unb64(text)
    assert caught.value.code == "log.encoding"
