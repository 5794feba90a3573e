# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from answerable.app.core import open_core
from answerable.app.rebuild import rebuild
from answerable.app.repair import fsck
from answerable.config import Config, load
from answerable.control.routes import erasures
from answerable.crypto.b64 import b64u
from answerable.crypto.random import nonce, opaque_id, salt
from answerable.errors import Unavailable
from answerable.log import trust
from answerable.log.statement import to_sign
from answerable.model.units import Space
from answerable.registry import parties
from answerable.registry.requests import VouchParty
from answerable.stores.payload_form import HEAD, listed, open_names, runs, walk
from answerable.verify.receipt import verify
from tests.unit.control.house import OPERATOR, REGISTRAR, House
from tests.unit.control.privacy import erase, grant, hold, read, refused

SECRET = "A secret that nobody may find again."


def files(house: House) -> Iterator[bytes]:
    """Every file of the store and of its guard."""
    for folder in (house.store, house.store.with_name(house.store.name + ".guard")):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield path.read_bytes()


def sealed(house: House, rids: set[str]) -> list[bytes]:
    """Keys, sealed bytes and tags of the payloads of these leaves, as they lie in the payload files."""
    found: list[bytes] = []
    for _, _, path in listed(house.store / "payloads"):
        with path.open("rb") as file:
            for at, first, names, _ in walk(file.fileno()):
                file.seek(at + HEAD.size)
                entries = open_names(house.core.keys.payload, first, file.read(names))
                body = file.read(sum(name[3] for name in entries))
                for (start, length), (rid, _, key, _, _, tags) in zip(
                    runs(entries, erased=False), entries, strict=False
                ):
                    if rid in rids:
                        found += [key, body[start : start + length], *tags]
    return found


def plain_names(house: House) -> bytes:
    """The lists of names as who has the store's payload key reads them."""
    out = []
    for _, _, path in listed(house.store / "payloads"):
        with path.open("rb") as file:
            for at, first, names, _ in walk(file.fileno()):
                file.seek(at + HEAD.size)
                for name in open_names(house.core.keys.payload, first, file.read(names)):
                    out += [name[2], *name[5]]
    return b"|".join(out)


def test_no_byte_of_what_was_said_is_left_in_any_file(house: House) -> None:
    record = house.act(SECRET, principal="user-4711")
    keep = house.act("Another answer, which stays.")
    assert house.post("/who", {"texts": [SECRET]})["record"] == record  # now its tags stand in the index too
    close = house.run(house.services.reader.close_of(record))
    assert close is not None
    gone: list[bytes] = [SECRET.encode(), b"user-4711", *sealed(house, {record, close})]
    for rid, group in ((record, "in"), (record, "pri"), (close, "out")):
        kept = house.run(house.services.reader.payload(rid, group))
        assert kept is not None
        gone.append(kept[0])  # its salt
    assert len(gone) == 2 + 3 + 3 + 2 + 3  # words, keys, sealed bytes, tags, salts
    before = [*files(house), plain_names(house)]
    # Before, all but what is only sealed can be found by who has the store's keys: the search below is able to find.
    assert all(any(part in data for data in before) for part in sealed(house, {record, close}))
    done = erase(house, record, "officer-1", "officer-2")
    assert (done["gone"], done["payloads"]) == (True, 3)
    for data in [*files(house), plain_names(house)]:
        for number, part in enumerate(gone):
            assert part not in data, number
    assert house.post("/who", {"texts": ["Another answer, which stays."]})["record"] == keep
    with refused("admin.nobody"):
        house.post("/who", {"texts": [SECRET]})
    with refused("privacy.unknown"):
        house.post("/data/about", {"principal": "user-4711"})


def test_proofs_hold_and_who_still_says_who_answers(house: House) -> None:
    record = house.act("To be erased.")
    before = verify(base64.b64decode(house.post("/who", {"record": record})["receipt"]), trust.parse(house.core.trust))
    done = erase(house, record, "officer-1", "officer-2")
    found = house.post("/who", {"record": record, "texts": ["To be erased."]})
    report = verify(base64.b64decode(found["receipt"]), trust.parse(house.core.trust))
    assert report.party == before.party
    assert report.closing == before.closing
    assert found["content"] == "not_kept"
    assert report.erased is not None
    assert (report.erased.rid, report.erased.basis) == (done["erasure"]["rid"], "gdpr-17")
    listed_ = {row["erasure"]["record"]: row for row in house.get("/erasures")}
    assert listed_[record]["gone"]
    with refused("privacy.erased"):
        erase(house, record, "officer-1", "officer-2")


def test_erasing_takes_two_officers(house: House) -> None:
    record = house.act("Stays.")
    with refused("privacy.officers"):
        erase(house, record, "officer-1")
    with refused("privacy.signer"):
        erase(house, record, "officer-1", "admin")
    with refused("admin.role"):
        erase(house, record, "officer-1", "officer-2", who="admin")
    copy, key = house.start_copy("helper")
    with refused("privacy.signer"):
        erase(house, record, "officer-1", (key, copy))
    with refused("privacy.unknown"):
        erase(house, house.system("base").rid, "officer-1", "officer-2")
    assert house.post("/who", {"texts": ["Stays."]})["record"] == record


@pytest.mark.parametrize("scope", ["record", "party", "system"])
def test_a_legal_hold_blocks_it_until_two_officers_lift_it(house: House, scope: str) -> None:
    record = house.act("Under a hold.")
    party = house.core.book.party(OPERATOR)
    assert party is not None
    of = {"record": record, "party": party.rid, "system": house.system("small").rid}[scope]
    row = hold(house, scope, of, "officer-1")
    with refused("privacy.held"):
        erase(house, record, "officer-1", "officer-2")
    with refused("privacy.officers"):
        hold(house, scope, of, "officer-1", prev=row["rid"])
    assert [each for each in house.get("/legal-holds") if not each["lifted"]] == [row]
    assert house.get("/retention")["holds"] == [row]
    hold(house, scope, of, "officer-1", "officer-2", prev=row["rid"])
    assert erase(house, record, "officer-1", "officer-2")["gone"]


def test_a_failure_on_the_way_is_told_and_ended_later(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    record = house.act("Erased in the end.")

    async def full(leaves: object) -> int:
        raise Unavailable("store.full")

    with monkeypatch.context() as patch:
        patch.setattr(house.core.ledger, "erase", full)
        with refused("privacy.unfinished"):
            erase(house, record, "officer-1", "officer-2")
    assert house.get("/retention")["unfinished"] == 1
    assert {row["erasure"]["record"]: row["gone"] for row in house.get("/erasures")}[record] is False
    with refused("privacy.erased"):  # nobody reads it meanwhile
        grant(house, record, "admin", house.key_of(OPERATOR))
    (done,) = house.post("/erasures/finish", None, "officer-1")
    assert (done["gone"], done["payloads"]) == (True, 2)
    assert house.post("/erasures/finish", None, "officer-1") == []
    assert house.core.book.raw(Space.ERASING, record) is None
    with refused("admin.nobody"):
        house.post("/who", {"texts": ["Erased in the end."]})


def test_saying_it_again_ends_what_failed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    record = house.act("Erased at the second try.")

    async def full(leaves: object) -> int:
        raise Unavailable("store.full")

    with monkeypatch.context() as patch:
        patch.setattr(house.core.ledger, "erase", full)
        with refused("privacy.unfinished"):
            erase(house, record, "officer-1", "officer-2")
    assert erase(house, record, "officer-1", "officer-2")["payloads"] == 2


def test_a_grant_for_what_is_erased_opens_nothing(house: House) -> None:
    record = house.act("Granted, then erased.")
    granted = grant(house, record, "admin", house.key_of(OPERATOR))["rid"]
    assert b"Granted, then erased." in read(house, record, granted, "admin")["out"]
    erase(house, record, "officer-1", "officer-2")
    with refused("privacy.erased"):
        read(house, record, granted, "admin")


def test_the_folder_searched_is_the_stores(house: House) -> None:
    names = {path.name for path in Path(house.store).rglob("*")}
    assert {"log.db", "payloads", "keys"} <= names


NAME = "Rosalind Quillfeather"


def test_what_a_person_is_called_leaves_every_file(tmp_path: Path) -> None:
    house = House(tmp_path / "store")
    try:
        person = f"PERSON-{opaque_id()}"
        rid = house.post("/parties", {"id": person, "name": NAME})["rid"]
        house.run(house._vouch(person, *house.key_of(REGISTRAR, registrar=True)))
        assert house.get(f"/parties/{person}")["party"]["name"] == NAME
        held = [Space.PARTIES, Space.ADMINS]
        for _, row in (each for space in held for each in house.core.book.rows(space)):
            assert NAME.encode() not in row
        leaves = [rid, house.core.book.party(rid).stands]  # type: ignore[union-attr]
        assert all(leaves)
        gone = [NAME.encode(), *sealed(house, set(leaves))]
        for each in leaves:
            kept = house.run(house.services.reader.payload(each, "name"))
            assert kept is not None
            gone.append(kept[0])
        assert len(gone) == 1 + 2 * 2 + 2  # the name; a key and sealed bytes, and a salt, for each leaf
        assert all(any(part in data for data in [*files(house), plain_names(house)]) for part in gone[1:-2])

        standing = hold(house, "party", rid, "officer-1")
        with refused("privacy.held"):
            erase(house, rid, "officer-1", "officer-2")
        hold(house, "party", rid, "officer-1", "officer-2", prev=standing["rid"])
        with refused("privacy.officers"):
            erase(house, rid, "officer-1")
        with refused("privacy.organisation"):
            erase(house, house.core.book.party(OPERATOR).rid, "officer-1", "officer-2")  # type: ignore[union-attr]
        shutil.copytree(house.store / "payloads", tmp_path / "older")
        done = erase(house, rid, "officer-1", "officer-2")
        assert (done["gone"], done["payloads"]) == (True, 2)
        with refused("privacy.erased"):
            erase(house, rid, "officer-1", "officer-2")

        for data in [*files(house), plain_names(house)]:
            for number, part in enumerate(gone):
                assert part not in data, number
        assert house.get(f"/parties/{person}")["party"]["name"] == person
        note, _ = house.run(house.services.reader.prove_all(leaves))  # their proofs hold as ever
        assert note
    finally:
        house.close()
    config = load(environ={}, flags={"store.path": str(house.store)}).config
    found = fsck(config)
    assert (found.sound, found.counts["payloads gone"]) == (True, 2)
    assert asyncio.run(opened(config)) == (person, "officer-1")
    # Payloads from before come back with a backup: what was erased is erased again at the next start.
    shutil.rmtree(house.store / "payloads")
    shutil.copytree(tmp_path / "older", house.store / "payloads")
    assert any(part in data for data in [*files(house), plain_names(house)] for part in gone[1:-2])
    rebuild(config, [])
    assert asyncio.run(opened(config)) == (person, "officer-1")
    for data in [*files(house), plain_names(house)]:
        for number, part in enumerate(gone):
            assert part not in data, number


def test_no_word_for_a_person_writes_the_name_past_its_erasure(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody vouches for the person while the leaves that commit to the name are looked for."""
    person = f"PERSON-{opaque_id()}"
    rid = house.post("/parties", {"id": person, "name": NAME})["rid"]
    key = house.key_of(REGISTRAR, registrar=True)
    look = erasures.person

    async def slow(*about: Any) -> Any:
        found = await look(*about)
        if not house.core.book.party(rid).stands:  # type: ignore[union-attr]
            await house._vouch(person, *key)
        return found

    monkeypatch.setattr(erasures, "person", slow)
    with refused("log.conflict"):
        erase(house, rid, "officer-1", "officer-2")
    assert erase(house, rid, "officer-1", "officer-2")["payloads"] == 2
    stands = house.core.book.party(rid).stands  # type: ignore[union-attr]
    for leaf in (rid, stands):
        assert house.run(house.services.reader.payload(leaf, "name")) is None


def test_a_word_for_a_person_that_was_planned_before_the_erasure_is_not_written(house: House) -> None:
    person = f"PERSON-{opaque_id()}"
    rid = house.post("/parties", {"id": person, "name": NAME})["rid"]
    key, kid = house.key_of(REGISTRAR, registrar=True)
    book, drawn, salted = house.core.book, nonce(), b64u(salt())
    party, registrar = book.party(rid), book.party(REGISTRAR)
    assert party is not None
    assert registrar is not None
    signature = key.sign(
        to_sign(parties.vouch_statement(party, registrar, drawn=drawn, salt=salted), house.core.origin)
    )
    request = VouchParty(party=rid, key=kid, nonce=drawn, salt=salted, signature=b64u(signature))
    planned = parties.vouch(book, request, house.core.now)
    erase(house, rid, "officer-1", "officer-2")
    with refused("log.conflict"):
        house.run(house.core.commit(planned))
    assert not book.party(rid).stands  # type: ignore[union-attr]


async def opened(config: Config) -> tuple[str, str]:
    """(what that person is called now, what an officer is) as a start has it."""
    core = await open_core(config)
    try:
        (erased,) = (row for _, row in core.book.rows(Space.ERASURES))
        party = core.book.party(json.loads(erased)["record"])
        assert party is not None
        names = [admin.name for admin in core.book.admins()]
        return party.name, next(name for name in names if name == "officer-1")
    finally:
        await core.close()
