# SPDX-License-Identifier: Apache-2.0
"""`answerable log fsck` and `log rebuild`, by command, on a store in which everything about tools stands: calls that
wait, half agreed, spent, rejected and planted; calls that ran, whose end nobody saw, and which a person settled;
reservations; attestations. The leaves alone tell it all again, and the gate goes on where it was."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from answerable.app.core import open_core
from answerable.app.service import Service
from answerable.cli.drafts import signed
from answerable.control.routes import holds as routes
from answerable.crypto.random import salt
from answerable.model.calls import Verdict
from answerable.model.holds import Ballot, HoldState
from answerable.model.terms import AdminRole
from answerable.model.units import Drop, Effect, Put, Space, Unit
from answerable.tools.settling import Why, settle, statement
from tests.e2e.running import answerable
from tests.graves import Grave
from tests.mcp_servers import Journal
from tests.small_mcp import Answer, Asked, Scripted, result, scripted
from tests.small_servers import services_of
from tests.small_tools import body
from tests.tool_gate import HELD, WRITES, Gate, gate
from tests.unit.app.small_store import OPERATOR, config

PAYS = body("pay", "Pay somebody.", properties={"to": {"type": "string"}})
NOTES = body("note", "Write a note.", properties={"text": {"type": "string"}})
LOSES = body("lose", "Do something, and never say what.", properties={"what": {"type": "string"}})
TWO = msgspec.structs.replace(HELD, approvals=2, roles=(AdminRole.APPROVER, AdminRole.OFFICER))
CLASSES = {"pay": TWO, "note": msgspec.structs.replace(WRITES, idempotency_s=3_600), "lose": WRITES}
BUDGETS = [{"meter": "calls", "most": 50, "system": "Agent"}]
PREDICATE = "urn:answerable:attestation:core-banking"
# Told by leaves; the state that is looked at.
LOOKED_AT = (Space.HELD, Space.CALLS, Space.BUDGETS, Space.ATTESTATIONS, Space.TOOLS)
Rows = dict[Space, dict[str, Any]]


def answered(asked: Asked) -> Answer:
    """`lose` closes the connection: what was sent may have been done."""
    name = asked.message["params"]["name"]
    return None if name == "lose" else result(asked, {"content": [{"type": "text", "text": f"{name}: done"}]})


def ran(there: Scripted, tool: str) -> int:
    return sum(each.method == "tools/call" and each.message["params"]["name"] == tool for each in there.asked)


async def call(g: Gate, name: str, **arguments: Any) -> dict[str, Any]:
    answer = await g.modern("far", "tools/call", {"name": name, "arguments": arguments})
    found: dict[str, Any] = answer.json()["result"]
    return found


async def asks(g: Gate, to: str) -> str:
    hold: str = (await call(g, "pay", to=to))["_meta"]["answerable/hold"]["hold"]
    return hold


async def lost(g: Gate, what: str, verdict: Verdict | None = None) -> None:
    """A call whose end nobody saw, and what a person says of it."""
    error = (await call(g, "lose", what=what))["_meta"]["answerable/error"]
    assert error["code"] == "upstream.truncated", error
    if verdict is not None:
        why = Why(salt(), b"looked it up")
        leaf = signed(statement(error["record"], verdict, why), g.core.origin, [g.person("officer-1")])
        await g.core.commit(settle(g.core.book, leaf, why, g.core.now, running=False, caller=g.agent.rid))


async def lived(g: Gate) -> dict[str, str]:
    """One of each; the holds."""
    known = Grave(g, Journal(Path()), Path())
    await known.known()
    bank = await g.register("Bank", digests=("sha256:" + "b" * 64,))
    await known.attest(bank, PREDICATE)
    held = {to: await asks(g, to) for to in ("waits", "half", "spent", "rejected")}
    for to in ("half", "spent"):
        await g.vote(held[to])
    await g.vote(held["spent"], person="officer-1")
    assert "pay: done" in str(await call(g, "pay", to="spent"))
    await g.vote(held["rejected"], Ballot.REJECT)
    services = services_of(g.service)
    for name in ("planted", "caught"):
        sown = await routes.sown(services, held["waits"], {"to": "nobody"}, "nobody asked for it")
        held[name] = sown.row.rid
        if name == "caught":
            await g.vote(sown.row.rid, Ballot.REJECT)
    await call(g, "note", text="a")
    await lost(g, "unsettled")
    await lost(g, "done", Verdict.DONE)
    await lost(g, "undone", Verdict.UNDONE)
    return held


def states(g: Gate, held: dict[str, str]) -> dict[str, HoldState]:
    found = {name: g.holds.get(rid) for name, rid in held.items()}
    return {name: g.holds.state(row, g.core.now) for name, row in found.items() if row is not None}


def rows(g: Gate) -> Rows:
    """As the store has them, read."""
    return {space: {key: read(row) for key, row in g.core.book.rows(space)} for space in LOOKED_AT}


def read(row: bytes) -> Any:
    """A row, or the name that stands where a call finds its hold."""
    return msgspec.json.decode(row) if row[:1] in b"{[" else row.decode()


@asynccontextmanager
async def again(folder: Path, url: str, key: str) -> AsyncIterator[Gate]:
    """The same store, served again."""
    far = {"kind": "http", "url": url, "system": "Far"}
    settings = {f"servers__far__{name}": value for name, value in far.items()}
    service = Service(await open_core(config(folder, budgets=BUDGETS, **settings)))
    made = Gate(service, await service.start())
    made.key = key
    try:
        yield made
    finally:
        await made.http.aclose()
        await service.close()


def command(folder: Path, *words: str, status: int = 0) -> Any:
    done = answerable("--store", str(folder / "store"), "log", *words, "--json")
    assert done.status == status, done
    return done.json


async def change(folder: Path, *effects: Effect) -> None:
    """The state alone, of which no leaf tells."""
    core = await open_core(config(folder))
    await core.ledger.commit(Unit(effects=effects))
    await core.close()


async def test_everything_about_tools_is_told_again_by_the_leaves(tmp_path: Path) -> None:
    async with scripted(tools=[PAYS, NOTES, LOSES], on={"tools/call": answered}) as there:
        async with gate(tmp_path, url=there.url, classes=CLASSES, budgets=BUDGETS, registry__attesters=[OPERATOR]) as g:
            held, before, key = await lived(g), rows(g), g.key
            stood = states(g, held)
        assert {len(before[space]) > 0 for space in LOOKED_AT} == {True}
        assert {len(row) for row in before[Space.CALLS].values()} == {6}
        assert len(before[Space.CALLS]) == 4, (
            "pay, note, and two that were lost: of the third a person said it never ran"
        )
        paid, lost_before = ran(there, "pay"), ran(there, "lose")

        looked = command(tmp_path, "fsck")
        assert looked["sound"], looked["findings"]
        # Rows of an earlier build, without their system: explained, and sound.
        older = [(key, msgspec.json.encode(row[:-1])) for key, row in before[Space.CALLS].items()]
        await change(tmp_path, *[Put(Space.CALLS, key, row) for key, row in older])
        looked = command(tmp_path, "fsck")
        assert looked["sound"], looked["findings"]

        # All of it lost: fsck says so of each, and the leaves tell it again.
        await change(tmp_path, *[Drop(space, key) for space in LOOKED_AT for key in before[space]])
        looked = command(tmp_path, "fsck", status=1)
        assert set(looked["found"]) == {"audit.state"}
        assert {finding["params"]["space"] for finding in looked["findings"]} == {space.value for space in LOOKED_AT}
        built = command(tmp_path, "rebuild")
        assert built["given_up"] == 0
        looked = command(tmp_path, "fsck")
        assert looked["sound"], looked["findings"]

        async with again(tmp_path, there.url, key) as g:
            assert rows(g) == before
            assert states(g, held) == stood
            assert stood == {
                "waits": HoldState.WAITING, "half": HoldState.WAITING, "planted": HoldState.WAITING,
                "spent": HoldState.SPENT, "rejected": HoldState.REJECTED, "caught": HoldState.REJECTED,
            }  # fmt: skip
            # What ran is told again, what was rejected stays so, what nobody saw end blocks; nothing ran.
            assert "note: done" in str(await call(g, "note", text="a"))
            assert "hold.rejected" in str(await call(g, "pay", to="rejected"))
            for what in ("unsettled", "done"):
                assert "call." in str((await call(g, "lose", what=what))["_meta"]["answerable/error"]["code"])
            assert (ran(there, "note"), ran(there, "pay"), ran(there, "lose")) == (1, paid, lost_before)
            # What waited half agreed needs the other one alone, and runs once.
            assert await asks(g, "half") == held["half"]
            await g.vote(held["half"], person="officer-1")
            for _ in range(2):
                assert "pay: done" in str(await call(g, "pay", to="half"))
            assert ran(there, "pay") == paid + 1
        looked = command(tmp_path, "fsck")
        assert looked["sound"], looked["findings"]
