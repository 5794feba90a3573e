# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from typing import Any

import pytest

from answerable.admission.requests import WINDOW_MS, WarrantRequest, check
from answerable.crypto.ed25519 import Key
from answerable.errors import Refused, Unavailable
from answerable.guard.lease import RETRY_MS, Lease

LIFE = 60_000


class Office:
    """An issuer in virtual time: grants, is away, or refuses."""

    def __init__(self, key: Key) -> None:
        self.key, self.now, self.away, self.refuses, self.loses = key, 1_000, False, False, ""
        self.forgets = self.wrong = False
        self.spent, self.life = 0, LIFE  # a number that it has answered to nobody; how long its warrants live
        self.asked: list[WarrantRequest] = []
        self.bodies: list[bytes] = []

    def __call__(self, path: str, body: bytes) -> Any:
        assert path == "/control/v1/warrants"
        self.bodies.append(body)
        if self.away:
            raise Unavailable("admin.unreachable", socket="s")
        if self.refuses:
            raise Refused("stop.system", order="o")
        data = json.loads(body)
        request = WarrantRequest(**data["request"])
        if self.forgets and (not self.asked or request.nonce == self.asked[0].nonce):
            raise Refused("warrant.boot_unknown")
        from answerable.crypto.b64 import b64u

        if self.wrong:
            raise Refused("warrant.proof")
        check(request, data["signature"], issuer="iss", key=b64u(self.key.public), now_ms=self.now)
        if request.seq == self.spent:
            raise Refused("warrant.replayed")
        self.asked.append(request)
        if self.loses:
            raise Unavailable(self.loses, socket="s", nodes="n")
        return {"token": f"t{request.seq}", "grant": "g", "seq": request.seq, "expires": self.now, "life": self.life}


def lease() -> tuple[Lease, Office]:
    key = Key.generate()
    office = Office(key)
    made = Lease(
        key, copy="spiffe://d/system/x/copy/y", issuer="iss", audience="aud", ask=office,
        wall=lambda: office.now, mono=lambda: office.now,
    )  # fmt: skip
    return made, office


def test_the_next_is_due_after_a_third_of_its_life() -> None:
    held, office = lease()
    first = held.next()
    assert (first.token, first.due, first.ends) == ("t1", 1_000 + LIFE // 3, 1_000 + LIFE)
    office.now = first.due
    second = held.next()
    assert (second.token, second.seq, second.ends) == ("t2", 2, first.due + LIFE)
    assert office.asked[0].nonce == office.asked[1].nonce


def test_an_outage_is_survived_until_the_warrant_ends() -> None:
    held, office = lease()
    first = held.next()
    office.away, office.now = True, first.due
    kept = held.next()
    assert (kept.token, kept.due, kept.ends) == ("t1", office.now + RETRY_MS, first.ends)
    office.now = first.ends
    with pytest.raises(Unavailable):
        held.next()
    office.away, office.now = False, first.ends - 1
    assert held.next().seq == 2


def test_an_answer_that_was_lost_is_asked_for_again_in_the_same_words() -> None:
    held, office = lease()
    first = held.next()
    office.now = sent = first.due
    office.loses = "admin.unreachable"
    assert held.next().token == first.token
    office.loses, office.now = "", sent + RETRY_MS
    second = held.next()
    assert (second.token, second.ends) == ("t2", sent + LIFE), "no longer than if the answer had been heard"
    assert office.bodies[-1] == office.bodies[-2]
    office.away, office.now = True, second.due
    held.next()
    office.away, office.now = False, second.due + WINDOW_MS + 1
    third = held.next()
    assert (third.seq, third.ends) == (3, office.now + LIFE)
    assert office.bodies[-1] != office.bodies[-2], "a request that is too old, and was never answered, is made anew"
    assert office.asked[-1].nonce == office.asked[0].nonce
    office.now += WINDOW_MS + 1
    office.wrong = True
    with pytest.raises(Refused, match="proof"):
        held.next()  # one that was just made and is refused so stands no better in other words


def test_a_number_that_was_answered_to_nobody_is_given_up_with_its_boot() -> None:
    """The issuer answered it, and gives that answer no more: its warrant ended, or it was started again meanwhile."""
    held, office = lease()
    first = held.next()
    office.now, office.loses = first.due, "admin.unreachable"
    held.next()
    office.loses, office.spent = "", 2
    office.now = first.due + WINDOW_MS + 1
    again = held.next()
    assert (again.seq, again.ends) == (1, office.now + LIFE)
    assert office.asked[-1].nonce != office.asked[0].nonce
    office.now, office.spent = again.due, 2
    with pytest.raises(Refused, match="replayed"):
        held.next()  # refused, and no answer was lost: somebody else has its number
    with pytest.raises(Refused, match="replayed"):
        held.next()  # however often


def test_a_warrant_that_ended_on_its_way_is_followed_by_the_next_at_once() -> None:
    held, office = lease()
    first = held.next()
    office.now, office.loses = first.due, "admin.unreachable"
    held.next()
    office.loses, office.life = "", 2_000
    office.now = first.due + 2_000
    third = held.next()
    assert (third.seq, third.ends) == (3, office.now + 2_000)


def test_who_only_carries_cannot_make_it_ask_in_other_words() -> None:
    """It takes the question to the issuer, loses the answer, and says that the issuer signs nothing yet: another
    question with the same number would be refused as a clone's."""
    held, office = lease()
    office.now = held.next().due
    office.loses = "recover.unheard"
    assert held.next().token == "t1"
    office.loses, office.now = "", office.now + RETRY_MS
    assert held.next().token == "t2"
    assert office.bodies[-1] == office.bodies[-2]


def test_a_refusal_is_the_end_at_once() -> None:
    held, office = lease()
    first = held.next()
    office.refuses, office.now = True, first.due
    with pytest.raises(Refused):
        held.next()


def test_an_issuer_that_was_started_again_is_asked_anew() -> None:
    held, office = lease()
    first = held.next()
    office.forgets, office.now = True, first.due
    second = held.next()
    assert second.seq == 1
    assert office.asked[-1].nonce != office.asked[0].nonce
    office.now = second.due
    assert held.next().seq == 2


def test_a_boot_that_was_never_granted_anything_is_not_begun_anew() -> None:
    held, office = lease()
    office.forgets = True
    with pytest.raises(Refused, match="boot_unknown"):
        held.next()


def test_without_a_first_warrant_there_is_none() -> None:
    held, office = lease()
    office.away = True
    with pytest.raises(Unavailable):
        held.next()


def test_asking_never_takes_longer_than_the_warrant_lasts() -> None:
    held, office = lease()
    assert held.patience() == 60.0
    first = held.next()
    office.now = first.due
    assert held.patience() == LIFE * 2 / 3 / 1000
    office.now = first.ends - 1_500
    assert held.patience() == 1.5
    office.now = first.ends + 5_000
    assert 0 < held.patience() <= 0.1
