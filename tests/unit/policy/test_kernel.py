# SPDX-License-Identifier: Apache-2.0
"""The kernel's decision at single points; `tests/proofs/test_kernel.py` walks the whole domain."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest

from answerable.model.actions import Decision, Facts
from answerable.model.terms import (
    Effect,
    Ruling,
)
from answerable.policy import kernel
from answerable.policy.kernel import decide
from answerable.policy.rules import VOCABULARY
from tests.policies import CALL, EXAMPLES, POINT


def changed(**members: Any) -> Decision:
    return decide(msgspec.structs.replace(POINT, **members))


def test_an_answer_need_say_nothing_of_tools() -> None:
    assert POINT.effect is Effect.NONE
    assert decide(POINT).rule == "R100"


def test_facts_and_vocabulary_have_the_same_members_in_the_same_order() -> None:
    assert list(VOCABULARY) == list(Facts.__struct_fields__)


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_examples(example: Any) -> None:
    decision = decide(example.facts)
    assert (decision.ruling, decision.rule) == (example.ruling, example.rule)


@pytest.mark.parametrize("name", list(VOCABULARY))
@pytest.mark.parametrize("value", [None, "cyber", -1, 5, 99, 1.5, [], {}, object(), b"information"])
def test_the_unknown_is_refused(name: str, value: object) -> None:
    decision = changed(**{name: value})
    assert (decision.ruling, decision.rule) == (Ruling.REFUSE, "R001")


@pytest.mark.parametrize("name", list(VOCABULARY))
@pytest.mark.parametrize("value", [None, "cyber", [], object()])
def test_the_unknown_is_refused_of_a_call_too(name: str, value: object) -> None:
    assert decide(msgspec.structs.replace(CALL, **{name: value})).rule == "R001"


def test_what_is_no_facts_is_refused() -> None:
    assert decide(None).rule == "R001"  # type: ignore[arg-type]


def test_unknown_facts_are_not_kept() -> None:
    before = len(kernel._decided)
    for number in range(100):
        changed(tier=1_000 + number)
    assert len(kernel._decided) == before


def test_the_memory_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "MAX_DECIDED", 3)
    kernel._decided.clear()
    for tier in range(5):
        assert changed(tier=tier) == changed(tier=tier)
        assert 0 < len(kernel._decided) <= 3


def test_a_decision_is_quick() -> None:
    decide(POINT)
    best = min(_time(20_000) for _ in range(5))
    assert best < 5e-6  # about a fifth of a microsecond on an idle core; much more on a busy one


def _time(count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        decide(POINT)
    return (time.perf_counter() - start) / count
