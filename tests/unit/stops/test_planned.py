# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused
from answerable.model.leaves import Commitments
from answerable.model.units import EPOCH, Expect, Put, Space
from answerable.stops.planned import Reason, next_epoch, spend
from tests.fleet import T0, Fleet, a_nonce


def test_a_reason_is_committed_to_and_hidden() -> None:
    reason = Reason.of("  it lied ", salted=bytes(32))
    assert reason.text == "it lied"
    assert "lied" not in repr(reason)
    reason.matches(reason.commitments)
    payload = reason.payload("r")
    assert (payload.group, payload.body, payload.salt) == ("reason", b"it lied", bytes(32))


@pytest.mark.parametrize("text", ["", "   ", "a\x00b", "x" * 2_001])
def test_a_reason_is_words(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        Reason.of(text)
    assert refusal.value.code == "stop.malformed"


def test_another_reason_or_commitment_does_not_match() -> None:
    reason = Reason.of("it lied")
    bad = [
        Reason.of("it lied").commitments,
        Commitments(),
        Commitments(reason=reason.commitments.reason, evidence="x"),
    ]
    for commitments in bad:
        with pytest.raises(Refused) as refusal:
            reason.matches(commitments)
        assert refusal.value.code == "stop.malformed"


def test_a_nonce_counts_once() -> None:
    fleet, nonce = Fleet(), a_nonce()
    expect, put = spend(fleet.book, nonce, T0)
    assert expect == Expect(Space.NONCES, nonce, None)
    fleet.book.apply((put,))
    with pytest.raises(Refused) as refusal:
        spend(fleet.book, nonce, T0)
    assert refusal.value.code == "stop.replayed"
    with pytest.raises(Refused) as refusal:
        spend(fleet.book, "short", T0)
    assert refusal.value.code == "stop.malformed"


def test_the_epoch_counts_on() -> None:
    fleet = Fleet()
    assert next_epoch(fleet.book) == (Expect(Space.COUNTERS, EPOCH, None), Put(Space.COUNTERS, EPOCH, b"1"))
    fleet.put(Space.COUNTERS, EPOCH, b"41")
    assert next_epoch(fleet.book) == (Expect(Space.COUNTERS, EPOCH, b"41"), Put(Space.COUNTERS, EPOCH, b"42"))
