# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused, Unavailable
from answerable.log.commitment import check
from answerable.model.units import Space
from answerable.registry import planned
from answerable.registry.book import Book
from tests.small_registry import ORIGIN, Registry


def test_a_name_is_committed_to_in_one_form() -> None:
    called = planned.name("Cafe\u0301")
    assert called.text == "Café"
    assert called.body == "Café".encode()
    assert isinstance(called.commitments.name, str)
    check(called.commitments.name, "name", called.salt, called.body)
    assert planned.name("Café", salted=called.salt).commitments == called.commitments
    assert planned.name("Café").commitments != called.commitments
    assert called.payload("r").group == "name"


@pytest.mark.parametrize("text", ["", "  ", " a", "a ", "a\x00", "a\u2028b", "a\u200bb", "\ud800", "x" * 201])
def test_names_that_cannot_be_shown_are_refused(text: str) -> None:
    with pytest.raises(Refused, match=r"party\.name"):
        planned.name(text)


def test_keys_nonces_and_salts_have_exact_lengths() -> None:
    assert planned.public_key("A" * 43) == bytes(32)
    assert planned.fresh_salt("A" * 43) == bytes(32)
    for text in ("", "A" * 42, "A" * 44, "!" * 43, "A" * 42 + "B"):
        with pytest.raises(Refused, match=r"party\.key"):
            planned.public_key(text)
        with pytest.raises(Refused, match=r"party\.nonce"):
            planned.fresh_salt(text)


def test_a_nonce_and_a_key_are_used_once() -> None:
    registry = Registry()
    expect, put = planned.fresh_nonce(registry.book, "A" * 22, registry.now)
    assert (expect.space, expect.value, put.key) == (Space.NONCES, None, "A" * 22)
    registry.book.apply([put])
    with pytest.raises(Refused, match=r"party\.replayed"):
        planned.fresh_nonce(registry.book, "A" * 22, registry.now)
    free, claim = planned.free_key(registry.book, "k", "owner")
    assert (free.value, claim.value) == (None, b"owner")
    registry.book.apply([claim])
    with pytest.raises(Refused, match=r"party\.key_taken"):
        planned.free_key(registry.book, "k", "owner")


def test_the_origin_is_the_store_s_or_nothing_is_checked() -> None:
    assert planned.origin(Registry().book) == ORIGIN
    with pytest.raises(Unavailable, match=r"system\.no_origin"):
        planned.origin(Book("registry.example"))
