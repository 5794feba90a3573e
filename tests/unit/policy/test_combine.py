# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest

from answerable.errors import Unavailable
from answerable.model.actions import Decision, Facts
from answerable.model.terms import Ruling
from answerable.policy import kernel
from answerable.policy.combine import FAILED, combine, consult, decide, digest, strictness
from tests.policies import POINT

SOME = [Decision(ruling, rule, rule, (rule,)) for ruling in Ruling for rule in ("K", "O")]


class Operator:
    def __init__(self, answer: Any, digest: str = "d") -> None:
        self.answer = answer
        self.digest = digest

    def decide(self, facts: Facts) -> Decision:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer  # type: ignore[no-any-return]


def test_tightening_never_widens() -> None:
    for first in SOME:
        for others in itertools.product(SOME, repeat=2):
            final = combine(first, others)
            assert strictness(final.ruling) == max(strictness(d.ruling) for d in (first, *others))


def test_the_first_of_equals_speaks_and_all_their_obligations_hold() -> None:
    hold = Decision(Ruling.HOLD, "R031", "critical", ("approvals:2",))
    operator = Decision(Ruling.HOLD, "site-7", "night", ("approvals:1", "page"))
    assert combine(hold, (operator,)) == Decision(
        Ruling.HOLD, "R031", "critical", ("approvals:2", "approvals:1", "page")
    )


def test_an_overruled_permit_leaves_no_obligation() -> None:
    permit = Decision(Ruling.PERMIT, "R100", "free", ("label",))
    refuse = Decision(Ruling.REFUSE, "site-1", "no")
    assert combine(permit, (refuse,)) == refuse
    assert combine(refuse, (permit,)) == refuse
    assert combine(permit, ()) is permit


def test_what_is_no_ruling_is_a_refusal() -> None:
    assert strictness("allow") == 2  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (RuntimeError("boom"), FAILED),
        (Unavailable("warrant.unrecorded", seconds=1), "warrant.unrecorded"),
        (None, FAILED),
        (True, FAILED),
        ("permit", FAILED),
    ],
)
def test_an_operator_that_fails_refuses(answer: Any, why: str) -> None:
    ruling = consult(Operator(answer), POINT)
    assert (ruling.ruling, ruling.rule, ruling.why) == (Ruling.REFUSE, FAILED, why)
    assert decide(POINT, [Operator(answer)]).ruling is Ruling.REFUSE


def test_the_kernel_alone_decides_without_operators() -> None:
    assert decide(POINT, ()) == kernel.decide(POINT)


def test_no_operator_is_asked_about_what_the_kernel_refuses() -> None:
    class Never:
        digest = "d"

        def decide(self, facts: Facts) -> Decision:
            raise AssertionError

    assert decide(msgspec.structs.replace(POINT, stopped=True), [Never()]).rule == "R002"


def test_the_digest_names_kernel_and_operators_in_order() -> None:
    a, b = Operator(None, "a"), Operator(None, "b")
    assert digest(()) == kernel.DIGEST
    assert len({digest(()), digest((a,)), digest((b,)), digest((a, b)), digest((b, a))}) == 5
    assert all(len(digest(ops)) == 64 for ops in ((), (a,)))
