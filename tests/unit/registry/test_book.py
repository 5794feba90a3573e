# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.errors import Unavailable
from answerable.model.records import Handle
from answerable.model.terms import AdminRole, Relation, SystemKind
from answerable.model.units import EPOCH, Drop, Put, Space
from answerable.ports import Directory
from answerable.registry import admins, copies
from answerable.registry.book import Book
from answerable.registry.planned import encode_row
from answerable.registry.requests import EndCopy, WithdrawKey
from tests.small_registry import DOMAIN, Registry, digest


@pytest.fixture
def registry() -> Registry:
    registry = Registry()
    firm = registry.party(vouched=True)
    base = registry.system(firm, "base", digests=(digest("w"),))
    registry.system(firm, "twin", digests=(digest("w"),))
    small = registry.system(firm, "small", edges=[(base, Relation.QUANTIZED)])
    registry.system(firm, "app", kind=SystemKind.APPLICATION, edges=[(small, Relation.USES)])
    registry.copy(base)
    ended = registry.copy(base)
    registry.commit(copies.end(registry.book, EndCopy(copy=ended), registry.now))
    registry.admin(registry.person(), AdminRole.OFFICER)
    registry.stop(small)
    return registry


def shown(book: Book) -> dict[str, Any]:
    systems = list(book.systems())
    return {
        "domain": book.domain,
        "epoch": book.epoch,
        "parties": list(book.parties()),
        "systems": systems,
        "names": {s.name: book.system(s.name) for s in systems},
        "numbers": {s.num: book.by_number(s.num) for s in systems},
        "children": {s.rid: list(book.children(s.rid)) for s in systems},
        "copies": {s.rid: list(book.copies_of(s.rid)) for s in systems},
        "all": list(book.copies()),
        "digest": list(book.by_digest(digest("w"))),
        "admins": list(book.admins()),
        "keys": list(book.party_keys()),
        "stops": list(book.stops()),
        "handles": list(book.handles()),
    }


def test_after_a_restart_the_book_is_the_same(registry: Registry) -> None:
    assert shown(registry.reload()) == shown(registry.book)
    order_turned = Book.load(DOMAIN, lambda space: reversed(list(registry.rows[space].items())))
    assert {k: len(v) for k, v in shown(order_turned).items() if isinstance(v, list | dict)} == {
        k: len(v) for k, v in shown(registry.book).items() if isinstance(v, list | dict)
    }
    assert order_turned.system("base") == registry.book.system("base")


def test_look_ups(registry: Registry) -> None:
    book: Directory = registry.book
    base = book.system("base")
    assert base is not None
    assert len(list(book.copies_of(base.rid))) == 1
    assert [(child.name, relation) for child, relation in book.children(base.rid)] == [("small", "quantized")]
    assert [system.name for system in book.by_digest(digest("w"))] == ["base", "twin"]
    assert book.by_number(base.num) == base
    assert book.raw(Space.SYSTEMS, base.rid) == encode_row(base)
    assert book.raw(Space.OPENS, "x") is None
    assert dict(registry.book.rows(Space.PARTY_IDS)) == registry.rows[Space.PARTY_IDS]
    assert list(registry.book.rows(Space.OPENS)) == []
    assert registry.book.epoch == 1
    assert book.system("") is book.party("") is book.copy("") is book.admin("") is book.handle("") is None
    assert list(book.by_digest("x")) == list(book.children("x")) == list(book.copies_of("x")) == []
    assert book.by_number(0) is None


def test_handles_come_and_go_and_the_kept_rows_stay(registry: Registry) -> None:
    row = Handle(rid="h", digest="d", copy="c", binding="unix", since=1, expires=2)
    registry.book.apply([Put(Space.HANDLES, "d", encode_row(row))])
    assert registry.book.handle("d") == row
    registry.book.apply([Drop(Space.HANDLES, "d")])
    assert registry.book.handle("d") is None
    base = registry.book.system("base")
    assert base is not None
    with pytest.raises(Unavailable, match=r"system\.damaged"):
        registry.book.apply([Drop(Space.SYSTEMS, base.rid)])


def test_changes_counts_what_changes_the_registry_and_nothing_else(registry: Registry) -> None:
    before = registry.book.changes
    registry.book.apply([Put(Space.OPENS, "r", b"1"), Drop(Space.OPENS, "r")])
    registry.book.apply([])
    assert registry.book.changes == before
    registry.book.apply([Put(Space.COUNTERS, EPOCH, b"7")])
    assert (registry.book.changes, registry.book.epoch) == (before + 1, 7)


def damage(registry: Registry, space: Space, key: str, value: bytes) -> str:
    registry.rows[space][key] = value
    with pytest.raises(Unavailable) as caught:
        registry.reload()
    assert caught.value.code == "system.damaged"
    return str(caught.value.params["row"])


def test_rows_that_contradict_each_other_are_no_start(registry: Registry) -> None:
    base, small = registry.book.system("base"), registry.book.system("small")
    assert base is not None
    assert small is not None
    circle = msgspec.structs.replace(base, edges=(msgspec.structs.replace(small.edges[0], parent=small.rid),))
    assert damage(registry, Space.SYSTEMS, base.rid, encode_row(circle)) == f"systems/{base.rid}"
    nobody = msgspec.structs.replace(base, parties=())
    assert damage(registry, Space.SYSTEMS, base.rid, encode_row(nobody)) == f"systems/{base.rid}"
    assert damage(registry, Space.SYSTEMS, base.rid, b"{}") == f"systems/{base.rid}"
    registry.rows[Space.SYSTEMS][base.rid] = encode_row(base)
    copy = next(iter(registry.book.copies()))
    lost = msgspec.structs.replace(copy, system="nowhere")
    assert damage(registry, Space.COPIES, copy.rid, encode_row(lost)) == f"copies/{copy.rid}"


def test_no_row_holds_what_a_person_is_called(registry: Registry) -> None:
    person = registry.person("Ann Arbor")
    registry.vouch(person)
    registry.admin(person, AdminRole.OFFICER, by=registry.administrator())
    book = registry.book
    for space in Space:
        for name, row in book.rows(space):
            assert b"Ann Arbor" not in row + name.encode(), space
    (officer,) = (admin for admin in book.admins() if admin.person == person.rid)
    found = book.party(person.id)
    assert found is not None
    assert (found.name, officer.name) == ("Ann Arbor", "Ann Arbor")
    by_kid = book.admin(officer.rid)
    assert by_kid is not None
    assert by_kid.name == "Ann Arbor"
    # What changes a row later takes the name into it no more than what made it.
    registry.commit(admins.withdraw(book, WithdrawKey(key=officer.rid), registry.now, by=registry.administrator()))
    assert all(b"Ann Arbor" not in row for _, row in book.rows(Space.ADMINS))
    # An erasure is forgotten by memory too, and nothing that is told afterwards brings it back.
    book.apply([Put(Space.ERASURES, person.rid, b"{}")])
    book.learn(registry.payloads)
    found = book.party(person.id)
    assert found is not None
    assert found.name == person.id
    assert {admin.name for admin in book.admins() if admin.person == person.rid} == {person.id}
