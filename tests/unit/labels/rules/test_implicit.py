# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import msgspec
import pytest

from answerable.labels import Labeller, Trust, label
from answerable.labels.rules import implicit
from answerable.labels.rules.subject import Subject
from answerable.labels.rules.verdicts import Verdict
from answerable.marks.aigc import KEYS
from tests.small_media import OTHER, PROVIDER
from tests.unit.labels.rules.files import KEY, RECORD, TRUST, golden, members, page

CHECKS = ("present", "one", "form", "characters", "kind", "producer", "identifier", "propagator", "signature")
WRONG = PROVIDER[:21] + "X" + PROVIDER[22:]


def subject(data: bytes, *, ai: bool = False, trust: Trust = TRUST) -> Subject:
    return Subject(BytesIO(data), trust=trust, ai=ai)


def verdicts(data: bytes) -> dict[str, str]:
    found = subject(data)
    return {name: str(getattr(implicit, name)(found).verdict) for name in CHECKS}


WELL = dict.fromkeys(CHECKS, "compliant") | {"signature": "not_found"}


def test_an_object_of_the_standard_s_form() -> None:
    assert verdicts(page(members())) == WELL
    assert verdicts(page({"AIGC": members()})) == WELL, "wrapped, as it occurs"


@pytest.mark.parametrize(
    ("objects", "faults"),
    [
        ([members(), members()], {"one"}),
        ([members(Label="4")], {"kind"}),
        ([members(Label=1)], {"form"}),
        ([members(ProduceID="")], {"identifier"}),
        ([members(ProduceID="two words")], {"characters"}),
        ([members(ContentProducer="")], {"producer"}),
        ([members(ContentProducer=WRONG)], {"producer"}),
        ([members(ContentProducer=PROVIDER[:22] + "2" + PROVIDER[23:])], {"producer"}),
        ([members(ContentPropagator=OTHER)], {"propagator"}),
        ([members(PropagateID="x")], {"propagator"}),
        ([members(ContentPropagator=PROVIDER, PropagateID="x")], {"propagator"}),
        ([members(ContentPropagator=OTHER, PropagateID="x")], {"propagator"}),
        ([members(ReservedCode2=None)], {"form"}),
        ([members(ReservedCode1={"a": 1})], {"form"}),
        ([members() | {"More": "x"}], {"form"}),
        ([dict(reversed(members().items()))], {"form"}),
        ([json.dumps(json.dumps(members())).replace("'", "")], {"form"}),
    ],
)
def test_each_fault_is_told_by_its_own_clause(objects: list[Any], faults: set[str]) -> None:
    found = verdicts(page(*objects))
    assert {name for name, verdict in found.items() if verdict == "noncompliant"} == faults


def test_both_codes_of_a_propagator() -> None:
    code = PROVIDER[:22] + "2" + PROVIDER[23:]
    assert verdicts(page(members(ContentPropagator=code, PropagateID="x"))) == WELL


def test_a_name_can_be_compared_with_nothing() -> None:
    found = verdicts(page(members(ContentProducer="Example-Ltd")))
    assert found == WELL | {"producer": "inconclusive"}


def test_objects_that_differ_or_cannot_be_read() -> None:
    found = verdicts(page(members(), members(ProduceID="other")))
    assert found["one"] == found["producer"] == "noncompliant"
    found = verdicts(page({"Label": "1", "ContentProducer": []}))
    assert (found["present"], found["form"], found["kind"]) == ("compliant", "noncompliant", "noncompliant")


def test_none_is_told_once() -> None:
    assert verdicts(page()) == dict.fromkeys(CHECKS, "not_found")
    stated = subject(page(), ai=True)
    assert implicit.present(stated).verdict is Verdict.NONCOMPLIANT
    assert {getattr(implicit, name)(stated).verdict for name in CHECKS[1:]} == {Verdict.NOT_FOUND}
    other = implicit.present(subject(golden("jpeg/other-schema.jpg")))
    assert (other.verdict, "vendor" in other.detail) == (Verdict.NONCOMPLIANT, True)


def test_signatures() -> None:
    signed = label(page(), by=Labeller(PROVIDER, KEY), record=RECORD).data
    assert signed is not None
    assert implicit.signature(subject(signed)).detail.startswith("signed:NTRCN-")
    assert implicit.signature(subject(signed, trust=Trust())).detail.startswith("self-consistent")
    assert verdicts(signed.replace(RECORD.encode(), RECORD[::-1].encode()))["signature"] == "noncompliant"
    assert implicit.signature(subject(page(members(ReservedCode1="sig")))).verdict is Verdict.INCONCLUSIVE


def test_layers_that_contradict_one_another() -> None:
    assert implicit.agreement(subject(page(members()))).verdict is Verdict.COMPLIANT
    assert implicit.agreement(subject(page())).verdict is Verdict.NOT_FOUND
    told = implicit.agreement(subject(page(members(), members(ProduceID="other"))))
    assert (told.verdict, "differ" in told.detail) == (Verdict.INCONCLUSIVE, True)


def test_what_an_answer_holds_is_judged_by_its_problems() -> None:
    answer = {
        "id": "x", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi."}}],
        "answerable": {"record": RECORD, "AIGC": members()},
    }  # fmt: skip
    assert verdicts(msgspec.json.encode(answer)) == WELL
    del answer["answerable"]["AIGC"][KEYS[-1]]  # type: ignore[index]
    assert verdicts(msgspec.json.encode(answer))["form"] == "noncompliant"
