# SPDX-License-Identifier: Apache-2.0
"""The policy in force: what it says of actions, and that it is exchanged whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from answerable.cedar import policy as module
from answerable.cedar.policy import Cedar
from answerable.errors import Refused
from answerable.model.actions import Decision, Facts
from answerable.model.terms import Act, Audience, Effect, Ruling, Standing, World
from answerable.policy.combine import FAILED, decide, digest
from tests.cedars import BASE, HOUSE, house, write
from tests.policies import ABOUT, ABOUT_CALL, CALL, LOOK, POINT, about, bearer, tool


def opened(folder: Path) -> Cedar:
    cedar = Cedar()
    cedar.open(folder)
    return cedar


@pytest.fixture
def cedar(tmp_path: Path) -> Cedar:
    return opened(house(tmp_path))


# It validates, and errs at run time from tier 2 on.
OVERFLOWS = "{ context.facts.tier * 9223372036854775807 > 9 }"
WRITES = tool(effect=Effect.WRITE)
WRITING = msgspec.structs.replace(CALL, effect=Effect.WRITE)


def test_what_no_rule_forbids_is_permitted(cedar: Cedar) -> None:
    for facts, asked in ((POINT, ABOUT), (CALL, ABOUT_CALL)):
        assert cedar.decide(facts, asked) == Decision(Ruling.PERMIT, "cedar:base", "operator_permits")
    embedding = msgspec.structs.replace(POINT, act=Act.EMBEDDING)
    assert cedar.decide(embedding, ABOUT).ruling is Ruling.PERMIT


def test_a_rule_about_a_tool_and_what_it_leaves_behind(cedar: Cedar) -> None:
    assert cedar.decide(WRITING, about(WRITES)) == Decision(
        Ruling.REFUSE, "cedar:no-writing-by-night", "operator_forbids"
    )
    elsewhere = msgspec.structs.replace(WRITES, server="garden")
    assert cedar.decide(WRITING, about(elsewhere)).ruling is Ruling.PERMIT


def test_a_rule_about_a_system_by_its_group(cedar: Cedar) -> None:
    asked = msgspec.structs.replace(ABOUT, caller=bearer("labagent"))
    assert cedar.decide(POINT, asked).rule == "cedar:no-agents-of-the-lab"


def test_a_rule_that_asks_for_people(cedar: Cedar) -> None:
    asked = about(principal="somebody")
    assert cedar.decide(POINT, asked) == Decision(
        Ruling.HOLD, "cedar:publication-is-seen", "operator_asks_for_people", ("approvals:2", "role:officer")
    )
    internal = msgspec.structs.replace(POINT, audience=Audience.INTERNAL)
    assert cedar.decide(internal, asked).ruling is Ruling.PERMIT


def test_a_call_waits_only_where_it_is_permitted(tmp_path: Path) -> None:
    ask = '@id("ask") @hold("1") forbid (principal, action, resource);'
    for more, ruling in (("", Ruling.REFUSE), (BASE, Ruling.HOLD)):
        cedar = opened(write(tmp_path / str(ruling), all=ask + more))
        assert cedar.decide(POINT, ABOUT).ruling is ruling


def test_a_permit_alone_is_for_what_it_names(tmp_path: Path) -> None:
    cedar = opened(write(tmp_path, only='@id("only") permit (principal, action == Action::"call", resource);'))
    assert cedar.decide(CALL, ABOUT_CALL).ruling is Ruling.PERMIT
    assert cedar.decide(POINT, ABOUT) == Decision(Ruling.REFUSE, "cedar", "operator_permits_nothing")


def test_an_error_refuses_though_the_engine_would_allow(tmp_path: Path) -> None:
    """Cedar skips a forbid that errs."""
    cedar = opened(
        write(
            tmp_path,
            base=BASE,
            errs=f'@id("errs") forbid (principal, action, resource) when {OVERFLOWS};',
        )
    )
    assert cedar.decide(msgspec.structs.replace(POINT, tier=0), ABOUT).ruling is Ruling.PERMIT
    assert cedar.decide(msgspec.structs.replace(POINT, tier=3), ABOUT) == Decision(
        Ruling.REFUSE, "cedar:base", "operator_policy_errs"
    )


def test_an_error_of_what_asks_for_people_refuses(tmp_path: Path) -> None:
    errs = f'@id("errs") @hold("1") forbid (principal, action, resource) when {OVERFLOWS};'
    cedar = opened(write(tmp_path, base=BASE, errs=errs))
    assert cedar.decide(msgspec.structs.replace(POINT, tier=3), ABOUT).why == "operator_policy_errs"


def test_a_word_that_the_schema_does_not_know_refuses(cedar: Cedar) -> None:
    """Of a later version, or of a domain that was taken away."""
    strange = tool(domain="alchemy")
    assert cedar.decide(CALL, about(strange)) == Decision(Ruling.REFUSE, "cedar", "operator_policy_errs")


def test_kernel_and_folder_together(cedar: Cedar) -> None:
    assert decide(WRITING, about(WRITES), (cedar,)).rule == "cedar:no-writing-by-night"
    assert decide(CALL, ABOUT_CALL, (cedar,)).rule == "R100"
    moves = msgspec.structs.replace(CALL, world=World.PHYSICAL)
    assert decide(moves, ABOUT_CALL, (cedar,)).rule == "R020"  # nobody widens the kernel
    assert digest((cedar,)) != digest(())


def test_without_a_folder_nothing_is_permitted() -> None:
    cedar = Cedar()
    with pytest.raises(Refused) as refusal:
        cedar.decide(POINT, ABOUT)
    assert refusal.value.code == "policy.unloaded"
    assert decide(POINT, ABOUT, (cedar,)) == Decision(Ruling.REFUSE, FAILED, "policy.unloaded")


def test_a_swap_changes_decisions_and_digest_at_once(tmp_path: Path) -> None:
    cedar = opened(house(tmp_path))
    before = digest((cedar,))
    assert cedar.decide(WRITING, about(WRITES)).ruling is Ruling.REFUSE
    write(tmp_path, house=HOUSE.replace('context.facts.effect != Effect::"read"', "false"))
    assert cedar.decide(WRITING, about(WRITES)).ruling is Ruling.REFUSE  # nothing changed yet
    loaded = cedar.prepare()
    assert digest((cedar,)) == before
    assert cedar.swap(loaded)
    assert cedar.decide(WRITING, about(WRITES)).ruling is Ruling.PERMIT
    assert digest((cedar,)) != before
    assert not cedar.swap(cedar.prepare())


def test_a_folder_that_is_refused_leaves_what_was_in_force(tmp_path: Path) -> None:
    cedar = opened(house(tmp_path))
    before = cedar.digest
    half = HOUSE[: HOUSE.index("when")]
    write(tmp_path, house=half)
    with pytest.raises(Refused) as refusal:
        cedar.prepare()
    assert refusal.value.code == "policy.folder"
    assert cedar.digest == before
    assert cedar.decide(WRITING, about(WRITES)).rule == "cedar:no-writing-by-night"


def test_it_says_once_that_the_folder_was_touched(tmp_path: Path) -> None:
    cedar = opened(house(tmp_path))
    assert cedar.touched()
    assert not cedar.touched()
    write(tmp_path, more='@id("more") forbid (principal, action, resource) when { context.facts.stream };')
    assert cedar.touched()
    assert not cedar.touched()
    (tmp_path / "strange.txt").write_text("?")
    with pytest.raises(Refused):
        cedar.touched()


def test_what_is_kept_of_callers_has_an_end(cedar: Cedar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_KNOWN", 2)
    for name in ("alpha", "beta", "gamma", "delta"):
        assert cedar.decide(POINT, msgspec.structs.replace(ABOUT, caller=bearer(name))).ruling is Ruling.PERMIT
        assert len(cedar._known) <= 2


def test_a_party_that_is_vouched_for_later_is_seen_so(tmp_path: Path) -> None:
    cedar = opened(write(tmp_path, base=BASE, known='@id("known") forbid (principal, action, resource) '
                         'unless { principal.party.standing == Standing::"proven" };'))  # fmt: skip
    assert cedar.decide(POINT, ABOUT).rule == "cedar:known"
    caller = ABOUT.caller
    party = msgspec.structs.replace(caller.party, standing=Standing.PROVEN)
    proven = msgspec.structs.replace(ABOUT, caller=replace(caller, party=party), via=replace(ABOUT.via, party=party))
    assert cedar.decide(POINT, proven).ruling is Ruling.PERMIT


def test_it_says_where_a_rule_stands_and_what_to_do(cedar: Cedar) -> None:
    lab, night = cedar.reason("cedar:no-agents-of-the-lab"), cedar.reason("cedar:no-writing-by-night", "zh")
    assert lab is not None
    assert (lab.source.endswith("/house.cedar:2"), lab.reason) == (True, "The lab's agents are not ready.")
    assert night is not None
    assert night.reason == "Nobody looks at night."  # it has no other language
    assert "house.cedar:8" in night.remedy  # nor a remedy of its own
    bare = cedar.reason("cedar:base")
    assert bare is not None
    assert bare.reason
    assert bare.text == BASE.strip()
    own = cedar.reason("cedar")
    assert own is not None
    assert own.remedy
    assert cedar.reason("cedar:gone") is None
    assert cedar.reason("R004") is None


def test_it_keeps_no_facts_of_another_call(cedar: Cedar) -> None:
    """The entities are kept, never a decision."""
    for effect, ruling in ((Effect.READ, Ruling.PERMIT), (Effect.WRITE, Ruling.REFUSE)) * 2:
        facts: Facts = msgspec.structs.replace(CALL, effect=effect)
        assert cedar.decide(facts, about(LOOK)).ruling is ruling
