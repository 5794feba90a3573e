# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.crypto.b64 import unb64u
from answerable.crypto.random import BASE32, nonce, opaque_id, salt


def test_lengths_and_alphabets() -> None:
    assert len(unb64u(nonce())) == 16
    assert len(salt()) == 32
    assert len(opaque_id()) == 26
    assert set(opaque_id()) <= set(BASE32)


def test_nothing_comes_twice() -> None:
    for make in (nonce, salt, opaque_id):
        assert len({make() for _ in range(500)}) == 500


def test_every_place_of_an_id_varies() -> None:
    ids = [opaque_id() for _ in range(500)]
    assert all(len({text[place] for text in ids}) == 32 for place in range(26))
