# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.control.words import Said
from answerable.crypto.b64 import b64u
from answerable.errors import Refused
from answerable.log.commitment import commit


def test_words_come_with_the_salt_that_their_signer_drew() -> None:
    words = Said(text="why", salt=b64u(b"s" * 32)).of("basis")
    assert words.commitment == commit("basis", b"s" * 32, b"why")


@pytest.mark.parametrize("salt", ["", "short", "é", b64u(b"s" * 31)])
def test_a_salt_that_is_none(salt: str) -> None:
    with pytest.raises(Refused, match=r"privacy\.malformed"):
        Said(text="why", salt=salt).of("basis")
