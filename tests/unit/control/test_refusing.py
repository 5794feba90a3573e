# SPDX-License-Identifier: Apache-2.0
"""Every refusal of a bad order is recorded: of known people one by one, of others counted."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec
import pytest

from answerable.cli.client import exchange
from answerable.cli.session import url
from answerable.control.seldom import A_MINUTE, Seldom
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.errors import AnswerableError
from answerable.log.leaf import decode
from answerable.log.roster import key_id
from answerable.log.statement import sign
from answerable.model.leaves import Leaf, RefusalsLeaf, RefusedLeaf
from answerable.model.terms import OrderKind
from answerable.stops import orders
from answerable.stops.planned import Reason
from tests.unit.control.house import House

ORIGIN = "demo.invalid"


def leaves(house: House, kind: type[Leaf]) -> list[Any]:
    async def every() -> list[bytes]:
        reader = house.core.reader
        return list(await reader.tail(0, await reader.size()))

    return [leaf for leaf in map(decode, house.run(every())) if isinstance(leaf, kind)]


def body(house: House, *signers: tuple[Key, str], reason: str = "it must") -> dict[str, Any]:
    why = Reason.of("it must")
    leaf = orders.statement(house.core.book, kind=OrderKind.SUSPEND, root="other", reason=why)
    sigs = [sign(leaf, ORIGIN, key, kid) for key, kid in signers]
    order = msgspec.to_builtins(msgspec.structs.replace(leaf, sigs=sigs))
    return {"order": order, "reason": reason, "salt": b64u(why.salt)}


def of(house: House, name: str) -> tuple[Key, str]:
    person = house.person(name)
    return person.key, person.kid


def test_a_bad_order_of_a_known_officer_stands_in_the_log(house: House) -> None:
    bad = body(house, of(house, "officer-1"), reason="another reason")
    with pytest.raises(AnswerableError, match=r"stop\.malformed"):
        house.post("/stops", bad, "officer-1")
    (found,) = leaves(house, RefusedLeaf)
    assert (found.by, found.err, found.of) == (house.person("officer-1").kid, "stop.malformed", "order")
    assert found.root == house.system("other").rid
    assert found.dig == hashlib.sha256(json.dumps(bad, ensure_ascii=False).encode()).hexdigest()


def test_a_person_without_the_role_and_a_body_of_another_form_too(house: House) -> None:
    before = len(leaves(house, RefusedLeaf))
    with pytest.raises(AnswerableError, match=r"admin\.role"):
        house.post("/stops", body(house, of(house, "officer-1")))
    with pytest.raises(AnswerableError, match=r"admin\.request"):
        house.post("/stops", {"order": 1}, "officer-2")
    with pytest.raises(AnswerableError, match=r"stop\.order_unknown"):
        leaf = msgspec.to_builtins(orders.release_statement("a" * 32))
        house.post("/stops/release", {"release": leaf}, "officer-2")
    new = leaves(house, RefusedLeaf)[before:]
    assert [(each.err, each.by, each.of) for each in new] == [
        ("admin.role", house.person("admin").kid, "order"),
        ("admin.request", house.person("officer-2").kid, "order"),
        ("stop.order_unknown", house.person("officer-2").kid, "release"),
    ]


def test_an_unknown_key_is_counted_and_grows_no_log(house: House) -> None:
    before = len(leaves(house, RefusedLeaf))
    stranger = Key.generate()
    data = json.dumps(body(house, (stranger, key_id(stranger.public)))).encode()
    for _ in range(5):
        with pytest.raises(AnswerableError, match=r"stop\.not_officer"):
            exchange(house.store / "control.sock", "POST", url("/stops/signed"), data, {})
    assert len(leaves(house, RefusedLeaf)) == before
    for _ in range(100):
        counted = sum(leaf.num.get("stop.not_officer", 0) for leaf in leaves(house, RefusalsLeaf))
        if counted >= 5:
            break
        import time

        time.sleep(0.1)
    assert counted == 5


def test_who_signed_what_anyone_carries_is_named(house: House) -> None:
    """An officer's signature under a statement that is refused for another reason."""
    before = len(leaves(house, RefusedLeaf))
    data = json.dumps(body(house, of(house, "officer-2"), reason="x")).encode()
    with pytest.raises(AnswerableError, match=r"stop\.malformed"):
        exchange(house.store / "control.sock", "POST", url("/stops/signed"), data, {})
    (found,) = leaves(house, RefusedLeaf)[before:]
    assert (found.by, found.err) == (house.person("officer-2").kid, "stop.malformed")


def test_who_floods_is_counted_like_a_stranger() -> None:
    seldom = Seldom()
    assert [seldom.allows("a", 1_000) for _ in range(A_MINUTE + 2)] == [True] * A_MINUTE + [False] * 2
    assert seldom.allows("b", 1_000)
    assert seldom.allows("a", 61_001)
