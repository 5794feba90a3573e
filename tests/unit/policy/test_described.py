# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from answerable.errors import Refused
from answerable.model.terms import Act, Criticality, Effect, World
from answerable.policy.described import Case, Described, case, read
from answerable.policy.kernel import decide


def told(**members: Any) -> Case:
    return case(read(members))


def test_an_empty_description_is_a_harmless_answer() -> None:
    made = told()
    assert made.facts.act is Act.GENERATION
    assert decide(made.facts).rule == "R100"
    assert made.asked is None
    assert made.about.tool is None


def test_a_call_is_one_where_a_tool_is_named() -> None:
    for members in ({"tool": "x", "effect": "read"}, {"domain": "general", "effect": "read"}, {"effect": "write"}):
        made = told(**members)
        assert made.facts.act is Act.TOOL_CALL
        assert made.about.tool is not None
        assert made.asked is not None


def test_what_a_tool_asks_for_is_lacking_unless_it_is_named() -> None:
    bare = told(domain="core_banking", effect="write")
    assert not any((bare.facts.envelope, bare.facts.attested, bare.facts.funded, bare.facts.needs_met))
    whole = told(domain="core_banking", effect="write", envelope=True, attested=True, funded=True)
    assert all((whole.facts.envelope, whole.facts.attested, whole.facts.funded, whole.facts.needs_met))
    assert whole.facts.criticality is Criticality.CRITICAL
    assert told(domain="grid", effect="write").facts.world is World.PHYSICAL


def test_who_asks_and_for_what() -> None:
    made = told(
        system="spiffe://a/system/b", party="LEIXG-1", server="bank", tool="pay", effect="irreversible",
        domain="payment", approvals=2, arguments={"euros": 4.5}, tools=["bank/*"], principal="somebody",
    )  # fmt: skip
    about = made.about
    assert (about.caller.system.id, about.caller.party.id) == ("spiffe://a/system/b", "LEIXG-1")
    assert about.caller.copy.id == "spiffe://a/system/b/copy/1"
    assert about.tool is not None
    assert (about.tool.key, about.tool.effect) == ("bank/pay", Effect.IRREVERSIBLE)
    assert about.caller.warrant.tools == ("bank/*",)
    assert len(about.arguments) == 64
    assert told(server="bank", effect="read", arguments={"euros": 5}).about.arguments != about.arguments
    assert made.asked is not None
    assert made.asked.approvals == 2


@pytest.mark.parametrize(
    "members",
    [
        {"colour": "red"},
        {"tier": 5},
        {"tier": "1"},
        {"world": "moon"},
        {"domain": "alchemy", "effect": "read"},
        {"tool": "x"},  # without an effect
        {"act": "generation", "tool": "x", "effect": "read"},
        {"act": "embedding", "effect": "write"},
        {"effect": "read", "arguments": {"x": float("nan")}},
        {"effect": "read", "arguments": [1]},
    ],
)
def test_what_describes_no_action_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refusal:
        told(**members)
    assert refusal.value.code == "policy.action"


def test_the_struct_is_what_it_reads() -> None:
    assert read({}) == Described()
