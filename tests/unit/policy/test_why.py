# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from answerable.errors import Refused
from answerable.model.actions import About, Decision, Facts
from answerable.model.terms import Ruling
from answerable.policy.described import case, read
from answerable.policy.why import Reason, changed, people, reason_of, why


class Operator:
    digest = "d"

    def __init__(self, ruling: Ruling, rule: str = "mine:1") -> None:
        self.answer = Decision(ruling, rule, "because")

    def decide(self, facts: Facts, about: About) -> Decision:
        return self.answer

    def reason(self, rule: str, lang: str) -> Reason | None:
        return Reason(source="house.txt:7", reason=f"in {lang}", remedy="ask") if rule == "mine:1" else None


def told(**members: Any) -> Any:
    return case(read(members))


def test_the_kernels_refusal_is_the_whole_story() -> None:
    found = why(told(domain="grid", effect="write"), [Operator(Ruling.REFUSE)])
    assert (found.decision.rule, found.decision.by, found.decision.source) == ("R020", "kernel", "kernel:R020")
    assert [layer.by for layer in found.layers] == ["kernel"]
    assert set(found.lacking) == {
        "envelope", "guard", "attestation:urn:answerable:attestation:critical-infrastructure",
    }  # fmt: skip
    assert "approvals:2" in found.needs
    assert "envelope" in found.decision.reason
    assert found.decision.remedy


def test_a_domain_that_asks_for_people_says_so() -> None:
    found = why(told(domain="medical_record", effect="write"), ())
    assert (found.decision.rule, found.decision.by, found.decision.source) == (
        "D-medical_record", "domain", "worlds.toml:medical_record",
    )  # fmt: skip
    assert found.decision.obligations == ("approvals:1", "role:approver")
    assert "holds" in found.decision.remedy


def test_an_operators_rule_tells_its_place() -> None:
    found = why(told(), [Operator(Ruling.PERMIT, "other"), Operator(Ruling.REFUSE)], "zh")
    assert (found.decision.by, found.decision.source, found.decision.reason) == ("2", "house.txt:7", "in zh")
    assert [layer.by for layer in found.layers] == ["kernel", "1", "2"]
    assert found.needs == found.lacking == ()


def test_what_cannot_wait_is_told_as_the_domains() -> None:
    whole = {"domain": "body_device", "effect": "write", "envelope": True, "guarded": True, "attested": True}
    found = why(told(**whole), [Operator(Ruling.HOLD)])
    assert (found.decision.ruling, found.decision.rule, found.decision.by) == (Ruling.REFUSE, "D-body_device", "domain")
    assert "cannot wait" in found.decision.remedy


def test_reasons_of_every_kind_of_rule() -> None:
    assert reason_of("R004", ()).source == "kernel:R004"
    assert reason_of("D-payment", (), "zh").reason.startswith("已付出")
    assert reason_of("policy_failed", ()).reason
    assert reason_of("mine:1", [Operator(Ruling.HOLD)]).source == "house.txt:7"
    with pytest.raises(Refused) as refusal:
        reason_of("cedar:gone", ())
    assert refusal.value.code == "policy.unknown_rule"


def test_a_rule_that_nobody_knows_has_no_reason_and_is_no_error() -> None:
    found = why(told(), [Operator(Ruling.REFUSE, "nobody's")])
    assert (found.decision.rule, found.decision.reason, found.decision.source) == ("nobody's", "", "policy.use:1")


PERMIT = Decision(Ruling.PERMIT, "a", "b", ("label",))
HOLD = Decision(Ruling.HOLD, "a", "b", ("approvals:2", "approvals:1", "role:x"))


def test_what_changed() -> None:
    assert changed(PERMIT, HOLD) == "tightened"
    assert changed(HOLD, PERMIT) == "loosened"
    assert changed(HOLD, Decision(Ruling.HOLD, "a", "c", ("role:x", "approvals:2"))) == ""
    assert changed(HOLD, Decision(Ruling.HOLD, "a", "b", ("approvals:1", "role:x"))) == "other"
    assert changed(HOLD, Decision(Ruling.HOLD, "c", "b", HOLD.obligations)) == "other"
    assert people(HOLD) == ("approvals:2", "role:x")
    assert people(PERMIT) == ()
