# SPDX-License-Identifier: Apache-2.0
"""What holders know, whatever carriers do: lose, repeat, reorder, delay, change. And whatever clocks do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.admission import orders, pulse, receipts
from answerable.admission.clocks import ClockMode
from answerable.admission.holding import HolderView
from answerable.admission.orders import stop_root
from answerable.admission.trust import Trust
from answerable.crypto import canonical
from answerable.errors import AnswerableError, Refused, VerificationError
from answerable.model.terms import World
from tests.unit.admission.a_stop import (
    ANNA,
    ANNA_KID,
    BEN,
    BEN_KID,
    ORIGIN,
    PINNED,
    T0,
    TRUST,
    WATCHDOG,
    WATCHDOG_KID,
    beat,
    issued,
    key,
    nonce,
    order,
    released,
    row,
    system,
)

FAR = T0 + 10**10
ONE, TWO, WATCHED = ((ANNA, ANNA_KID),), ((ANNA, ANNA_KID), (BEN, BEN_KID)), ((WATCHDOG, WATCHDOG_KID),)
LAPSING = order(1, kind="suspend", until=T0 + 900_000, by=ONE)
FREED = order(2, kind="suspend", by=TWO)
ENDED = order(3, by=TWO)
DIRECT = order(4, by=TWO, at=0)
AUTHORITY = order(5, kind="suspend", by=WATCHED)
# Whatever a registry, officers and an authority could send of these five, the registry's own wish to soften included.
MESSAGES = (
    issued(LAPSING, 1, epoch=1),
    orders.direct(order(1, kind="suspend", by=ONE, at=0), origin=ORIGIN, subject=system(1), num=1),
    issued(FREED, 2, epoch=2),
    issued(FREED, 2, epoch=2, changed=4, release=released(FREED)),
    issued(ENDED, 3, epoch=3, twins=(33,)),
    orders.direct(DIRECT, origin=ORIGIN, subject=system(4), num=4),
    issued(AUTHORITY, 5, epoch=5, changed=6, release=released(AUTHORITY)),
)


def fresh(trust: Trust = PINNED) -> HolderView:
    return HolderView(trust, ClockMode.SAME_HOST, pulse_required=False)


def tried(call: Callable[[], Any]) -> tuple[Any, str]:
    """What it returns, or the code that it is refused with."""
    try:
        return call(), ""
    except AnswerableError as error:
        return None, error.code


def stopped(view: HolderView, num: int, now_ms: int) -> bool:
    return bool(
        view.stops.blocks(copy="c" * 32, numbers=(num,), party="p" * 32, worlds=(World.INFORMATION,), now_ms=now_ms)
    )


def known(view: HolderView) -> dict[tuple[int, int], bool]:
    return {(num, now): stopped(view, num, now) for num in (1, 2, 3, 4, 5, 33, 9) for now in (T0, FAR)}


@given(st.lists(st.sampled_from(MESSAGES), min_size=len(MESSAGES)).map(lambda some: [*some, *MESSAGES]), st.randoms())
def test_however_they_come_the_same_is_known(some: list[bytes], chance: Any) -> None:
    straight, shuffled = fresh(), fresh()
    for data in MESSAGES:
        straight.order(data)
    chance.shuffle(some)
    for data in some:
        shuffled.order(data)
    assert known(straight) == known(shuffled)
    assert (straight.epoch, straight.root(6)) == (shuffled.epoch, shuffled.root(6)) == (6, straight.root(6))
    passed_on = fresh()
    for told in shuffled.told():
        passed_on.order(told.data)
    assert known(passed_on) == known(straight)


@given(st.lists(st.sampled_from(MESSAGES)))
def test_what_is_known_of_a_termination_or_an_authority_only_grows(some: list[bytes]) -> None:
    view = fresh()
    before: set[int] = set()
    for data in some:
        view.order(data)
        now = {num for num in (3, 4, 5, 33) if stopped(view, num, FAR)}
        assert before <= now
        before = now
        assert not stopped(view, 9, T0)  # nobody else


@settings(max_examples=300)
@given(st.sampled_from(MESSAGES), st.integers(0, 1 << 20), st.binary(min_size=0, max_size=3))
def test_bytes_that_were_changed_are_refused_or_tell_no_less(data: bytes, at: int, put: bytes) -> None:
    at %= len(data)
    changed = data[:at] + put + data[at + len(put) :]
    view = fresh()
    told, code = tried(lambda: view.order(changed))
    if code:
        assert code in ("order.malformed", "order.untrusted", "order.origin", "order.subject")
        return
    whole = orders.read(data, PINNED)
    assert told is not None
    assert told.statement == whole.statement
    if changed != data and not told.issued:
        assert told.stop.until == 0
        assert not told.stop.released or told.by == "officers"


MEMBERS = {
    "epoch": st.integers(0, 9),
    "changed": st.integers(0, 9),
    "num": st.integers(0, 40),
    "twins": st.lists(st.integers(0, 40), max_size=3),
    "until": st.one_of(st.just(0), st.integers(0, 2 * T0)),
    "release": st.sampled_from(["", *(json.loads(data)["release"] for data in MESSAGES)]),
    "subject": st.sampled_from(["", *(json.loads(data)["subject"] for data in MESSAGES)]),
    "kid": st.sampled_from(["", "issuer-1", "issuer-2"]),
    "sig": st.sampled_from(["", *(json.loads(data)["sig"] for data in MESSAGES)]),
}


@settings(max_examples=300)
@given(st.sampled_from(MESSAGES), st.fixed_dictionaries({}, optional=MEMBERS))
def test_a_carrier_who_changes_members_softens_nothing(data: bytes, members: dict[str, Any]) -> None:
    straight, bent = fresh(), fresh()
    straight.order(data)
    try:
        told = bent.order(canonical.dumps({**json.loads(data), **members}))
    except (Refused, VerificationError):
        return
    if told is not None and told.stop.released:  # the officers' own release, whoever brought it
        return
    # Whom the message stopped as its officers signed it, it stops still; twins and lapses are the issuer's to say.
    alone = fresh(Trust(ORIGIN, officers=PINNED.officers, authorities=PINNED.authorities))
    alone.order(canonical.dumps({**json.loads(data), "kid": "", "sig": ""}))
    for num in (1, 2, 3, 4, 5):
        for now in (T0, FAR):
            if stopped(straight, num, now) and stopped(alone, num, now):
                assert stopped(bent, num, now)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["beat", "old", "wait", "step", "order"]),
            st.integers(0, 30_000),
            st.integers(-9_000, 9_000),
        ),
        max_size=25,
    )
)
def test_nobody_lives_past_a_pulse_by_either_clock(events: list[tuple[str, int, int]]) -> None:
    view = HolderView(TRUST, ClockMode.SAME_HOST)
    wall, mono, seq, life = T0, 0, 0, 10_000
    made: list[tuple[int, int]] = []  # when a pulse was taken, by both clocks; its `at`
    sent: list[bytes] = []
    for what, wait, step in events:
        mono += wait
        wall += wait
        if what == "step":
            wall += step
        elif what == "order":
            view.order(issued(ENDED, 3, epoch=1))
        elif what in ("beat", "old"):
            seq += 1
            data = beat(seq=seq, at=max(wall - (wait if what == "old" else 0), 0), valid_for=life)
            if what == "old" and sent:
                data = sent[wait % len(sent)]
            sent.append(data)
            _, code = tried(lambda sent=data, now=wall, since=mono: view.pulse(sent, now, since))
            assert code in ("", "pulse.replayed", "pulse.stale", "pulse.future")
            if not code:
                made.append((mono, json.loads(data)["at"]))
        _, code = tried(lambda now=wall, since=mono: view.check(now, since))
        assert code in ("", "pulse.missing", "pulse.stale")
        if code:
            continue
        assert made
        # The very same bytes prolong nothing, so the newest of those that rose counts.
        assert mono < made[-1][0] + life
        assert any(at - 1_000 <= wall < at + life or wall < at for _, at in made)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_with_our_codes(data: bytes) -> None:
    for read, codes in (
        (lambda: orders.read(data, PINNED), {"order.malformed"}),
        (lambda: pulse.read(data, TRUST), {"pulse.malformed"}),
        (lambda: receipts.peek(data), {"order.receipt"}),
    ):
        assert tried(read)[1] in codes, "read what nobody wrote"


@given(
    st.integers(0, 2**53 - 1), st.integers(0, 2**53 - 1), st.integers(0, 2**53 - 1),
    st.sampled_from(list(receipts.StopState)),
)  # fmt: skip
def test_a_receipt_comes_back_as_it_was(received: int, last: int, flying: int, state: receipts.StopState) -> None:
    made = receipts.Receipt("o" * 32, "c" * 32, received, last, flying, state, nonce(1))
    got = receipts.read(receipts.make(made, key("copy"), ORIGIN), {"c" * 32: key("copy").public}, ORIGIN)
    assert (got.t_received, got.t_last_action, got.in_flight, got.stop_state) == (received, last, flying, state)


@given(st.sets(st.integers(1, 30)), st.integers(0, 31))
def test_two_who_know_the_same_changes_compute_one_root(numbers: set[int], epoch: int) -> None:
    rows = [row(order(number), number, epoch=number) for number in sorted(numbers)]
    assert stop_root(rows, epoch) == stop_root([each for each in reversed(rows) if each.epoch <= epoch])
    for number in numbers:
        if number <= epoch:
            assert stop_root([each for each in rows if each.epoch != number], epoch) != stop_root(rows, epoch)
