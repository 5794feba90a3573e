# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec

from answerable.control.sampling import described
from answerable.log.leaf import decode
from answerable.model.calls import TOOL
from answerable.model.leaves import OpenLeaf
from answerable.model.terms import Act, Effect
from answerable.model.tools import ToolState
from answerable.model.units import Put, Space, Unit
from answerable.policy.described import case
from answerable.policy.kernel import decide
from answerable.registry.planned import encode_row
from tests.policies import tool
from tests.unit.control.house import House


def opened(house: House) -> OpenLeaf:
    leaf = decode(house.run(house.core.reader.prove(house.act("Said.", principal="somebody"))).leaf)
    assert isinstance(leaf, OpenLeaf)
    return leaf


def put(house: House, **changed: Any) -> None:
    row = tool(system=house.system("small").rid, **changed)
    house.run(house.core.ledger.commit(Unit(effects=(Put(Space.TOOLS, row.key, encode_row(row)),))))


def test_an_answer_is_told_as_it_was_and_decided_the_same(house: House) -> None:
    leaf = opened(house)
    told = described(house.core.book, leaf)
    assert told is not None
    assert (told.act, told.tier, told.name, told.via) == (
        Act.GENERATION, leaf.tier, "helper", house.system("small").id,
    )  # fmt: skip
    assert told.principal
    assert decide(case(told).facts).rule == leaf.rule


def test_a_call_has_its_tools_row(house: House) -> None:
    put(house, effect=Effect.IRREVERSIBLE, approvals=1, domain="payment")
    leaf = msgspec.structs.replace(opened(house), act="tool_call", x={TOOL: {"name": "look", "srv": "office"}})
    told = described(house.core.book, leaf)
    assert told is not None
    assert (told.server, told.tool, told.domain, told.effect) == ("office", "look", "payment", Effect.IRREVERSIBLE)
    assert told.approvals == 1
    refused = described(house.core.book, msgspec.structs.replace(leaf, dec="refuse"))
    assert refused is not None
    assert (told.funded, refused.funded) == (True, False)


def test_what_the_registry_does_not_tell_is_left_out(house: House) -> None:
    put(house, state=ToolState.WITHDRAWN, name="gone")
    leaf, nobody = opened(house), "z" * 32
    call = msgspec.structs.replace(leaf, act="tool_call")
    for changed in (
        msgspec.structs.replace(leaf, act="propagation"),
        msgspec.structs.replace(leaf, via=msgspec.UNSET),
        msgspec.structs.replace(leaf, sys=nobody),
        msgspec.structs.replace(leaf, party=nobody),
        call,
        msgspec.structs.replace(call, x={TOOL: "what"}),
        msgspec.structs.replace(call, x={TOOL: {"name": "gone", "srv": "office"}}),
        msgspec.structs.replace(call, x={TOOL: {"name": "never", "srv": "office"}}),
    ):
        assert described(house.core.book, changed) is None
