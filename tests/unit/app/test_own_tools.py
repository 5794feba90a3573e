# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest

from answerable.app.core import Core
from answerable.app.own_tools import CLASSES, OwnTools
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce, salt
from answerable.errors import Refused
from answerable.log.leaf import rid as rid_of
from answerable.log.statement import to_sign
from answerable.model.leaves import OpenLeaf, SystemLeaf
from answerable.model.records import System
from answerable.model.terms import AdminRole, Audience, Relation, Role, SystemKind
from answerable.policy.worlds import floor
from answerable.registry import copies, keys, making, parties, systems
from answerable.registry.ids import unassigned_lei
from answerable.registry.requests import (
    ComputeSpec,
    EnrolKey,
    PartySpec,
    RegisterParty,
    RegisterSystem,
    StartCopy,
    VouchParty,
)
from answerable.tools import classes
from answerable.tools.holds import SPENDS
from tests.small_registry import digest
from tests.tool_gate import Gate, gate
from tests.unit.app.small_store import OPERATOR, made

CHILD = {"name": "Child", "version": "1", "kind": "agent", "uses": []}


def run(work: Callable[[Gate], Coroutine[Any, Any, None]], path: Path, **flags: Any) -> None:
    async def all_of_it() -> None:
        async with gate(path, own=True, classes=CLASSES, **flags) as it:
            await work(it)

    asyncio.run(all_of_it())


async def call(it: Gate, name: str, /, **arguments: Any) -> dict[str, Any]:
    answer = await it.modern("answerable", "tools/call", {"name": name, "arguments": arguments})
    body = answer.json()
    assert "result" in body, body
    result: dict[str, Any] = body["result"]
    return result


def starting(it: Gate, system: System, **more: Any) -> dict[str, Any]:
    key, drawn = Key.generate(), nonce()
    draft = StartCopy(system=system.rid, key=b64u(key.public), nonce=drawn, signature="", endpoint="http://127.0.0.1/")
    draft = msgspec.structs.replace(draft, **more)
    proof = b64u(key.sign(to_sign(copies.start_statement(system, draft), it.core.origin)))
    return {
        "system": system.rid, "key": draft.key, "nonce": drawn, "signature": proof, "endpoint": draft.endpoint,
    }  # fmt: skip


async def vouched(it: Gate) -> None:
    """A registrar's word for the operator: nobody above tier 0 acts for a party that is not identified."""
    core, key = it.core, Key.generate()
    request = RegisterParty(id=unassigned_lei("registrar"), name="Registrar")
    registrar = core.book.party(await core.commit(parties.register(core.book, request, core.now)))
    party, admin = core.book.party(OPERATOR), core.book.admin(it.person("admin").kid)
    assert party is not None
    assert registrar is not None
    assert admin is not None
    draft = EnrolKey(party=registrar.rid, key=b64u(key.public), nonce=nonce(), signature="", registrar=True)
    signature = b64u(key.sign(to_sign(keys.enrol_statement(registrar, draft), core.origin)))
    enrolled = keys.enrol(core.book, msgspec.structs.replace(draft, signature=signature), core.now, by=admin.rid)
    rid, drawn, salted = await core.commit(enrolled), nonce(), b64u(salt())
    leaf = parties.vouch_statement(party, registrar, drawn=drawn, salt=salted)
    signature = b64u(key.sign(to_sign(leaf, core.origin)))
    word = VouchParty(party=party.rid, key=rid, nonce=drawn, salt=salted, signature=signature)
    await core.commit(parties.vouch(core.book, word, core.now))


def test_what_ships_is_fit_to_be_classified(tmp_path: Path) -> None:
    async def look() -> None:
        core = await made(tmp_path)
        own = OwnTools(core, "answerable")
        assert {each.name for each in own.definitions()} == CLASSES.keys()
        for each in own.definitions():
            classes.check(CLASSES[each.name], each, floor)
            assert own.definition(each.name) == each
        assert own.refused() == ()
        with pytest.raises(Refused, match=r"tool\.nowhere"):
            await own.call("tools/call", b"{}", stream=False)
        await core.close()

    asyncio.run(look())


def test_an_agent_registers_a_child_that_answers_to_the_same_party(tmp_path: Path) -> None:
    async def work(it: Gate) -> None:
        done = await call(it, "register_system", **CHILD)
        assert not done.get("isError"), done
        child = it.core.book.system("Child")
        assert child is not None
        assert done["structuredContent"] == {"rid": child.rid, "id": child.id, "tier": 0, "tools": []}
        assert [(edge.parent, edge.relation) for edge in child.edges] == [(it.agent.rid, Relation.MADE)]
        assert {entry.party for entry in child.parties} == {it.agent.parties[0].party}
        assert it.agent.num in child.ancestors
        leaves = await it.leaves()
        opened = [leaf for leaf in leaves if isinstance(leaf, OpenLeaf)][-1]
        assert (opened.sys, opened.act, opened.dec) == (it.agent.rid, "tool_call", "permit")
        (leaf,) = [leaf for leaf in leaves if isinstance(leaf, SystemLeaf) and leaf.id == child.id]
        assert isinstance(leaf.x, dict)
        maker = it.core.book.copy(leaf.x["answerable.maker"]["rid"])
        assert maker is not None
        assert maker.system == it.agent.rid
        again = await call(it, "register_system", **CHILD)  # the same call is the same registration
        assert again["structuredContent"] == done["structuredContent"]
        assert len([leaf for leaf in await it.leaves() if isinstance(leaf, SystemLeaf)]) == len(
            [leaf for leaf in leaves if isinstance(leaf, SystemLeaf)]
        )
        listed = (await call(it, "list_made"))["structuredContent"]["systems"]
        assert [(each["rid"], each["maker"], each["copies"]) for each in listed] == [(child.rid, it.agent.id, [])]

    run(work, tmp_path)


@pytest.mark.parametrize(
    ("asked", "right"),
    [
        ({"audience": "public"}, "tier"),
        ({"worlds": ["information", "physical"]}, "tier"),
        ({"max_criticality": "sensitive"}, "tier"),
        ({"capabilities": ["systems.start"]}, "tier"),
        ({"kind": "model", "capabilities": ["text"]}, "tier"),
    ],
)
def test_nothing_beyond_its_own_rights_is_registered_or_asked_of_people(
    tmp_path: Path, asked: dict[str, Any], right: str
) -> None:
    async def work(it: Gate) -> None:
        before = it.core.book.changes
        answer = await it.modern(
            "answerable", "tools/call", {"name": "register_system", "arguments": CHILD | {"name": "More"} | asked}
        )
        said = answer.text
        assert "system.beyond" in said, said
        assert it.core.book.system("More") is None
        assert it.core.book.changes == before
        refused = (await it.opens())[-1]
        assert (refused.dec, refused.err) == ("refuse", "system.beyond")
        assert right in said

    run(work, tmp_path)


def test_what_is_above_the_lowest_tier_is_registered_once_a_person_agrees(tmp_path: Path) -> None:
    async def work(it: Gate) -> None:
        await vouched(it)
        stated = {"audience": "public", "licence": "Apache-2.0", "compute": {"petaflop": 1}}
        public = await it.register("Speaker", audience=Audience.PUBLIC, licence="Apache-2.0", digests=(digest("a"),))
        assert public.tier == 1
        it.key = await it.issue(public)
        asked = CHILD | stated | {"name": "Above", "digests": [digest("b")]}
        pending = await call(it, "register_system", **asked)
        opened = (await it.opens())[-1]
        assert (opened.sys, opened.dec, opened.err) == (public.rid, "hold", "action.held"), pending
        assert it.core.book.system("Above") is None
        (waiting,) = it.holds.all()
        assert (waiting.people, waiting.tool) == (1, "register_system")
        assert waiting.rid in {rid_of(data) for data in await it.core.reader.tail(0, 100_000)}
        await call(it, "register_system", **asked)
        assert it.core.book.system("Above") is None, "nobody has agreed yet"
        await it.vote(waiting.rid)
        done = await call(it, "register_system", **asked)
        assert not done.get("isError"), done
        above = it.core.book.system("Above")
        assert above is not None
        assert (above.tier, done["structuredContent"]["rid"]) == (1, above.rid)
        assert [(edge.parent, edge.relation) for edge in above.edges] == [(public.rid, Relation.MADE)]
        ran = (await it.opens())[-1]
        assert isinstance(ran.x, dict)
        assert (ran.dec, ran.x[SPENDS]) == ("permit", waiting.rid)

    run(work, tmp_path)


def test_a_child_of_a_lower_tier_calls_nothing_that_its_maker_may_not(tmp_path: Path) -> None:
    """Each is asked for the same tool, which is for tier 0; the list says what the path says."""

    async def work(it: Gate) -> None:
        await vouched(it)
        low = msgspec.structs.replace(CLASSES["list_made"], max_tier=0)
        await it.classify("answerable", {"list_made": low})
        public = await it.register("Speaker", audience=Audience.PUBLIC, licence="Apache-2.0", digests=(digest("a"),))
        it.key = await it.issue(public)
        done = await call(it, "register_system", **CHILD, tools=["answerable/list_made"])
        assert not done.get("isError"), done
        child = it.core.book.system("Child")
        assert child is not None
        assert (public.tier, child.tier) == (1, 0)
        other = await it.register("Other")
        for system, allowed in ((public, False), (child, False), (other, True)):
            it.key = await it.issue(system)
            listed = (await it.modern("answerable", "tools/list")).json()["result"]["tools"]
            assert ("list_made" in {tool["name"] for tool in listed}) is allowed, system.name
            answer = await it.modern("answerable", "tools/call", {"name": "list_made", "arguments": {}})
            assert ("tool.tier" not in answer.text) is allowed, answer.text
            opened = (await it.opens())[-1]
            assert (opened.sys, opened.dec == "permit") == (system.rid, allowed)
            assert opened.tier == (0 if allowed else 1)

    run(work, tmp_path)


@pytest.mark.parametrize("relation", [Relation.QUANTIZED, Relation.FINETUNE, Relation.DISTILLED])
def test_what_it_trains_or_quantizes_is_its_child_once_two_people_agree(tmp_path: Path, relation: Relation) -> None:
    """An agent that derives another from itself is its parent by that very relation."""

    async def work(it: Gate) -> None:
        asked = CHILD | {"name": "Derived", "relation": relation.value}
        await call(it, "register_system", **asked)
        opened = (await it.opens())[-1]
        assert (opened.sys, opened.dec, opened.err) == (it.agent.rid, "hold", "action.held")
        (waiting,) = it.holds.all()
        assert waiting.people == 2
        await it.vote(waiting.rid)
        await call(it, "register_system", **asked)
        assert it.core.book.system("Derived") is None, "one of two has agreed"
        await it.vote(waiting.rid, person="second")
        done = await call(it, "register_system", **asked)
        derived = it.core.book.system("Derived")
        assert derived is not None, done
        assert [(edge.parent, edge.relation) for edge in derived.edges] == [(it.agent.rid, relation)]
        assert it.agent.num in derived.ancestors
        assert derived.tier <= it.agent.tier
        (leaf,) = [each for each in await it.leaves() if isinstance(each, SystemLeaf) and each.id == derived.id]
        assert [(edge.p, edge.rel) for edge in leaf.edges] == [(it.agent.rid, relation.value)]

    run(work, tmp_path, staff=(("second", (AdminRole.APPROVER,)),))


def test_a_copy_of_what_it_made_is_started_once_a_person_agrees(tmp_path: Path) -> None:
    async def work(it: Gate) -> None:
        await call(it, "register_system", **CHILD)
        child = it.core.book.system("Child")
        assert child is not None
        asked = starting(it, child)
        pending = await call(it, "start_copy", **asked)
        hold = (await it.opens())[-1]
        assert (hold.dec, hold.err) == ("hold", "action.held"), pending
        assert not list(it.core.book.copies_of(child.rid))
        (waiting,) = it.holds.all()
        await it.vote(waiting.rid)
        done = await call(it, "start_copy", **asked)
        assert not done.get("isError"), done
        (copy,) = it.core.book.copies_of(child.rid)
        assert done["structuredContent"] == {"rid": copy.rid, "id": copy.id}
        ended = await call(it, "end_copy", copy=copy.rid)
        assert not ended.get("isError"), ended
        assert not list(it.core.book.copies_of(child.rid))

    run(work, tmp_path)


def test_an_answer_that_was_lost_is_told_again_though_the_same_could_not_be_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a call is weighed by is worked out for one that is to run, and not for one that did."""
    table = making.table()
    one = msgspec.structs.replace(table, bounds=msgspec.structs.replace(table.bounds, children=1))
    monkeypatch.setattr(making, "table", lambda: one)

    async def work(it: Gate) -> None:
        done = await call(it, "register_system", **CHILD)
        assert not done.get("isError"), done
        opens = len(await it.opens())
        again = await call(it, "register_system", **CHILD)
        assert again["structuredContent"] == done["structuredContent"]
        assert len(await it.opens()) == opens
        more = {"name": "register_system", "arguments": CHILD | {"name": "Another"}}
        assert "system.family" in (await it.modern("answerable", "tools/call", more)).text

    run(work, tmp_path)


def test_people_are_counted_again_with_each_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(it: Gate) -> None:
        commit, ledger, tries = Core.commit, it.core.ledger, 0

        async def late(core: Core, plan: Any) -> str:
            nonlocal tries
            tries += 1
            if tries == 1:  # another registration wins
                rival = RegisterSystem(
                    name="Rival", version="1", kind=SystemKind.AGENT, compute=ComputeSpec(petaflop=1),
                    parties=(PartySpec(party=OPERATOR, role=Role.DEPLOYER),),
                )  # fmt: skip
                await ledger.commit(systems.register(core.book, rival, core.now).unit)
            return await commit(core, plan)

        monkeypatch.setattr(Core, "commit", late)
        monkeypatch.setattr(making, "people_for", lambda *_, starts: 2 if tries else 0)
        done = await call(it, "register_system", **CHILD)
        assert done.get("isError"), done
        assert done["structuredContent"]["code"] == "system.people"
        assert tries == 1, "the plan that was made anew is not written"
        assert it.core.book.system("Rival") is not None
        assert it.core.book.system("Child") is None

    run(work, tmp_path)


def test_it_starts_nothing_that_it_has_not_made(tmp_path: Path) -> None:
    async def work(it: Gate) -> None:
        for other in (it.agent, await it.register("Stranger")):
            answer = await it.modern(
                "answerable", "tools/call", {"name": "start_copy", "arguments": starting(it, other)}
            )
            assert "system.not_made" in answer.text, answer.text

    run(work, tmp_path)


def test_an_order_about_the_maker_reaches_all_that_it_made(tmp_path: Path) -> None:
    async def work(it: Gate) -> None:
        await call(it, "register_system", **CHILD)
        child = it.core.book.system("Child")
        assert child is not None
        assert child.num in it.core.book.reach((it.agent.num,))
        assert it.agent.num in child.ancestors

    run(work, tmp_path)
