# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import pytest

from answerable.control import feeding
from answerable.crypto.ed25519 import Key
from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.log import trust
from answerable.privacy import feed
from answerable.privacy.feed import Cursor
from tests.unit.control.house import House


@pytest.fixture
def fed(house: House) -> Any:
    return dataclasses.replace(house.services, feed_key=house.feed_key)


def read(house: House, pages: list[bytes], cursor: Cursor = Cursor()) -> tuple[list[feed.Page], Cursor]:  # noqa: B008
    found = []
    for data in pages:
        page, cursor = feed.verify(data, trust.parse(house.core.trust), cursor)
        found.append(page)
    return found, cursor


def test_pages_follow_what_happens_and_never_change(house: House, fed: Any) -> None:
    first = house.run(feeding.pages(fed, 0, 99))
    told, cursor = read(house, first)
    kinds = {str(leaf.k) for page in told for _, _, leaf in page.entries}  # type: ignore[attr-defined]
    assert {"party", "system", "key"} <= kinds <= feed.KINDS
    house.act("An action is no news for an authority.")
    house.run(house._register("newcomer", "model", told_by(house)))
    again = house.run(feeding.pages(fed, 0, 99))
    assert again[: len(first)] == first
    fresh, after = read(house, house.run(feeding.pages(fed, cursor.number, 99)), cursor)
    assert [str(leaf.k) for page in fresh for _, _, leaf in page.entries] == ["system"]  # type: ignore[attr-defined]
    assert after.end >= cursor.end + 1
    assert house.run(feeding.pages(fed, after.number, 99)) == []


def told_by(house: House) -> Any:
    from answerable.model.terms import Role
    from answerable.registry.requests import PartySpec
    from tests.unit.control.house import MAKER

    return (PartySpec(party=MAKER, role=Role.PROVIDER),)


def test_pages_are_cut_small(house: House, fed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "MAX_ENTRIES", 2)
    for number in range(5):
        house.run(house._register(f"one of many {number}", "model", told_by(house)))
    pages, _ = read(house, house.run(feeding.pages(fed, 0, 99)))
    assert max(len(page.entries) for page in pages[-3:]) == 2


def test_two_who_ask_at_once_get_the_same(house: House, fed: Any) -> None:
    house.run(house._register("asked for twice", "model", told_by(house)))

    async def both() -> list[list[bytes]]:
        return list(await asyncio.gather(feeding.pages(fed, 0, 99), feeding.pages(fed, 0, 99)))

    one, other = house.run(both())
    assert one == other


class Stopped:
    """A ledger that writes nothing any more, as `sequencer.halted.Halted`."""

    def __init__(self, code: str = "log.stopped") -> None:
        self._code = code

    async def commit(self, unit: object) -> Any:
        raise Unavailable(self._code, detail="store.damaged")


def test_where_nothing_is_written_the_pages_that_were_cut_are_given(house: House, fed: Any) -> None:
    known = house.run(feeding.pages(fed, 0, 999))
    house.run(house._register("not told any more", "model", told_by(house)))
    halted = dataclasses.replace(fed, ledger=Stopped())
    assert house.run(feeding.pages(halted, 0, 999)) == known
    assert house.run(feeding.pages(halted, len(known) - 1, 9)) == known[-1:]
    with pytest.raises(Unavailable, match=r"log\.stopped"):
        house.run(feeding.pages(halted, len(known), 9))
    with pytest.raises(Refused, match=r"admin\.request"):
        house.run(feeding.pages(halted, len(known) + 1, 9))
    with pytest.raises(Unavailable, match=r"store\.failed"):
        house.run(feeding.pages(dataclasses.replace(fed, ledger=Stopped("store.failed")), 0, 9))
    assert len(house.run(feeding.pages(fed, len(known), 9))) == 1, "written again, it goes on where it stood"


def test_few_rows_are_looked_at_for_a_page(house: House, fed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "MAX_ENTRIES", 1)
    for number in range(9):
        house.run(house._register(f"a page each {number}", "model", told_by(house)))
    pages = house.run(feeding.pages(fed, 0, 999))
    assert len(pages) > 9
    decoded: list[bytes] = []
    row = feeding._row
    monkeypatch.setattr(feeding, "_row", lambda raw: decoded.append(raw) or row(raw))  # type: ignore[func-returns-value]
    assert house.run(feeding.pages(fed, len(pages) - 2, 1)) == [pages[-2]]
    assert len(decoded) == 3, "the last one, that one, and the one before"


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 8, 9, 1000])
def test_the_number_of_pages_is_found(count: int) -> None:
    class Book:
        def raw(self, space: object, key: str) -> bytes | None:
            return b"" if 1 <= int(key) <= count else None

    class Some:
        book = Book()

    assert feeding._count(Some()) == count  # type: ignore[arg-type]


def test_an_hour_of_silence_still_brings_a_checkpoint(house: House, fed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    known = len(house.run(feeding.pages(fed, 0, 999)))
    house.act("Nothing to tell.")
    assert house.run(feeding.pages(fed, known, 9)) == []
    monkeypatch.setattr(feeding, "QUIET_MS", 0)
    (page,) = house.run(feeding.pages(fed, known, 9))
    assert feed.digest(page)


def test_a_page_that_there_is_not_and_a_key_that_is_another(house: House, fed: Any) -> None:
    with pytest.raises(Refused, match=r"admin\.request"):
        house.run(feeding.pages(fed, 10_000, 9))
    for wrong in (None, Key.generate()):
        with pytest.raises(Unavailable):
            house.run(feeding.pages(dataclasses.replace(fed, feed_key=wrong), 0, 9))


def test_no_page_says_anything_of_what_was_said(house: House, fed: Any) -> None:
    house.act("A canary in an answer.", principal="canary-principal")
    stored = b"".join(house.run(feeding.pages(fed, 0, 999)))
    for page in house.run(feeding.pages(fed, 0, 999)):
        stored += feed.canonical.loads(page)["payload"].encode()
        from answerable.crypto.b64 import unb64

        stored += unb64(feed.canonical.loads(page)["payload"])
    for secret in (b"canary", b"PERSON-", b"officer-1", b'"k":"open"', b'"k":"close"', b'"use":"admin"'):
        assert secret not in stored
    assert b'"k":"system"' in stored.replace(b'\\"', b'"')
    assert AnswerableError
