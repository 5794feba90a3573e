# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio

import pytest

from answerable.errors import Refused, Unavailable
from answerable.guard import sources
from answerable.guard.sources import Either, bounds, printed
from tests.fleet import key
from tests.unit.guard.offices import IDENTITY, LIFE, SITE, Office, Site

AWAY = Unavailable("upstream.unreachable", upstream="x")


async def test_both_sources_give_a_warrant_that_counts_from_the_asking() -> None:
    for office, life in ((Office(), LIFE), (Site(), 2_000)):
        source = office.source()
        first = await source.next()
        assert (first.warrant.seq, first.held.ends) == (1, 1_000 + life)
        assert first.source == source.name
        office.passes(life // 3)
        second = await source.next()
        assert (second.warrant.seq, second.held.ends) == (2, 1_000 + life // 3 + life)
        assert office.asked[0].nonce == office.asked[1].nonce


async def test_each_has_its_own_bound() -> None:
    office, site = Office(), Site()
    plane, hall = office.source(), site.source()
    assert (plane.longest_ms(), hall.longest_ms()) == (0, 0)
    await plane.next()
    await hall.next()
    assert printed(plane, 500) == LIFE + 500 + 100
    assert printed(hall, 500) == 10_000 + 500 + 100, "the envelope's life, not the two seconds of a warrant"
    site.passes(4_000)
    await hall.next()
    assert hall.longest_ms() == 6_000


async def test_an_outage_is_survived_until_the_warrant_ends() -> None:
    office = Office()
    source = office.source()
    first = await source.next()
    office.error = AWAY
    office.passes(LIFE - 1)
    assert (await source.next()).held.token == first.held.token
    office.passes(1)
    with pytest.raises(Unavailable):
        await source.next()


async def test_an_envelope_that_ended_ends_it_on_either_clock() -> None:
    site = Site()
    source = site.source()
    await source.next()
    site.passes(9_500)
    assert (await source.next()).held.ends == site.mono + 500, "never longer than its envelope"
    site.passes(500)
    with pytest.raises(Refused, match=r"envelope\.expired"):
        await source.next()
    slow = Site()
    source = slow.source()
    await source.next()
    slow.mono += 10_000  # its wall clock stands still
    with pytest.raises(Refused, match=r"envelope\.expired"):
        await source.next()


async def test_what_is_no_warrant_of_this_copy_is_refused() -> None:
    office = Office()
    office.signer = key("stranger")
    with pytest.raises(Refused) as caught:
        await office.source().next()
    assert (caught.value.code, caught.value.params["detail"]) == ("guard.warrant", "warrant.forged")
    for changes, detail in (
        ({"copy_rid": "d" * 32}, "another copy"),
        ({"aud": "spiffe://demo.invalid/gateway/other"}, "another audience"),
        ({"key": "A" * 43}, "another key"),
    ):
        office = Office()
        office.changes = changes
        with pytest.raises(Refused) as caught:
            await office.source().next()
        assert (caught.value.code, caught.value.params["detail"]) == ("guard.warrant", detail)


async def test_an_issuer_that_was_started_again_gives_a_first_warrant_of_a_new_boot() -> None:
    office = Office()
    source = office.source()
    await source.next()
    office.boot = "none that it knows"
    again = await source.next()
    assert again.warrant.seq == 1
    assert office.asked[-1].nonce != office.asked[0].nonce
    assert (await source.next()).warrant.seq == 2


async def test_what_is_in_hand_holds_on_while_it_begins_anew() -> None:
    office = Office()
    source = office.source()
    first = await source.next()
    office.error = Refused("warrant.boot_unknown")
    with pytest.raises(Refused, match="boot_unknown"):
        await source.next()
    office.error = AWAY
    assert (await source.next()).held.token == first.held.token
    office.error = None
    assert (await source.next()).warrant.seq == 1


async def test_the_site_steps_in_while_the_control_plane_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    office, site = Office(), Site()
    monkeypatch.setattr(sources, "mono_ms", lambda: office.mono)
    both = Either(office.source(), site.source())
    assert (await both.next()).source == both.name == "the control plane"
    assert bounds(both, 0) == {"the control plane": LIFE + 100, "the on-site issuer": 10_100}, "known from the start"
    assert (await both.spare()).held.envelope, "to be shown to the gateway"
    assert both.name == "the control plane"
    office.error = AWAY
    office.passes(20_000)
    assert (await both.next()).source == both.name == "the on-site issuer"
    assert both.longest_ms() == LIFE
    site.passes(10_000)
    kept = await both.next()
    assert kept.source == "the control plane", "an envelope's end takes nothing from a warrant that lives"
    office.error = None
    assert (await both.next()).warrant.seq == 2
    office.error = Refused("stop.system", order="o" * 32)
    with pytest.raises(Refused, match=r"stop\.system"):
        await both.next()


async def test_a_site_that_does_not_answer_at_the_start_is_not_used_later() -> None:
    office, site = Office(), Site()
    site.error = AWAY
    both = Either(office.source(), site.source())
    assert (await both.next()).source == "the control plane"
    assert both.without is AWAY
    assert list(bounds(both, 0)) == ["the control plane"]
    site.error, office.error = None, AWAY
    office.passes(LIFE)
    with pytest.raises(Unavailable):
        await both.next()


async def test_who_only_carries_ends_nobody() -> None:
    """A relay that issues nothing says no in other words; the next way is asked, and what is in hand holds on."""
    office, carrier = Office(), Office()
    carrier.error = Refused("request.host")
    wall, mono = office.clocks()
    source = sources.ControlPlane(IDENTITY, (carrier, office), wall=wall, mono=mono)
    first = await source.next()
    office.error = AWAY
    office.passes(20_000)
    assert (await source.next()).held.token == first.held.token
    office.passes(LIFE)
    with pytest.raises(Unavailable):
        await source.next()


async def test_a_control_plane_that_hangs_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    office, site = Office(), Site()

    class Hangs(Office):
        async def post(self, path: str, body: bytes) -> bytes:
            await asyncio.sleep(30)
            return b""

    monkeypatch.setattr(sources, "ANSWER_MS", 50)
    monkeypatch.setattr(sources, "mono_ms", lambda: office.mono)
    assert (await Either(Hangs().source(), site.source()).next()).source == "the on-site issuer"


class Ear:
    def __init__(self) -> None:
        self.epoch = 0
        self.heard: list[bytes] = []

    def order(self, data: bytes) -> None:
        if data == b"not believed":
            raise Refused("order.malformed", detail="x")
        self.heard.append(data)
        self.epoch += 1


async def test_what_is_known_is_said_and_orders_that_come_with_a_warrant_are_heard_before_it_is_used() -> None:
    for office in (Office(), Site()):
        ear = Ear()
        wall, mono = office.clocks()
        kind = sources.OnSite if isinstance(office, Site) else sources.ControlPlane
        more = (SITE,) if isinstance(office, Site) else ()
        source = kind(IDENTITY, (office,), *more, wall=wall, mono=mono, knows=ear)  # type: ignore[arg-type]
        await source.next()
        assert office.known == [None], "at its start a holder pulls"
        ear.epoch = 4
        office.orders = ("not believed", "one")
        leased = await source.next()
        assert (office.known[1], ear.heard, leased.held.orders) == (4, [b"one"], (b"not believed", b"one"))
        await source.next()
        assert office.known[2] == 5


async def test_who_hears_nothing_asks_for_what_came_after_its_newest_warrant() -> None:
    office = Office()
    source = office.source()
    first = await source.next()
    await source.next()
    assert office.known == [None, first.warrant.epoch]


async def test_a_new_boot_at_the_control_plane_is_its_warrant_though_its_number_is_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    office, site = Office(), Site()
    monkeypatch.setattr(sources, "mono_ms", lambda: office.mono)
    both = Either(office.source(), site.source())
    first = await both.next()
    office.boot = "none that it knows"
    office.passes(LIFE // 3)
    second = await both.next()
    assert (second.source, second.held.seq) == (first.source, first.held.seq) == ("the control plane", 1)
    assert second.held.token != first.held.token


async def test_an_answer_that_came_too_late_is_followed_by_the_next_question() -> None:
    """On site warrants live 2 s: one that was lost has ended when it is given again."""
    for office in (Office(), Site()):
        source = office.source()
        first = await source.next()
        office.error = AWAY
        office.passes(500)
        assert (await source.next()).held.token == first.held.token
        office.error, office.life = None, 2_000
        office.passes(2_500)
        third = await source.next()
        assert (third.held.seq, third.held.ends) == (3, office.mono + 2_000)
