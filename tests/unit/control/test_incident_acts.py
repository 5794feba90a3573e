# SPDX-License-Identifier: Apache-2.0
"""Last actions after an order: of the copies that it reached as they ran then, by opens, closes and receipts."""

from __future__ import annotations

from typing import Any

import pytest

from answerable.control import incident_facts
from answerable.control.incident_acts import acts
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.log.leaf import encode, rid
from answerable.log.statement import sign
from answerable.model import events
from answerable.model.leaves import CloseLeaf, Commitments, OpenLeaf, ReceiptLeaf
from answerable.model.units import Unit
from answerable.registry import copies
from answerable.registry.requests import EndCopy
from tests.redlined import incident, tell
from tests.unit.control.house import House


class Story:
    """`small` is stopped on an officer's word while three of its copies run; two of them act on."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.copies = [house.start_copy("small") for _ in range(3)]
        self.grants = [self.grant(copy) for copy, _ in self.copies]
        self.caller = house.start_copy("helper")[0]
        self.call = self.grant(self.caller)
        self.before = self.open(self.grants[0], at=house.core.now)
        self.unended = self.open(self.grants[1], at=house.core.now)
        officer = house.person("officer-1")
        fact = events.WeightsServed(digest=house.system("small").digests[0], endpoint="http://elsewhere.example/")
        self.incident = incident(house, tell(house, fact, "small", officer.kid, officer.key)["rid"])
        self.order = next(stop for stop in house.core.book.stops() if stop.rid == self.incident["order"])

    def grant(self, copy: str) -> str:
        issuer, aud = self.house.services.issuer, self.house.services.audience
        return str(self.house.run(issuer.grant(copy, aud=aud, nonce=nonce())).warrant.grant)

    def write(self, leaf: Any) -> str:
        data = encode(leaf)
        self.house.run(self.house.core.ledger.commit(Unit(leaves=(data,))))
        return rid(data)

    def open(self, grant: str, *, at: int, dec: str = "permit", **more: Any) -> str:
        small = self.house.system("small")
        given = {"sys": small.rid, "war": grant} | more
        return self.write(
            OpenLeaf(
                act="generation", c=Commitments(), dec=dec, n=nonce(), par=[], party=small.parties[0].party,
                pol="0" * 64, rule="R1", t=at, tier=0, wld="information", **given,
            )
        )  # fmt: skip

    def close(self, action: str, *, at: int, st: str = "done") -> str:
        return self.write(CloseLeaf(n=nonce(), open=action, st=st, t=at))

    def receipt(self, copy: str, key: Key, last: int) -> str:
        leaf = ReceiptLeaf(
            fly=2, last=last, n=nonce(), order=self.order.rid, own=copy, rcv=last + 5, sig="", st="stopped", t=last + 5
        )
        signed = sign(leaf, self.house.core.origin, key, copy).sig
        return self.write(ReceiptLeaf(**{f: getattr(leaf, f) for f in leaf.__struct_fields__} | {"sig": signed}))

    def report(self, name: str = "") -> Any:
        return self.house.run(incident_facts.report(self.house.services, name or self.incident["rid"]))


@pytest.fixture(scope="module")
def story(house: House) -> Story:
    return Story(house)


def test_nobody_acted_after_it(story: Story) -> None:
    report = story.report()
    assert report.rings.managed == 3
    assert (report.last_action.copies, report.last_action.acted_after) == (3, 0)


def test_actions_that_begin_end_or_are_confirmed_after_it(story: Story) -> None:
    at = story.order.at
    story.close(story.before, at=at + 120, st="stopped")
    story.open(story.grants[1], at=at + 40)
    story.open(story.grants[1], at=at + 90_000, dec="refuse")
    report = story.report()
    assert (report.last_action.acted_after, report.last_action.p50, report.last_action.max) == (2, 40, 120)
    copy, key = story.copies[2]
    its = story.receipt(copy, key, at + 300)
    report = story.report()
    assert (report.last_action.acted_after, report.last_action.p50, report.last_action.max) == (3, 120, 300)
    assert [(each.rid, each.in_flight) for each in report.receipts] == [(its, 2)]


def test_a_model_acts_when_it_answers_somebody_else(story: Story) -> None:
    """The caller is not stopped; the model that answers it is."""
    helper = story.house.system("helper")
    story.open(story.call, at=story.order.at + 500, sys=helper.rid, via=story.house.system("small").rid,
               vwar=story.grants[1])  # fmt: skip
    report = story.report()
    assert report.last_action.max == 500
    assert report.last_action.acted_after == 3, "the caller's copy is not counted"


def test_what_nobody_saw_end_has_no_end(story: Story) -> None:
    story.close(story.unended, at=story.order.at + 900_000, st="unknown")
    assert story.report().last_action.max == 500


def test_copies_that_ended_since_were_reached_all_the_same(story: Story) -> None:
    house = story.house
    for copy, _ in story.copies:
        house.run(house.core.commit(copies.end(house.core.book, EndCopy(copy=copy), house.core.now)))
    report = story.report()
    assert report.rings.managed == 3
    assert report.last_action.copies == 3
    later, _ = house.start_copy("other")
    assert later
    by_order = story.report(story.order.rid)
    assert by_order.id == story.incident["rid"]
    assert by_order.rings.managed == 3


def test_an_unknown_centre(house: House) -> None:
    from answerable.errors import Refused

    with pytest.raises(Refused, match=r"log\.unrecorded"):
        house.run(acts(house.services, "a" * 32, at=0, system="", systems=(), orders=()))
