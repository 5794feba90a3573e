# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.errors import VerificationError
from answerable.log.bundle import pack, unpack


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_a_bundle_reads_back(leaves: list[bytes]) -> None:
    assert unpack(pack(leaves)) == leaves


def test_framing_is_a_big_endian_uint16() -> None:
    assert pack([b"a", b"b" * 258]) == b"\x00\x01a\x01\x02" + b"b" * 258


@pytest.mark.parametrize("data", [b"\x00", b"\x00\x01", b"\x00\x02a", b"\x00\x01ab"])
def test_a_bundle_ends_after_a_leaf(data: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        unpack(data)
    assert caught.value.code == "log.bundle"


def test_the_longest_leaf() -> None:
    assert unpack(pack([b"x" * 65_535])) == [b"x" * 65_535]
    with pytest.raises(VerificationError) as caught:
        pack([b"x" * 65_536])
    assert caught.value.code == "log.oversized"
