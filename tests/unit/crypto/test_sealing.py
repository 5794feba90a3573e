# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import hmac

import pytest

from answerable.crypto.sealing import Keyed, fresh_key, keyed, seal, seal_each, unseal
from answerable.errors import VerificationError

KEY = bytes(range(32))


def test_a_sealed_record_opens() -> None:
    sealed = seal(KEY, b"words", b"rid")
    assert unseal(KEY, sealed, b"rid") == b"words"
    assert len(sealed) == 12 + 5 + 16
    assert b"words" not in sealed


def test_the_same_words_are_sealed_differently() -> None:
    assert seal(KEY, b"words", b"rid") != seal(KEY, b"words", b"rid")
    assert fresh_key() != fresh_key()
    assert len(fresh_key()) == 32


def test_any_change_keeps_it_shut() -> None:
    sealed = seal(KEY, b"words", b"rid")
    tries = [(KEY, sealed, b"other"), (fresh_key(), sealed, b"rid"), (KEY, sealed[:-1], b"rid"), (KEY, b"", b"rid")]
    tries += [(KEY, bytes([*sealed[:i], sealed[i] ^ 1, *sealed[i + 1 :]]), b"rid") for i in range(len(sealed))]
    tries.append((KEY[:16], sealed, b"rid"))
    for key, data, aad in tries:
        with pytest.raises(VerificationError) as caught:
            unseal(key, data, aad)
        assert caught.value.code == "log.sealed"


def test_a_short_key_never_seals() -> None:
    with pytest.raises(VerificationError):
        seal(KEY[:16], b"words", b"rid")


def test_keyed_is_hmac_sha256() -> None:
    assert keyed(KEY, b"words") == hmac.new(KEY, b"words", hashlib.sha256).digest()


@pytest.mark.parametrize("length", [0, 1, 32, 63, 64, 65, 200])
def test_keyed_takes_keys_of_every_length(length: int) -> None:
    key = bytes(range(length))
    assert keyed(key, b"words") == hmac.new(key, b"words", hashlib.sha256).digest()


def test_a_nonce_that_was_drawn_with_others_is_the_one_that_is_used() -> None:
    nonce = bytes(range(12))
    sealed = seal(KEY, b"words", b"rid", nonce)
    assert sealed[:12] == nonce
    assert unseal(KEY, sealed, b"rid") == b"words"
    with pytest.raises(VerificationError):
        seal(KEY, b"words", b"rid", nonce[:-1])


@pytest.mark.parametrize("length", [0, 32, 64, 65])
def test_one_key_for_many_texts_is_the_same_key(length: int) -> None:
    key = bytes(range(length))
    under = Keyed(key, b"domain\x00")
    for data in (b"", b"words", b"w" * 1000, b"words"):
        assert under(data) == keyed(key, b"domain\x00" + data)


def test_records_that_are_sealed_together_have_a_key_each() -> None:
    records = [(b"one", b"a"), (b"two" * 100, b"b"), (b"", b"c")]
    sealed = seal_each(records)
    assert len({key for key, _ in sealed}) == len({data[:12] for _, data in sealed}) == 3
    for (key, data), (plaintext, aad) in zip(sealed, records, strict=True):
        assert unseal(key, data, aad) == plaintext
        with pytest.raises(VerificationError):
            unseal(key, data, aad + b"x")
    assert seal_each([]) == []
