# SPDX-License-Identifier: Apache-2.0
"""What an enrolled node may ask, and who is told nothing."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from answerable.admission import node_answer, proof
from answerable.app.node_card import Card, read_card
from answerable.app.node_create import node_key
from answerable.app.node_desk import PREFIX, NodeDesk, audience
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.errors import Refused
from answerable.log.leaf import decode
from answerable.log.statement import to_sign
from answerable.registry import copies, nodes
from answerable.registry.requests import StartCopy, WithdrawKey
from tests.small_nodes import Plane, client, joined, plane


@dataclass
class Asking:
    control: Plane
    card: Card
    key: Key

    @property
    def desk(self) -> NodeDesk:
        return self.control.service.node_desk

    async def ask(self, method: str, verb: str, query: str = "", body: Any = None, key: Key | None = None) -> Any:
        target = f"{PREFIX}{verb}?n=abc{query}"
        data = b"" if body is None else msgspec.json.encode(body)
        core = self.control.core
        token = proof.make(
            key or self.key, typ=proof.NODE, kid=self.card.node, origin=core.origin, method=method, path=target,
            body=data, now_ms=core.now,
        )  # fmt: skip
        raw = await self.desk.answer(method, target, f"Proof {token}", data)
        return msgspec.json.decode(node_answer.read(raw, origin=core.origin, nonce="abc", public=self.card.public))

    async def copy(self, name: str, *, node: str = "") -> str:
        core, key = self.control.core, Key.generate()
        system = core.book.system(name) or await self.control.system(name)
        draft = StartCopy(
            system=system.rid, key=b64u(key.public), nonce=nonce(), signature="", endpoint="https://x.invalid/"
        )
        signature = b64u(key.sign(to_sign(copies.start_statement(system, draft), core.origin)))
        request = msgspec.structs.replace(draft, signature=signature)
        return await core.commit(copies.start(core.book, request, core.now, node=node))

    async def warrant(self, copy: str, seq: int = 1, drawn: str = "AAAAAAAAAAAAAAAAAAAAAA") -> dict[str, Any]:
        told = await self.ask("POST", "warrants", body={"asks": [{"copy": copy, "nonce": drawn, "seq": seq}]})
        assert told["orders"] == []
        (answer,) = told["answers"]
        return dict(answer)


@pytest.fixture
async def asking(tmp_path: Path) -> AsyncIterator[Asking]:
    async with plane(tmp_path / "control") as control:
        settings = await joined(control, tmp_path / "node")
        yield Asking(control, read_card(settings.store_path), node_key(settings.store_path))


async def test_only_an_enrolled_node_is_told_anything(asking: Asking) -> None:
    assert (await asking.ask("GET", "directory"))["whole"]
    with pytest.raises(Refused, match=r"admin\.unsigned"):
        await asking.ask("GET", "directory", key=Key.generate())
    with pytest.raises(Refused, match=r"admin\.unsigned"):
        await asking.desk.answer("GET", f"{PREFIX}directory", "", b"")
    with pytest.raises(Refused, match=r"admin\.path"):
        await asking.ask("GET", "nothing")
    core = asking.control.core
    admin = next(iter(core.book.admins())).rid
    await core.commit(nodes.withdraw(core.book, WithdrawKey(key="berlin"), core.now, by=admin))
    with pytest.raises(Refused, match=r"admin\.unknown_key"):
        await asking.ask("GET", "directory")


async def test_it_is_given_warrants_for_its_own_copies_and_those_behind_handles(asking: Asking) -> None:
    own = await asking.copy("own", node=asking.card.node)
    other = await asking.copy("other")
    first = await asking.warrant(own)
    assert first["token"]
    assert (await asking.warrant(own, 2))["token"]
    assert (await asking.warrant(own, 2))["code"] == "warrant.replayed"
    assert (await asking.warrant(other))["code"] == "node.not_its"
    assert (await asking.warrant("nobody"))["code"] == "warrant.unregistered"
    caller, _ = await client(asking.control)
    (behind,) = asking.control.core.book.copies_of(caller.rid)
    assert (await asking.warrant(behind.rid))["token"]
    again = await asking.warrant(own, drawn="BBBBBBBBBBBBBBBBBBBBBB")
    assert again["code"] == "warrant.clone", "another boot waits for the end of this one"
    assert (await asking.ask("POST", "return", body={"asks": [{"copy": own, "nonce": "A" * 22, "seq": 2}]})) == {
        "returned": 1
    }
    assert (await asking.warrant(own, drawn="BBBBBBBBBBBBBBBBBBBBBB"))["token"], "which was given back"


async def test_copies_that_it_starts_name_it_and_only_it_ends_them(asking: Asking) -> None:
    core, key = asking.control.core, Key.generate()
    system = await asking.control.system("served")
    draft = StartCopy(system=system.rid, key=b64u(key.public), nonce=nonce(), signature="", process="pid:1:1")
    signature = b64u(key.sign(to_sign(copies.start_statement(system, draft), core.origin)))
    told = await asking.ask("POST", "copies", body=msgspec.structs.replace(draft, signature=signature))
    copy = core.book.copy(told["rid"])
    assert copy is not None
    assert copy.node == asking.card.node
    with pytest.raises(Refused, match=r"node\.not_its"):
        await asking.ask("POST", "copies/end", body={"copy": await asking.copy("other")})
    await asking.ask("POST", "copies/end", body={"copy": copy.rid})
    assert not list(core.book.copies_of(system.rid))


async def test_what_a_record_leads_to_is_carried_the_older_first(asking: Asking) -> None:
    copy = await asking.copy("own", node=asking.card.node)
    carried = await asking.ask("GET", "leaves", f"&copy={copy}")
    kinds = [decode(_b64(each["leaf"])).k for each in carried]
    assert kinds[-1] == "copy"
    assert set(kinds) == {"party", "system", "copy"}
    assert kinds.index("party") < kinds.index("system") < kinds.index("copy")
    names = [_b64(each["name"]).decode() for each in carried if each["name"]]
    assert "own" in names
    with pytest.raises(Refused, match=r"node\.not_its"):
        await asking.ask("GET", "leaves", f"&copy={await asking.copy('other')}")


async def test_a_checkpoint_that_its_own_log_did_not_sign_or_that_shrinks_is_not_recorded(asking: Asking) -> None:
    assert await asking.ask("GET", "recorded") == {"size": 0}
    foreign = (await asking.control.core.reader.checkpoint()).decode()
    with pytest.raises(Refused, match=r"node\.checkpoint"):
        await asking.ask("POST", "checkpoint", body={"note": foreign})
    with pytest.raises(Refused, match=r"admin\.request"):
        await asking.ask("POST", "checkpoint", body={"notes": 1})
    row = nodes.in_force(asking.control.core.book, "berlin")
    assert audience(asking.control.core.book.domain, row) == "spiffe://unit.invalid/gateway/berlin"


def _b64(text: str) -> bytes:
    return base64.b64decode(text)


async def test_warrants_come_with_the_orders_that_they_name(asking: Asking) -> None:
    own = await asking.copy("own", node=asking.card.node)
    other = await asking.control.system("other")
    assert asking.control.service.plane is not None
    stop = await asking.control.suspend(other.rid)
    message = (await asking.control.service.plane.message(stop)).decode()
    for known, orders in ((-1, []), (0, [message]), (1, [])):
        asks = [{"copy": own, "nonce": "A" * 22, "seq": known + 2}]
        told = await asking.ask("POST", "warrants", body={"asks": asks, "known": known})
        assert (told["orders"], bool(told["answers"][0]["token"])) == (orders, True)


async def test_what_its_gate_let_in_is_heard_of_the_canary_alone(asking: Asking) -> None:
    own = await asking.copy("own", node=asking.card.node)
    desk = asking.desk
    with pytest.raises(Refused, match=r"node\.not_its"):
        await asking.ask("POST", "admitted", body={"copy": own})
    assert desk.perched(own) == frozenset()
    copy = asking.control.core.book.copy(own)
    assert copy is not None
    desk._canary = lambda: copy.system
    assert "token" in await asking.warrant(own)
    assert desk.perched(own) == frozenset(), "a warrant is not yet a gate's word"
    assert await asking.ask("POST", "admitted", body={"copy": own}) == {"admitted": 1}
    assert desk.perched(own) == {asking.card.node}
