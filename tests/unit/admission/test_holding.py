# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools
from collections.abc import Callable

import msgspec
import pytest

from answerable.admission import orders
from answerable.admission.clocks import ClockMode, Reading
from answerable.admission.holding import MOST_ALONE, HolderView
from answerable.admission.orders import stop_root
from answerable.admission.trust import Trust
from answerable.errors import AnswerableError
from answerable.log.leaf import decode, encode, rid
from answerable.model.leaves import ReleaseLeaf
from answerable.model.terms import World
from tests.unit.admission.a_stop import (
    ANNA,
    ANNA_KID,
    BEN,
    BEN_KID,
    ORIGIN,
    PINNED,
    STRANGER,
    T0,
    TRUST,
    WATCHDOG,
    WATCHDOG_KID,
    beat,
    issued,
    order,
    released,
    row,
    system,
)

HERE = ClockMode.SAME_HOST
LAPSES = T0 + 900_000
SUSPENDED = order(3, kind="suspend", until=LAPSES, by=((ANNA, ANNA_KID),))
FREED = order(4, kind="suspend")
ENDED = order(5)
ALL = (
    issued(SUSPENDED, 3, epoch=1),
    issued(FREED, 4, epoch=2),
    issued(ENDED, 5, epoch=3, twins=(8,)),
    issued(FREED, 4, epoch=2, changed=4, release=released(FREED)),
)
ROOT = stop_root(row(leaf, num, epoch=at) for leaf, num, at in ((SUSPENDED, 3, 1), (FREED, 4, 2), (ENDED, 5, 3)))


def view(trust: Trust = TRUST, **more: object) -> HolderView:
    return HolderView(trust, HERE, **more)  # type: ignore[arg-type]


def stopped(seen: HolderView, *numbers: int, now_ms: int = T0) -> str:
    return seen.stops.blocks(copy="c" * 32, numbers=numbers, party="p" * 32, worlds=(World.INFORMATION,), now_ms=now_ms)


def code(call: Callable[[], object]) -> str:
    with pytest.raises(AnswerableError) as error:
        call()
    return error.value.code


def test_messages_in_any_order_and_twice_make_one_view() -> None:
    for chosen in itertools.permutations(ALL):
        seen = view(Trust(ORIGIN, issuers=TRUST.issuers))
        for data in (*chosen, *chosen):
            seen.order(data)
        assert seen.epoch == 4
        assert stopped(seen, 2, 3) == rid(encode(SUSPENDED))
        assert not stopped(seen, 3, now_ms=LAPSES)
        assert not stopped(seen, 4)
        assert stopped(seen, 5) == stopped(seen, 8) == rid(encode(ENDED))
        assert not stopped(seen, 6)
        assert seen.root(4) == ROOT
        assert seen.stops.epoch == 4
        # What it can give to others is what it was told, the release included.
        other = view(Trust(ORIGIN, issuers=TRUST.issuers))
        for told in seen.told():
            other.order(told.data)
        assert (other.epoch, other.root(4)) == (4, ROOT)
        assert not stopped(other, 4)


def test_what_was_known_is_not_told_again() -> None:
    seen = view()
    first = seen.order(ALL[0])
    assert first is not None
    assert first.stop.rid == rid(encode(SUSPENDED))
    assert seen.order(ALL[0]) is None
    assert seen.order(ALL[3]) is not None
    assert seen.order(ALL[1]) is None  # the same order before its release
    assert [told.changed for told in seen.told(since=3)] == [4]


def test_a_gap_shows() -> None:
    seen = view(Trust(ORIGIN, issuers=TRUST.issuers))
    seen.order(ALL[2])
    seen.order(ALL[0])
    assert seen.epoch == 1
    assert stopped(seen, 5)  # it holds all the same
    seen.order(ALL[3])
    assert seen.epoch == 4


def test_nothing_is_taken_from_strangers() -> None:
    leaf = order(5, by=((STRANGER, ANNA_KID),))
    seen = view(PINNED)
    assert code(lambda: seen.order(orders.direct(leaf, origin=ORIGIN, subject=system(5), num=5))) == "order.untrusted"
    assert not stopped(seen, 5)


def test_no_pulse_no_life() -> None:
    seen = view()
    assert seen.pulse_required
    assert code(lambda: seen.check(T0, 0)) == "pulse.missing"
    assert seen.life == (0, 0)
    seen.pulse(beat(), T0, 0)
    seen.check(T0, 0)
    assert seen.life == (T0 + 10_000, 10_000)
    free = view(Trust(ORIGIN, issuers=TRUST.issuers))
    free.check(T0, 0)
    assert free.life is None


def test_a_pulse_ends_by_either_clock() -> None:
    seen = view()
    seen.pulse(beat(), T0 + 400, 50_000)
    seen.check(T0 + 9_999, 50_000)
    assert code(lambda: seen.check(T0 + 10_000, 50_000)) == "pulse.stale"
    # The wall clock was set back: the monotonic one counts what was left when the pulse came.
    seen.check(T0 - 3_600_000, 59_599)
    assert code(lambda: seen.check(T0 - 3_600_000, 59_600)) == "pulse.stale"


def test_a_holder_may_demand_a_shorter_life() -> None:
    seen = view(max_valid_ms=2_000)
    seen.pulse(beat(), T0, 0)
    seen.check(T0 + 1_999, 1_999)
    assert code(lambda: seen.check(T0 + 2_000, 0)) == "pulse.stale"
    assert code(lambda: seen.check(T0, 2_000)) == "pulse.stale"


def test_an_old_one_is_no_pulse() -> None:
    seen = view()
    seen.pulse(beat(seq=5), T0, 0)
    assert seen.pulse(beat(seq=5), T0, 0) is False  # the same again, by another carrier
    assert code(lambda: seen.pulse(beat(seq=5, at=T0 + 1), T0, 0)) == "pulse.replayed"
    assert code(lambda: seen.pulse(beat(seq=4, at=T0 + 9_000), T0 + 9_000, 9_000)) == "pulse.replayed"
    assert code(lambda: seen.pulse(beat(seq=6), T0 + 10_000, 10_000)) == "pulse.stale"
    assert code(lambda: seen.pulse(beat(seq=6, at=T0 + 1_001), T0, 0)) == "pulse.future"
    assert seen.seq == 5


def test_what_a_pulse_carries_stops_even_where_it_is_too_old_to_live_by() -> None:
    seen = view()
    late = beat(orders.direct(ENDED, origin=ORIGIN, subject=system(5), num=5), seq=1)
    assert code(lambda: seen.pulse(late, T0 + 60_000, 0)) == "pulse.stale"
    assert stopped(seen, 5)


def test_a_pulse_prolongs_only_who_knows_all_that_it_speaks_of() -> None:
    seen = view()
    seen.pulse(beat(seq=1), T0, 0)
    assert seen.pulse(beat(seq=2, at=T0 + 5_000, epoch=4, root=ROOT), T0 + 5_000, 5_000) is True
    assert seen.missing
    seen.check(T0 + 9_999, 9_999)
    assert code(lambda: seen.check(T0 + 10_000, 10_000)) == "pulse.root"
    for data in (ALL[0], ALL[2]):
        seen.order(data)
    assert code(lambda: seen.check(T0 + 10_000, 10_000)) == "pulse.root"
    seen.order(ALL[3])
    assert not seen.missing
    seen.check(T0 + 14_999, 14_999)  # counted from when it came, not from when the orders did
    assert code(lambda: seen.check(T0 + 15_000, 14_999)) == "pulse.stale"


def test_the_delta_makes_it_whole() -> None:
    seen = view()
    assert seen.pulse(beat(*ALL, epoch=4, root=ROOT), T0, 0) is False
    seen.check(T0, 0)
    assert stopped(seen, 5)


def test_who_is_ahead_of_the_pulse_lives() -> None:
    seen = view()
    for data in ALL:
        seen.order(data)
    root = stop_root([row(SUSPENDED, 3, epoch=1), row(FREED, 4, epoch=2)])
    assert seen.pulse(beat(epoch=2, root=root), T0, 0) is False
    seen.check(T0, 0)


def test_a_registry_that_tells_the_pulse_something_else() -> None:
    seen = view()
    for data in ALL[:2]:
        seen.order(data)
    seen.pulse(beat(epoch=2, root=stop_root([row(SUSPENDED, 3, epoch=1), row(ENDED, 5, epoch=2)])), T0, 0)
    assert code(lambda: seen.check(T0, 0)) == "pulse.root"


def test_the_pulse_alone_suffices_to_die() -> None:
    # No officer's key is pinned here, and the registry says nothing of it.
    seen = view()
    seen.pulse(beat(orders.direct(ENDED, origin=ORIGIN, subject=system(5), num=5)), T0, 0)
    seen.check(T0, 0)
    assert stopped(seen, 5)
    assert not stopped(seen, 6)  # and an unrelated one goes on


def test_a_pulse_that_carries_what_cannot_be_read_is_none() -> None:
    seen = view()
    foreign = issued(ENDED, 5, epoch=1).replace(b"demo.invalid/log", b"demu.invalid/log")
    good = orders.direct(FREED, origin=ORIGIN, subject=system(4), num=4)
    assert code(lambda: seen.pulse(beat(foreign, good), T0, 0)) == "pulse.malformed"
    assert code(lambda: seen.check(T0, 0)) == "pulse.missing"
    assert stopped(seen, 4)


def test_a_direct_order_is_the_registrys_once_it_stands_there() -> None:
    seen = view(PINNED, pulse_required=False)
    given = order(3, kind="suspend", by=((ANNA, ANNA_KID),), at=0, n=77)
    taken = order(3, kind="suspend", by=((ANNA, ANNA_KID),), until=LAPSES, n=77)
    seen.order(orders.direct(given, origin=ORIGIN, subject=system(3), num=3))
    assert stopped(seen, 3, now_ms=LAPSES)
    seen.order(issued(taken, 3, epoch=1))
    assert stopped(seen, 3) == rid(encode(taken))
    assert not stopped(seen, 3, now_ms=LAPSES)
    # But not what an authority signed, if the registry leaves that signature out.
    both = order(4, kind="suspend", by=((ANNA, ANNA_KID), (WATCHDOG, WATCHDOG_KID)), at=0, n=78)
    bare = order(4, kind="suspend", by=((ANNA, ANNA_KID),), until=LAPSES, n=78)
    seen.order(orders.direct(both, origin=ORIGIN, subject=system(4), num=4))
    seen.order(issued(bare, 4, epoch=2))
    assert stopped(seen, 4, now_ms=LAPSES) == rid(encode(both))


def test_officers_first_and_the_issuer_after() -> None:
    # The message without the issuer's signature, then with it: number, lapse and twins come with the second.
    bare = issued(SUSPENDED, 3, epoch=1, twins=(9,)).replace(b'"kid":"issuer-1"', b'"kid":"issuer-2"')
    seen = view(PINNED, pulse_required=False)
    assert (told := seen.order(bare)) is not None
    assert told.by == "officers"
    assert seen.epoch == 0
    assert stopped(seen, 3, now_ms=LAPSES)
    seen.order(issued(SUSPENDED, 3, epoch=1, twins=(9,)))
    assert seen.epoch == 1
    assert stopped(seen, 9)
    assert not stopped(seen, 3, now_ms=LAPSES)
    assert seen.order(bare) is None


def test_the_clock_is_looked_at() -> None:
    seen = HolderView(Trust(ORIGIN, issuers=TRUST.issuers), ClockMode.NTP)
    assert code(lambda: seen.check(T0, 0)) == "clock.unsynchronised"
    seen.clock(Reading(synchronised=True, error_ms=3, mono_ms=0))
    seen.check(T0, 0)
    assert code(lambda: seen.check(T0, 60_001)) == "clock.unsynchronised"
    before = seen.changes
    assert (seen.life or (0, 0))[1] == 60_000
    seen.clock(Reading(synchronised=False, error_ms=3, mono_ms=1_000))
    assert seen.changes > before
    assert code(lambda: seen.check(T0, 1_000)) == "clock.unsynchronised"


def test_a_required_pulse_without_a_key_is_never_there() -> None:
    assert code(lambda: view(Trust(ORIGIN), pulse_required=True).check(T0, 0)) == "pulse.missing"


def test_one_statement_is_one_order_whatever_a_carrier_makes_of_its_time() -> None:
    # Officers sign neither `t` nor `until` nor `dig`: a carrier could make up any number of leaves of one statement.
    seen = view(PINNED, pulse_required=False)
    for at in range(50):
        leaf = order(3, kind="suspend", by=((ANNA, ANNA_KID),), at=at, n=77)
        bent = msgspec.structs.replace(leaf, dig=[f"sha256:{at:064x}"])
        told = seen.order(orders.direct(bent, origin=ORIGIN, subject=system(3), num=3))
        assert (told is None) == (at > 0)
    assert len(seen.told()) == len(seen.direct()) == 1
    # The digests are those of the system that the officers named, and of nobody else.
    assert set(seen.stops.digests) == {"sha256:" + f"{3:064x}"}


def test_a_second_signature_and_a_release_are_news_of_the_same_order() -> None:
    seen = view(PINNED, pulse_required=False)
    one = order(3, by=((ANNA, ANNA_KID),), at=0, n=77)
    two = order(3, by=((ANNA, ANNA_KID), (BEN, BEN_KID)), at=0, n=77)
    first = seen.order(orders.direct(one, origin=ORIGIN, subject=system(3), num=3))
    second = seen.order(orders.direct(two, origin=ORIGIN, subject=system(3), num=3))
    assert first is not None
    assert second is not None
    assert (first.stop.kind, second.stop.kind, second.stop.rid) == ("suspend", "terminate", first.stop.rid)
    assert second.data == orders.direct(two, origin=ORIGIN, subject=system(3), num=3)


@pytest.mark.parametrize("turned", [False, True])
def test_who_takes_an_authoritys_signature_off_an_order_releases_nothing(turned: bool) -> None:
    seen = view(PINNED, pulse_required=False)
    both = order(4, kind="suspend", by=((ANNA, ANNA_KID), (WATCHDOG, WATCHDOG_KID)), at=0, n=78)
    bare = order(4, kind="suspend", by=((ANNA, ANNA_KID),), at=0, n=78)
    freed = decode(released(bare))
    assert isinstance(freed, ReleaseLeaf)
    messages = [
        orders.direct(both, origin=ORIGIN, subject=system(4), num=4),
        orders.direct(bare, origin=ORIGIN, subject=system(4), num=4, release=freed),
    ]
    for data in reversed(messages) if turned else messages:
        seen.order(data)
    assert stopped(seen, 4, now_ms=LAPSES)


def test_a_carrier_widens_nothing_by_way_of_a_pulse() -> None:
    """Beside a leaf that officers signed it may write what it likes: the pulse that takes it there vouches for none."""
    leaf = order(3, kind="suspend", by=((ANNA, ANNA_KID),), at=0, n=77)
    others = tuple(range(5, 2_000))
    bent = msgspec.structs.replace(leaf, dig=["sha256:" + f"{8:064x}"])
    wide = row(bent, 3, epoch=9, twins=others)
    data = orders.message(wide, encode(bent), origin=ORIGIN, subject=system(3), signer=STRANGER, kid="anyone")
    beater = view(Trust(ORIGIN, issuers=PINNED.issuers, officers=PINNED.officers))
    told = beater.order(data)
    assert told is not None
    assert len(told.data) < 4_096  # nor is it made larger
    holder = view()
    holder.pulse(beat(*(each.data for each in beater.direct())), T0, 0)
    assert stopped(holder, 3)
    assert not stopped(holder, 5)
    assert set(holder.stops.digests) == {"sha256:" + f"{3:064x}"}
    here = view(Trust(ORIGIN))
    here.order(told.data, vouched=True)
    assert stopped(here, 3)
    assert not stopped(here, 5)


def test_what_stands_in_the_log_is_not_kept_again_past_the_registry() -> None:
    seen = view(PINNED, pulse_required=False)
    seen.order(issued(SUSPENDED, 3, epoch=1))
    for at in range(20):
        again = msgspec.structs.replace(SUSPENDED, t=at)
        assert seen.order(orders.direct(again, origin=ORIGIN, subject=system(3), num=3)) is None
    assert len(seen.told()) == 1
    watched = order(3, kind="suspend", until=LAPSES, by=((ANNA, ANNA_KID), (WATCHDOG, WATCHDOG_KID)))
    told = seen.order(orders.direct(watched, origin=ORIGIN, subject=system(3), num=3))
    assert told is not None  # an authority's signature under it is news
    assert stopped(seen, 3, now_ms=LAPSES)


def past_the_registry(num: int, *by: tuple[object, str]) -> bytes:
    leaf = order(num, kind="suspend", by=by, at=0)  # type: ignore[arg-type]
    return orders.direct(leaf, origin=ORIGIN, subject=system(num), num=num)


def test_one_officer_cannot_fill_a_holder_and_no_stop_is_forgotten_for_him() -> None:
    seen = view(PINNED, pulse_required=False)
    anna, ben, watchdog = (ANNA, ANNA_KID), (BEN, BEN_KID), (WATCHDOG, WATCHDOG_KID)
    own = [past_the_registry(num, anna) for num in range(100, 165)]
    for data in own[:MOST_ALONE]:
        assert seen.order(data) is not None
    for data in own[MOST_ALONE:]:
        assert code(lambda: seen.order(data)) == "order.full"  # noqa: B023
    assert seen.order(own[0]) is None
    assert len(seen.told()) == MOST_ALONE
    # Who else signs is not in the way of, and neither are an authority's orders or what the registry took.
    assert seen.order(past_the_registry(200, ben)) is not None
    assert seen.order(past_the_registry(201, anna, ben)) is not None
    for num in range(300, 340):
        assert seen.order(past_the_registry(num, anna, watchdog)) is not None
    refused = order(164, kind="suspend", by=(anna,), at=0)
    assert seen.order(issued(refused, 164, epoch=1)) is not None
    assert seen.order(own[-1]) is None
    assert all(stopped(seen, num) for num in (100, 100 + MOST_ALONE - 1, 164, 200, 201, 300, 339))
    # One that is released makes room; one that was kept needs none.
    freed = decode(released(order(100, kind="suspend", by=(anna,), at=0)))
    assert isinstance(freed, ReleaseLeaf)
    first = order(100, kind="suspend", by=(anna,), at=0)
    seen.order(orders.direct(first, origin=ORIGIN, subject=system(100), num=100, release=freed))
    assert seen.order(own[20]) is not None
    assert code(lambda: seen.order(own[21])) == "order.full"
    assert seen.order(own[21], kept=True) is not None


def test_what_a_pulse_vouches_for_is_taken_whatever_an_officer_gave_here() -> None:
    seen = view(PINNED)
    for num in range(100, 100 + MOST_ALONE):
        seen.order(past_the_registry(num, (ANNA, ANNA_KID)))
    seen.pulse(beat(past_the_registry(200, (ANNA, ANNA_KID))), T0, 0)
    seen.check(T0, 0)
    assert stopped(seen, 200)
