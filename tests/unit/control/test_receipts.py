# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.control.receipts import DIFFERS, NOT_COMPARED, NOT_KEPT, SAME, assemble, signed
from answerable.errors import Refused, VerificationError
from answerable.log import trust
from answerable.log.receipt import Proved
from answerable.model.units import Space
from answerable.protocols.openai.content import Choice, body
from answerable.verify.cose import verify_leaf, verify_record
from answerable.verify.receipt import verify
from tests.unit.control.house import MAKER, OPERATOR, House


def test_a_receipt_says_who_answers_by_name_and_newest_standing(house: House) -> None:
    record = house.act("One may ask.")
    made = house.run(assemble(house.core.reader, house.core.book, record))
    report = verify(made.receipt, trust.parse(house.core.trust))
    assert report.record == record == made.record
    assert (report.party.id, report.party.name, report.party.standing) == (OPERATOR, "Operator Ltd", "vouched")
    assert report.maker is not None
    assert (report.maker.name, report.caller.name) == ("small", "helper")
    assert MAKER in {party.id for party in report.parties}
    assert report.warrant.copy_id.startswith(house.system("helper").id)
    assert report.closing is not None
    assert report.closing.tokens_out == 5


def test_content_is_disclosed_only_to_who_shows_it(house: House) -> None:
    record = house.act("A secret between two.")
    content = body((Choice(text="A secret between two."),))
    reader, book = house.core.reader, house.core.book
    quiet = house.run(assemble(reader, book, record))
    wrong = house.run(assemble(reader, book, record, lambda said: SAME if said == b"other" else DIFFERS))
    right = house.run(assemble(reader, book, record, lambda said: SAME if said == content else DIFFERS))
    assert (quiet.content, wrong.content, right.content) == (NOT_COMPARED, DIFFERS, SAME)
    known = trust.parse(house.core.trust)
    assert verify(quiet.receipt, known).content("out") is None
    assert verify(wrong.receipt, known).content("out") is None
    assert verify(right.receipt, known).content("out") == content
    assert verify(right.receipt, known).content("in") is None


def test_a_cose_receipt_holds_the_same_leaves_and_discloses_nothing(house: House) -> None:
    record = house.act("In COSE.")
    reader, book, known = house.core.reader, house.core.book, trust.parse(house.core.trust)
    plain = verify(house.run(assemble(reader, book, record)).receipt, known)
    made = house.run(assemble(reader, book, record, lambda _: SAME, signer=house.core.keys.log))
    report = verify_record(made.receipt, known)
    assert (report.record, report.party.id, report.party.standing) == (record, OPERATOR, "vouched")
    assert {fact.id for fact in report.parties} == {fact.id for fact in plain.parties}
    assert (report.contents, made.content) == ((), SAME)


def test_the_log_signs_no_root_that_it_has_not_published(house: House) -> None:
    note, found = house.run(house.core.reader.prove_all([house.act("One.")]))
    record = Proved(found[0].leaf, found[0].index, tuple(found[0].proof))
    assert verify_leaf(signed(house.core.keys.log, note, record), trust.parse(house.core.trust)).data == record.leaf
    forged = Proved(record.leaf.replace(b"permit", b"refuse"), record.index, record.path)
    with pytest.raises(VerificationError, match=r"log\.proof"):
        signed(house.core.keys.log, note, forged)


def test_the_end_of_an_action_means_the_action(house: House) -> None:
    record = house.act("Ended.")
    close = house.run(house.core.reader.close_of(record))
    assert close is not None
    assert house.run(assemble(house.core.reader, house.core.book, close)).record == record


def test_what_is_no_action_is_not_found(house: House) -> None:
    for rid in (house.system("base").rid, "a" * 32):
        with pytest.raises(Refused, match=r"admin\.not_found"):
            house.run(assemble(house.core.reader, house.core.book, rid))


def test_content_that_is_not_kept_is_neither_same_nor_other(house: House) -> None:
    class Forgetful:
        def __init__(self) -> None:
            self.inner = house.core.reader

        def __getattr__(self, name: str) -> object:
            return getattr(self.inner, name)

        async def payload(self, rid: str, group: str) -> tuple[bytes, bytes | None] | None:
            return None if group == "out" else await self.inner.payload(rid, group)

    made = house.run(assemble(Forgetful(), house.core.book, house.act("Gone."), lambda _: SAME))  # type: ignore[arg-type]
    assert made.content == NOT_KEPT
    assert house.core.book.raw(Space.MISC, "origin") == b"demo.invalid"
