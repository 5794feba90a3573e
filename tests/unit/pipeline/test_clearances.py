# SPDX-License-Identifier: Apache-2.0
"""What is remembered is what would be found anew: each thing that changes the answer ends the memory of it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from answerable.errors import Refused
from answerable.model.actions import About, Action, Decision, Facts
from answerable.model.labels import EngineMarks
from answerable.model.terms import Act, Criticality, DataClass, Locality, Ruling, World
from answerable.model.warrants import Credential, Peer
from answerable.pipeline import clearances
from answerable.pipeline.carry import carry
from answerable.pipeline.clearances import Admitted, Clearances
from answerable.pipeline.deps import Deps
from answerable.pipeline.flights import Flights
from answerable.warrants.handles import digest_of, revoke
from tests.unit.pipeline.scripted import CHAT, PROVIDER, Leak, Ledger, Metering, Recorder, Traces, Upstream, answer
from tests.unit.pipeline.scripted import Stage as Scripted
from tests.unit.warrants.office import Office


class Named:
    """ports.Models with one model, and what it was asked."""

    def __init__(self, served: Any) -> None:
        self.served = (served,)

    def named(self, model: str, act: Act) -> tuple[Any, ...]:
        return self.served

    def absent(self, model: str, act: Act) -> Exception:
        raise AssertionError


class Stage:
    """The path over a real desk and gate, and a real registry."""

    def __init__(self, policies: tuple[Any, ...] = ()) -> None:
        self.office = office = Office()
        self.handle = office.handle()
        self.ledger = Ledger()
        self.upstream = Upstream(self.ledger.log, Scripted.says(answer("hello")))
        self.models = Named(
            SimpleNamespace(
                system=office.base,
                copy=office.copies["base"],
                upstream=self.upstream,
                model="weights",
                marks=EngineMarks.UNKNOWN,
            )
        )
        self.deps = Deps(
            clock=office.clock,
            desk=office.desk,
            gate=office.gate,
            models=self.models,
            policies=policies,
            ledger=self.ledger,
            detectors=(Leak(),),
            meter=Metering(),
            tracer=Traces(),
            flights=Flights(office.gate),
            duties_met=lambda _: True,
            tier_of=lambda system: system.tier,
            provider=PROVIDER,
            index_key=b"i" * 32,
        )

    def ask(self, **changed: Any) -> Action:
        fields: dict[str, Any] = {
            "act": Act.GENERATION,
            "credential": Credential(self.handle, Peer("127.0.0.1")),
            "model": "base",
            "request": {"messages": [{"role": "user", "content": "hi"}]},
            "body": b"{}",
            "stream": False,
            "language": "en",
        }
        return Action(**(fields | changed))

    async def run(self, **changed: Any) -> str:
        """How it ended: the error's code, "" for an answer."""
        out = Recorder()
        await carry(self.ask(**changed), CHAT, self.deps, out)
        return out.error.code if out.error is not None else ""

    def known(self, **changed: Any) -> Admitted | None:
        return self.deps.clearances.recall(self.ask(**changed), self.deps.gate, self.models)


def revoked(stage: Stage) -> None:
    office = stage.office
    planned = revoke(office.book, digest=digest_of(stage.handle), by=office.operator.rid, now_ms=office.clock.now)
    office.ledger.write(planned.unit)


def clock_back(stage: Stage) -> None:
    stage.office.clock.now -= 120_000


def removed(stage: Stage) -> None:
    stage.models.served = ()


CHANGES: list[tuple[Callable[[Stage], object], str]] = [
    (lambda stage: stage.office.stop("base"), "stop.system"),
    (lambda stage: stage.office.stop("app"), "stop.system"),
    (revoked, "handle.revoked"),
    (lambda stage: stage.office.end(stage.office.copies["app"]), "warrant.copy_ended"),
    (lambda stage: stage.office.end(stage.office.copies["base"]), "warrant.copy_ended"),
]


async def test_who_asks_the_same_again_is_known() -> None:
    stage = Stage()
    assert await stage.run() == ""
    known = stage.known()
    assert known is not None
    asked = 0

    async def present(credential: Credential) -> Any:
        nonlocal asked
        asked += 1
        raise AssertionError

    stage.office.desk.present = present  # type: ignore[method-assign]
    for _ in range(3):
        assert await stage.run() == ""
    assert asked == 0
    assert stage.known() is known
    assert len(stage.deps.clearances) == 1


@pytest.mark.parametrize(("change", "code"), CHANGES)
async def test_what_changes_the_answer_ends_the_memory_of_it(change: Callable[[Stage], object], code: str) -> None:
    stage = Stage()
    assert await stage.run() == ""
    change(stage)
    assert stage.known() is None
    assert await stage.run() == code
    assert stage.upstream.calls == 1


@pytest.mark.parametrize("change", [clock_back, removed])
async def test_a_clock_that_was_set_back_and_a_model_that_went_end_it_too(change: Callable[[Stage], None]) -> None:
    stage = Stage()
    assert await stage.run() == ""
    change(stage)
    assert stage.known() is None


async def test_a_warrant_is_asked_for_again_when_it_is_due() -> None:
    stage = Stage()
    assert await stage.run() == ""
    known = stage.known()
    assert known is not None
    assert known.horizon is not None
    stage.office.clock.mono = known.horizon.until_mono_ms
    stage.office.clock.now += 25_000
    assert stage.known() is None
    assert await stage.run() == ""
    again = stage.known()
    assert again is not None
    assert again.caller is not known.caller


@pytest.mark.parametrize(
    "other",
    [
        {"model": "other"},
        {"act": Act.EMBEDDING},
        {"world": World.PHYSICAL},
        {"criticality": Criticality.CRITICAL},
        {"credential": Credential("ans_other", Peer("127.0.0.1"))},
    ],
)
async def test_another_question_is_another(other: dict[str, Any]) -> None:
    stage = Stage()
    assert await stage.run() == ""
    assert stage.known(**other) is None


async def test_another_place_is_another() -> None:
    stage = Stage()
    assert await stage.run() == ""
    assert await stage.run(credential=Credential(stage.handle, Peer("10.0.0.1"))) == "handle.elsewhere"


async def test_what_is_wrong_with_a_request_is_not_forgotten_over_who_asks() -> None:
    stage = Stage()
    assert await stage.run() == ""
    assert await stage.run(fault=Refused("request.malformed")) == "request.malformed"


async def test_how_confidential_the_data_is_is_decided_each_by_itself() -> None:
    stage = Stage()
    stage.upstream.locality = Locality.EXTERNAL
    assert await stage.run() == ""
    for _ in range(2):
        assert await stage.run(data_class=DataClass.CONFIDENTIAL) == "policy.refused"
        assert await stage.run() == ""
    known = stage.known()
    assert known is not None
    assert len(known.cleared) == 2


async def test_operators_are_asked_each_time() -> None:
    class Once:
        digest = "0" * 64
        asked = 0

        def decide(self, facts: Facts, about: About) -> Decision:
            self.asked += 1
            return Decision(Ruling.PERMIT if self.asked == 1 else Ruling.REFUSE, "R", "why")

    stage = Stage((Once(),))
    assert await stage.run() == ""
    assert await stage.run() == "policy.refused"


async def test_leaves_written_from_a_form_say_what_the_first_one_said() -> None:
    stage = Stage()
    for _ in range(3):
        assert await stage.run() == ""
    assert await stage.run(principal="alice") == ""
    one, two, three, four = (leaf for leaf in stage.ledger.leaves if leaf.k == "open")  # type: ignore[union-attr]
    for leaf in (two, three):
        assert msgspec.structs.replace(leaf, n=one.n, c=one.c, t=one.t) == one
        assert leaf.n != one.n
        assert leaf.c != one.c
    assert four.pri is not msgspec.UNSET  # type: ignore[union-attr]


async def test_a_warrant_that_is_shown_is_looked_at_each_time() -> None:
    """A newer one may have been shown meanwhile: this is nothing that a horizon holds."""
    stage = Stage()
    bearer = await stage.office.desk.present(Credential(stage.handle, Peer("127.0.0.1")))
    assert bearer.held
    memory, action = Clearances(), stage.ask()
    memory.keep(action, Admitted(bearer, ()))
    assert len(memory) == 0


async def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clearances, "MAX_KNOWN", 2)
    stage = Stage()
    assert await stage.run() == ""
    known = stage.known()
    assert known is not None
    memory = Clearances()
    for name in "abcb":
        memory.keep(stage.ask(model=name), known)
    assert len(memory) == 2
    gate, models = stage.deps.gate, Named(known.named[0])
    assert [memory.recall(stage.ask(model=name), gate, models) is known for name in "abc"] == [False, True, True]
