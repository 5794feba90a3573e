# SPDX-License-Identifier: Apache-2.0
"""What is grave passes the whole gate, over TLS, before a server that writes down what ran: a wet laboratory, a device
on a body, a switch of the grid, a bank's ledger and a payment ask what the table of domains asks, are refused without
it and recorded. What is creative or ordinary runs as it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from answerable.errors import Refused
from answerable.model.budgets import RESERVED, USED
from answerable.model.leaves import OpenLeaf
from answerable.model.terms import Criticality, Effect, World
from answerable.model.tools import Bound, MeterKind, ToolMeter
from answerable.tools.holds import SPENDS
from tests.graves import Grave, graded, graves
from tests.small_tools import body
from tests.tool_gate import Gate

pytestmark = pytest.mark.asyncio(loop_scope="module")

MONEY = {"amount": {"type": "number"}, "to": {"type": "string"}}
LISTED = [
    body("culture", "Grow a culture.", properties={"strain": {"type": "string"}}),
    body("flex", "Bend the knee.", properties={"degrees": {"type": "number"}}),
    body("switch", "Open a feeder.", properties={"feeder": {"type": "string"}}),
    body("book", "Book a ledger entry.", properties=MONEY),
    body("pay", "Pay an invoice.", properties=MONEY),
    body("fold", "Tell how a protein folds.", properties={"sequence": {"type": "string"}}),
    body("draw", "Draw a picture.", properties={"of": {"type": "string"}}),
    body("look_up", "Look something up.", properties={"what": {"type": "string"}}),
    body("note", "Write a note.", properties={"text": {"type": "string"}}),
    body("commit", "Commit a change.", properties={"diff": {"type": "string"}}),
]
AMOUNTS = (Bound(at="/amount", least="0.01", most="90"), Bound(at="/to", longest=40))
EUROS = (ToolMeter(kind=MeterKind.MONEY, amount="/amount", currency="EUR"),)
CLASSES = {
    "culture": graded("wet_lab", Effect.WRITE),
    "flex": graded("body_device", Effect.WRITE, Bound(at="/degrees", least="0", most="90")),
    "switch": graded("grid", Effect.IRREVERSIBLE, Bound(at="/feeder", one_of=("F1", "F2"))),
    "book": graded("core_banking", Effect.WRITE, *AMOUNTS, meters=EUROS),
    "pay": graded("payment", Effect.IRREVERSIBLE, *AMOUNTS, meters=EUROS),
    "fold": graded("in_silico_biology", Effect.READ),
    "draw": graded("creative", Effect.WRITE),
    "look_up": graded("search", Effect.READ),
    "note": graded("general", Effect.WRITE),
    "commit": graded("code", Effect.WRITE),
}
EURO = 1_000_000  # what money is counted in: millionths
BUDGETS = [{"meter": "money", "currency": "EUR", "most": 100 * EURO, "system": name} for name in ("Bank", "Buyer")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Grave]:
    async with graves(tmp_path_factory.mktemp("worlds"), LISTED, CLASSES, budgets=BUDGETS) as made:
        yield made


async def permitted(g: Gate) -> OpenLeaf:
    return [leaf for leaf in await g.opens() if leaf.dec == "permit"][-1]


async def reserved(world: Grave, leaf: OpenLeaf) -> Any:
    """What a permitted call reserved, and that what it used is the same."""
    assert isinstance(leaf.x, dict)
    told = leaf.x[RESERVED]
    (close,) = [each for each in await world.g.closes() if isinstance(each.x, dict) and USED in each.x][-1:]
    assert isinstance(close.x, dict)
    assert close.x[USED] == told["most"]
    return told["most"]


async def test_a_wet_laboratory_needs_its_attestation_and_then_two_people(world: Grave) -> None:
    predicate = CLASSES["culture"].attestation
    async with world.caller("Laboratory", World.BIOLOGICAL, Criticality.CRITICAL) as lab:
        await lab.refused("policy.refused", "R023", "culture", strain="a")
        # Neither another's attestation counts, nor another one of its own.
        async with world.caller("Other laboratory", World.BIOLOGICAL, Criticality.CRITICAL) as other:
            await world.attest(other.system, predicate)
            await world.attest(lab.system, CLASSES["switch"].attestation)
            await lab.refused("policy.refused", "R023", "culture", strain="a")
            await other.held("culture", strain="a")
        await world.attest(lab.system, predicate)
        hold = await lab.held("culture", strain="b")
        await world.g.vote(hold)
        assert (await lab("culture", strain="b"))["_meta"]["answerable/hold"]["have"] == 1
        assert world.journal.read("culture") == []
        await world.g.vote(hold, person="officer-1")
        assert "answerable/error" not in (await lab("culture", strain="b"))["_meta"]
        assert [line["arguments"] for line in world.journal.read("culture")] == [{"strain": "b"}]
        await lab.held("culture", strain="c")  # each act anew


async def test_a_device_on_a_body_moves_within_its_envelope_under_its_guard_and_never_waits(world: Grave) -> None:
    async with world.caller("Knee", World.PHYSICAL, Criticality.SENSITIVE) as knee:
        await knee.refused("policy.refused", "R023", "flex", degrees=30)
        await world.attest(knee.system, CLASSES["flex"].attestation)
        await knee.refused("policy.refused", "R022", "flex", "bare", degrees=30)
        with pytest.raises(Refused) as handle:  # which proves no key: it has none
            await world.g.handle(knee.copy)
        assert handle.value.code == "handle.tier"
        await knee.refused("tool.envelope", "R000", "flex", degrees=91)
        await knee.refused("tool.envelope", "R000", "flex", degrees=30, speed=9)
        assert "answerable/error" not in (await knee("flex", degrees=90))["_meta"]
        assert [line["arguments"] for line in world.journal.read("flex")] == [{"degrees": 90}]
        leaf = await permitted(world.g)
        assert (leaf.sys, leaf.rule) == (knee.system.rid, "R103")


async def test_a_switch_of_the_grid_asks_what_the_table_asks(world: Grave) -> None:
    async with world.caller("Control room", World.PHYSICAL, Criticality.CRITICAL) as room:
        await room.refused("policy.refused", "R022", "switch", "bare", feeder="F1")
        await room.refused("policy.refused", "R023", "switch", feeder="F1")
        await world.attest(room.system, CLASSES["switch"].attestation)
        await room.refused("tool.envelope", "R000", "switch", feeder="F3")
        hold = await room.held("switch", feeder="F1")
        # Two of one duty are not two people of different duties.
        await world.g.vote(hold, person="officer-1")
        await world.g.vote(hold, person="officer-2")
        assert (await room("switch", feeder="F1"))["_meta"]["answerable/hold"]["state"] == "pending"
        assert world.journal.read("switch") == []
        await world.g.vote(hold)
        assert "answerable/error" not in (await room("switch", feeder="F1"))["_meta"]
        assert [line["arguments"] for line in world.journal.read("switch")] == [{"feeder": "F1"}]


async def test_a_banks_ledger_asks_for_attestation_budget_envelope_and_two_duties(world: Grave) -> None:
    predicate, entry = CLASSES["book"].attestation, {"amount": 60, "to": "DE02"}
    async with (
        world.caller("Bank", World.INFORMATION, Criticality.CRITICAL) as bank,
        world.caller("Branch", World.INFORMATION, Criticality.CRITICAL) as branch,
        world.caller("Clerk", World.INFORMATION, Criticality.SENSITIVE) as clerk,
    ):
        # Nobody's warrant reaches what its system was not registered for.
        assert "warrant.criticality" in str(await clerk("book", **entry))
        await bank.refused("policy.refused", "R023", "book", **entry)
        await world.attest(branch.system, predicate)  # another's counts for nothing here, and has no budget itself
        await bank.refused("policy.refused", "R023", "book", **entry)
        await branch.refused("policy.refused", "R024", "book", **entry)
        await world.attest(bank.system, predicate)
        for beyond in ({"amount": 91, "to": "DE02"}, {"amount": 60, "to": "x" * 41}, {**entry, "fee": 1}):
            await bank.refused("tool.envelope", "R000", "book", **beyond)
        hold = await bank.held("book", **entry)
        await world.g.vote(hold)
        with pytest.raises(Refused) as twice:
            await world.g.vote(hold)
        assert twice.value.code == "hold.twice"
        await bank.waits("book", 1, **entry)
        # Two officers and an approver: each duty by another person, whatever the order.
        await world.g.vote(hold, person="officer-1")
        # What they saw is what runs: not another payee under the same hold, which is another call.
        other = await bank.held("book", amount=60, to="DE03")
        assert other != hold
        leaf = await bank.runs("book", **entry)
        assert isinstance(leaf.x, dict)
        assert leaf.x[SPENDS] == hold
        assert await world.votes(hold) == ["approve", "approve"]
        assert await reserved(world, leaf) == [["calls", 1], ["money", 60 * EURO, "EUR"]]
        # Approved, and yet beyond the budget: refused, and the approval is not used up by it.
        await world.g.vote(other, person="officer-1")
        await world.g.vote(other, person="officer-2")
        await bank.waits("book", 2, amount=60, to="DE03")
        await world.g.vote(other)
        await bank.refused("budget.spent", "R000", "book", amount=60, to="DE03")
        found = world.g.holds.get(other)
        assert found is not None
        assert found.spent == ""
        # A smaller entry is another call: it waits for its own people.
        small = await bank.held("book", amount=40, to="DE03")
        await world.g.vote(small)
        await world.g.vote(small, person="officer-2")
        await bank.runs("book", amount=40, to="DE03")
        assert [line["arguments"]["amount"] for line in world.journal.read("book")] == [60, 40]


async def test_a_payment_asks_for_a_budget_an_envelope_and_one_person(world: Grave) -> None:
    invoice = {"amount": 25, "to": "Ada"}
    async with (
        world.caller("Buyer", World.INFORMATION, Criticality.SENSITIVE) as buyer,
        world.caller("Poor buyer", World.INFORMATION, Criticality.SENSITIVE) as poor,
    ):
        await poor.refused("policy.refused", "R024", "pay", **invoice)
        await buyer.refused("tool.envelope", "R000", "pay", amount=0, to="Ada")
        hold = await buyer.held("pay", "bare", 1, **invoice)
        with pytest.raises(Refused) as officer:  # of another duty than the table asks for
            await world.g.vote(hold, person="officer-1")
        assert officer.value.code == "hold.signer"
        await buyer.waits("pay", 0, "bare", **invoice)
        await world.g.vote(hold)
        leaf = await buyer.runs("pay", "bare", **invoice)
        assert isinstance(leaf.x, dict)
        assert leaf.x[SPENDS] == hold
        assert await reserved(world, leaf) == [["calls", 1], ["money", 25 * EURO, "EUR"]]
        ran = len(world.journal.read("pay"))
        again = await buyer("pay", "bare", **invoice)  # the same within a minute is the same payment, told again
        assert "answerable/error" not in again["_meta"]
        assert len(world.journal.read("pay")) == ran


async def test_creative_and_ordinary_tools_of_the_information_world_run_as_they_come(world: Grave) -> None:
    asked: dict[str, dict[str, Any]] = {
        "draw": {"of": "a heron"}, "look_up": {"what": "herons"}, "note": {"text": "Herons."}, "commit": {"diff": "+"},
    }  # fmt: skip
    async with world.caller("Anybody", World.INFORMATION, Criticality.ORDINARY) as anybody:
        for tool, arguments in asked.items():
            leaf = await anybody.runs(tool, "bare", **arguments)
            assert (leaf.wld, leaf.rule) == ("information", "R100")
            assert isinstance(leaf.x, dict)
            assert RESERVED not in leaf.x
            assert SPENDS not in leaf.x


async def test_biology_by_computation_is_sensitive_work_with_information(world: Grave) -> None:
    async with (
        world.caller("Anyone", World.INFORMATION, Criticality.ORDINARY) as anyone,
        world.caller("Biologist", World.INFORMATION, Criticality.SENSITIVE) as biologist,
    ):
        assert "warrant.criticality" in str(await anyone("fold", sequence="MKV"))
        refused = (await world.g.opens())[-1]
        assert (refused.dec, refused.err, refused.sys) == ("refuse", "warrant.criticality", anyone.system.rid)
        leaf = await biologist.runs("fold", "bare", sequence="MKV")
        assert (leaf.wld, leaf.rule) == ("information", "R101")
        assert [line["arguments"] for line in world.journal.read("fold")] == [{"sequence": "MKV"}]
