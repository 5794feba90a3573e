# SPDX-License-Identifier: Apache-2.0
"""Ways round people, tried before a real tool server: a payment that two different people must agree to runs with two
of them, once, and as they saw it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from answerable.app.create import enrol
from answerable.app.people import FOLDER, Person, write
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import salt
from answerable.errors import Refused
from answerable.log.statement import sign
from answerable.model.holds import Ballot, Hold
from answerable.model.leaves import ApprovalLeaf, OpenLeaf, Sig
from answerable.model.terms import AdminRole
from answerable.model.tools import Bound
from answerable.registry import admins
from answerable.registry.requests import WithdrawKey
from answerable.tools import exact, votes
from tests.mcp_servers import Journal
from tests.tool_gate import HELD, Gate, gate

pytestmark = pytest.mark.asyncio(loop_scope="module")
ENVELOPE = (
    Bound(at="/amount", least="0", most="1000"),
    Bound(at="/to", longest=40),
    Bound(at="/currency", optional=True),
)
PAY = msgspec.structs.replace(HELD, approvals=2, envelope=ENVELOPE)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def g(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gate]:
    folder = tmp_path_factory.mktemp("people")
    async with gate(folder, journal=folder / "journal", classes={"pay": PAY}) as made:
        for name in ("anna", "ben", "cleo"):
            person = await enrol(made.core, name, (AdminRole.APPROVER,), made.person("admin").kid)
            write(made.core.config.store_path / FOLDER, person)
        made.journal = Journal(folder / "journal")  # type: ignore[attr-defined]
        yield made


def paid(g: Gate, to: str) -> list[Any]:
    return [line["arguments"]["amount"] for line in g.journal.read("pay") if line["arguments"]["to"] == to]  # type: ignore[attr-defined]


async def pay(g: Gate, to: str, amount: int = 5, hold: str = "", key: str | None = None) -> dict[str, Any]:
    headers = {"answerable-hold": hold} if hold else {}
    asked = {"name": "pay", "arguments": {"to": to, "amount": amount}}
    answer = await g.modern("desk", "tools/call", asked, headers=headers, key=key)
    result: dict[str, Any] = answer.json()["result"]
    return result


async def held(g: Gate, to: str, amount: int = 5) -> Hold:
    meta = (await pay(g, to, amount))["_meta"]["answerable/hold"]
    assert meta["state"] == "pending"
    return row(g, meta["hold"])


def row(g: Gate, hold: str) -> Hold:
    found = g.holds.get(hold)
    assert found is not None
    return found


def signed(g: Gate, leaf: ApprovalLeaf, *people: Person | str) -> ApprovalLeaf:
    sigs = []
    for each in people:
        person = g.person(each) if isinstance(each, str) else each
        sigs.append(sign(leaf, g.core.origin, person.key, person.kid))
    return msgspec.structs.replace(leaf, sigs=sigs)


async def hand_in(g: Gate, leaf: ApprovalLeaf, changed: votes.Changed | None = None) -> None:
    shown = await g.holds.shown(row(g, leaf.hold))
    policy = g.service._policing.digest()
    planned = votes.decide(g.holds, leaf, g.core.now, policy=policy, shown=shown, changed=changed)
    await g.core.ledger.commit(planned.unit)


async def refused(g: Gate, leaf: ApprovalLeaf) -> str:
    with pytest.raises(Refused) as error:
        await hand_in(g, leaf)
    return error.value.code


async def approve(g: Gate, hold: Hold, *people: str) -> None:
    for name in people:
        await hand_in(g, signed(g, votes.statement(row(g, hold.rid), Ballot.APPROVE), name))


async def pending(g: Gate, to: str, hold: Hold) -> None:
    assert (await pay(g, to))["_meta"]["answerable/hold"]["hold"] == hold.rid
    assert paid(g, to) == []


async def test_two_different_people_and_then_once(g: Gate) -> None:
    hold = await held(g, "Two")
    await approve(g, hold, "anna")
    await pending(g, "Two", hold)
    leaf = signed(g, votes.statement(hold, Ballot.APPROVE), "anna")
    assert await refused(g, leaf) == "hold.twice"
    await pending(g, "Two", hold)
    await approve(g, hold, "ben")
    results = await asyncio.gather(*(pay(g, "Two") for _ in range(20)))
    assert paid(g, "Two") == [5]
    assert {result["content"][0]["text"] for result in results} == {"Paid 5 EUR to Two."}
    uses = [leaf for leaf in await g.opens() if leaf.x and isinstance(leaf.x, dict) and "answerable.hold" in leaf.x]
    assert [leaf.x["answerable.hold"] for leaf in uses].count(hold.rid) == 1  # type: ignore[index]


async def test_who_is_no_approver_does_not_count(g: Gate) -> None:
    hold = await held(g, "Nobody")
    bare = votes.statement(hold, Ballot.APPROVE)
    for name in ("admin", "officer-1", "officer-2"):
        assert await refused(g, signed(g, bare, name)) == "hold.signer"
    # The agent's own copy, with its own key, under its own name and under an approver's.
    stranger = Key.generate()
    for kid in (hold.copy, g.agent.rid, "nobody"):
        assert await refused(g, signed(g, bare, Person("agent", kid, (), stranger))) == "hold.signer"
    forged = Person("agent", g.person("anna").kid, (), stranger)
    assert await refused(g, signed(g, bare, forged)) == "hold.signature"
    await pending(g, "Nobody", hold)


async def test_a_vote_for_another_hold_does_not_move(g: Gate) -> None:
    small, large = await held(g, "Small", 1), await held(g, "Large", 900)
    await approve(g, large, "anna")
    leaf = signed(g, votes.statement(small, Ballot.APPROVE), "ben")
    moved = msgspec.structs.replace(leaf, hold=large.rid, dig=large.dig, exp=large.exp)
    assert await refused(g, moved) == "hold.signature"
    both = msgspec.structs.replace(
        moved, sigs=[*signed(g, votes.statement(large, Ballot.APPROVE), "cleo").sigs, *moved.sigs]
    )
    assert await refused(g, both) == "hold.signature"
    await hand_in(g, leaf)
    assert await refused(g, leaf) in ("hold.twice", "hold.replayed")
    assert paid(g, "Large") == []


async def test_other_arguments_after_approval_wait_anew(g: Gate) -> None:
    hold = await held(g, "Mallory", 5)
    await approve(g, hold, "anna", "ben")
    result = await pay(g, "Mallory", 500, hold.rid)
    assert result["_meta"]["answerable/error"]["code"] == "hold.mismatch"
    other = (await pay(g, "Mallory", 500))["_meta"]["answerable/hold"]["hold"]
    assert other != hold.rid
    assert paid(g, "Mallory") == []


async def test_what_an_approver_changes_is_judged_by_the_whole_path(g: Gate) -> None:
    for amount, runs in ((7, [7]), (5_000, [])):
        to = f"Changed {amount}"
        hold = await held(g, to, 40)
        changed = votes.Changed(salt(), exact.with_arguments(await g.holds.shown(hold), {"to": to, "amount": amount}))
        leaf = signed(g, votes.statement(hold, Ballot.MODIFY, changed=changed), "anna")
        await hand_in(g, leaf, changed)
        assert (await pay(g, to, 40))["_meta"]["answerable/hold"]["have"] == 1
        await approve(g, hold, "ben")
        result = await pay(g, to, 40)
        assert paid(g, to) == runs
        if runs:
            assert result["content"][0]["text"] == f"Paid 7 EUR to {to}."
            opened = [leaf for leaf in await g.opens() if leaf.dec == "permit"][-1]
            assert isinstance(opened, OpenLeaf)
            assert isinstance(opened.x, dict)
            assert (opened.x["answerable.hold"], opened.x["answerable.tool"]["mod"]) == (hold.rid, True)
        else:
            assert result["_meta"]["answerable/error"]["code"] == "tool.envelope", "what is outside stays outside"
            assert row(g, hold.rid).spent == ""


async def test_a_rejected_call_is_refused_and_a_withdrawn_word_counts_no_more(g: Gate) -> None:
    hold = await held(g, "Withdrawn")
    dora = await enrol(g.core, "dora", (AdminRole.APPROVER,), g.person("admin").kid)
    await approve(g, hold, "anna")
    await hand_in(g, signed(g, votes.statement(row(g, hold.rid), Ballot.APPROVE), dora))
    request = WithdrawKey(key=dora.kid)
    await g.core.commit(admins.withdraw(g.core.book, request, g.core.now, by=g.person("admin").kid))
    assert (await pay(g, "Withdrawn"))["_meta"]["answerable/hold"]["have"] == 1
    assert paid(g, "Withdrawn") == []
    await hand_in(g, signed(g, votes.statement(row(g, hold.rid), Ballot.REJECT), "cleo"))
    assert (await pay(g, "Withdrawn"))["_meta"]["answerable/error"]["code"] == "hold.rejected"
    assert paid(g, "Withdrawn") == []


async def test_a_signature_more_or_less_changes_nothing(g: Gate) -> None:
    hold = await held(g, "Signatures")
    leaf = signed(g, votes.statement(hold, Ballot.APPROVE), "anna", "anna")
    await hand_in(g, leaf)
    assert len(row(g, hold.rid).votes) == 1
    empty = msgspec.structs.replace(votes.statement(hold, Ballot.APPROVE), sigs=[Sig(key="", sig="")])
    assert await refused(g, empty) == "hold.signer"
    await pending(g, "Signatures", hold)
