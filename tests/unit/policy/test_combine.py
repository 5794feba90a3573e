# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest

from answerable.errors import Unavailable
from answerable.model.actions import About, Decision, Facts
from answerable.model.terms import AdminRole, Criticality, Ruling
from answerable.policy import kernel, worlds
from answerable.policy.combine import FAILED, combine, consult, decide, digest, strictness
from tests.policies import ABOUT, ABOUT_CALL, CALL, POINT, tool

SOME = [Decision(ruling, rule, rule, (rule,)) for ruling in Ruling for rule in ("K", "O")]


class Operator:
    def __init__(self, answer: Any, digest: str = "d") -> None:
        self.answer = answer
        self.digest = digest

    def decide(self, facts: Facts, about: About) -> Decision:
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
    ruling = consult(Operator(answer), POINT, ABOUT)
    assert (ruling.ruling, ruling.rule, ruling.why) == (Ruling.REFUSE, FAILED, why)
    assert decide(POINT, ABOUT, [Operator(answer)]).ruling is Ruling.REFUSE


def test_the_kernel_alone_decides_without_operators() -> None:
    assert decide(POINT, ABOUT, ()) == kernel.decide(POINT)


def test_no_operator_is_asked_about_what_the_kernel_refuses() -> None:
    class Never:
        digest = "d"

        def decide(self, facts: Facts, about: About) -> Decision:
            raise AssertionError

    assert decide(msgspec.structs.replace(POINT, stopped=True), ABOUT, [Never()]).rule == "R002"


def test_an_operator_sees_who_asks_and_for_what() -> None:
    seen: list[tuple[Facts, About]] = []

    class Sees:
        digest = "d"

        def decide(self, facts: Facts, about: About) -> Decision:
            seen.append((facts, about))
            return Decision(Ruling.PERMIT, "x", "y")

    assert decide(CALL, ABOUT_CALL, [Sees()]).rule == "R100"
    assert seen == [(CALL, ABOUT_CALL)]


def test_the_domain_asks_for_people_where_the_kernel_would_permit() -> None:
    asked = worlds.asked(tool(approvals=2, roles=(AdminRole.OFFICER,)))
    assert decide(CALL, ABOUT_CALL, (), asked) == Decision(
        Ruling.HOLD, "D-general", "domain_asks_for_people", ("approvals:2", "role:officer")
    )
    refuse = Operator(Decision(Ruling.REFUSE, "mine", "no"))
    assert decide(CALL, ABOUT_CALL, (refuse,), asked).rule == "mine"


def test_kernel_and_domain_both_ask_for_people() -> None:
    asked = worlds.asked(tool(approvals=1, roles=(AdminRole.OFFICER,)))
    critical = msgspec.structs.replace(CALL, criticality=Criticality.CRITICAL)
    assert decide(critical, ABOUT_CALL, (), asked) == Decision(
        Ruling.HOLD, "R031", "two_people_critical", ("approvals:2", "approvals:1", "role:officer")
    )


def test_what_cannot_wait_for_people_is_refused_where_somebody_asks_for_them() -> None:
    asked = worlds.asked(tool())
    assert asked is not None
    waits_not = msgspec.structs.replace(asked, held=False)
    assert decide(CALL, ABOUT_CALL, (), waits_not).ruling is Ruling.PERMIT
    for hold in (Operator(Decision(Ruling.HOLD, "mine", "ask", ("approvals:1",))),):
        assert decide(CALL, ABOUT_CALL, (hold,), asked).rule == "mine"
        refused = decide(CALL, ABOUT_CALL, (hold,), waits_not)
        assert (refused.ruling, refused.rule) == (Ruling.REFUSE, "D-general")


def test_the_digest_names_kernel_domains_and_operators_in_order() -> None:
    a, b = Operator(None, "a"), Operator(None, "b")
    assert len({kernel.DIGEST, worlds.DIGEST, *map(digest, ((), (a,), (b,), (a, b), (b, a)))}) == 7
    assert all(len(digest(ops)) == 64 for ops in ((), (a,)))


def test_the_digest_follows_the_policy_that_is_in_force() -> None:
    operator = Operator(None, "a")
    before = digest((operator,))
    operator.digest = "b"
    assert digest((operator,)) != before
