# SPDX-License-Identifier: Apache-2.0
"""Warrants that are renewed over a network: the asker here is a real issuer behind a way that can be cut."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import msgspec
import pytest

from answerable.admission.stopset import StopSet
from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.model.warrants import Bearer, Recognised
from answerable.warrants.far import Ask, FarHolder
from answerable.warrants.holder import IDLE_MS, RETRY_MS
from tests.fleet import GATEWAY, ISSUER, key
from tests.unit.warrants.office import Office


class Far(Office):
    def __init__(self) -> None:
        super().__init__()
        self.cut = False
        self.late_ms = 0  # that an answer takes
        self.lost = False  # answered, and the answer is lost
        self.asked: list[Ask] = []
        self.far = FarHolder(
            ask=self.ask,
            directory=self.book,
            clock=self.clock,
            aud=GATEWAY,
            issuers={"issuer-1": key("issuer").public},
            iss=ISSUER,
            sleep=lambda _: asyncio.sleep(0),
            spread=lambda: 0.0,
        )

    async def ask(self, asks: Sequence[Ask]) -> list[str | AnswerableError]:
        if self.cut:
            raise Unavailable("node.away", detail="cut")
        self.asked += asks
        answers: list[str | AnswerableError] = []
        for ask in asks:
            try:
                if ask.seq == 1:
                    granted = await self.issuer.grant(ask.copy, aud=GATEWAY, nonce=ask.nonce, holder="node:x")
                else:
                    granted = self.issuer.renew(ask.copy, aud=GATEWAY, nonce=ask.nonce, seq=ask.seq, holder="node:x")
                answers.append(granted.token)
            except AnswerableError as error:
                answers.append(error)
        self.clock.pass_ms(self.late_ms)
        if self.lost:
            raise Unavailable("node.away", detail="lost")
        return answers


async def test_a_life_counts_from_when_it_was_asked_for() -> None:
    office = Far()
    office.late_ms = 700
    asked = office.clock.mono
    bearer = await office.far.bearer(office.copies["base"].rid)
    assert bearer.deadline_mono_ms == asked + 60_000
    assert bearer.held
    assert office.far.cached(bearer.copy.rid) is bearer
    assert office.far.due(bearer) == bearer.deadline_mono_ms
    assert [ask.seq for ask in office.far.held()] == [1]


async def test_many_are_renewed_in_one_question_and_the_old_one_is_used_meanwhile() -> None:
    office = Far()
    rids = [office.copies[name].rid for name in ("base", "quant", "app")]
    first = [await office.far.bearer(rid) for rid in rids]
    office.clock.pass_ms(20_001)
    assert [office.far.cached(rid) for rid in rids] == first, "used until it ends"
    office.asked.clear()
    assert await office.far.renew_due() == 3
    assert {ask.seq for ask in office.asked} == {2}
    assert all(office.far.cached(rid) is not bearer for rid, bearer in zip(rids, first, strict=True))


async def test_cut_off_it_goes_on_to_the_end_of_the_warrant_and_not_a_moment_longer() -> None:
    office = Far()
    rid = office.copies["base"].rid
    bearer = await office.far.bearer(rid)
    office.cut = True
    office.clock.pass_ms(59_999)
    assert await office.far.renew_due() == 0
    assert await office.far.bearer(rid) is bearer
    office.clock.pass_ms(1)
    assert office.far.cached(rid) is None
    with pytest.raises(Unavailable, match=r"node\.away"):
        await office.far.bearer(rid)
    office.cut = False
    assert (await office.far.bearer(rid)).warrant.seq == 1


async def test_a_clock_set_back_lengthens_nothing() -> None:
    office = Far()
    rid = office.copies["base"].rid
    await office.far.bearer(rid)
    office.cut = True
    office.clock.pass_ms(60_000)
    office.clock.now -= 3_600_000
    assert office.far.cached(rid) is None


async def test_a_refused_renewal_is_the_end_at_once() -> None:
    office = Far()
    rid = office.copies["base"].rid
    bearer = await office.far.bearer(rid)
    office.stop("base")
    office.clock.pass_ms(20_001)
    await office.far.renew_due()
    assert office.far.cached(rid) is None
    assert office.far.due(bearer) == 0
    with pytest.raises(Recognised, match=r"stop\.system"):
        await office.far.bearer(rid)


async def test_an_answer_that_was_lost_is_made_good_by_a_new_first_grant() -> None:
    office = Far()
    rid = office.copies["base"].rid
    await office.far.bearer(rid)
    office.clock.pass_ms(20_001)
    office.lost = True
    assert await office.far.renew_due() == 0
    office.lost = False
    office.clock.pass_ms(RETRY_MS + 1)
    await office.far.renew_due()  # its number was given out: replayed, so anew
    bearer = office.far.cached(rid)
    assert bearer is not None
    assert bearer.warrant.iat_ms == office.clock.now


async def test_one_asks_for_all_who_wait() -> None:
    office = Far()
    rid = office.copies["base"].rid
    found = await asyncio.gather(*(office.far.bearer(rid) for _ in range(5)))
    assert len({id(bearer) for bearer in found}) == 1
    assert len(office.asked) == 1


async def test_what_was_not_asked_for_is_no_warrant() -> None:
    office = Far()
    rid, other = office.copies["base"].rid, office.copies["other"].rid
    token = (await office.issuer.grant(other, aud=GATEWAY, nonce=office.far.boot, holder="x")).token

    async def wrong(asks: Sequence[Ask]) -> list[str]:
        return [token for _ in asks]

    office.far._ask = wrong
    with pytest.raises(Refused, match=r"warrant\.unregistered"):
        await office.far.bearer(rid)
    token = (await office.issuer.grant(rid, aud=GATEWAY, nonce="AAAAAAAAAAAAAAAAAAAAAA", holder="y")).token
    with pytest.raises(Unavailable, match=r"node\.answer"):
        await office.far.bearer(rid)
    token = "no.jwt.at-all"
    with pytest.raises(Unavailable, match=r"node\.answer"):
        await office.far.bearer(rid)


async def test_who_changed_in_the_registry_is_looked_at_anew() -> None:
    office = Far()
    copy = office.copies["base"]
    await office.far.bearer(copy.rid)
    ended = msgspec.structs.replace(copy, ended=office.clock.now)
    from answerable.model.units import Space

    office.put(Space.COPIES, copy.rid, msgspec.json.encode(ended))
    assert office.far.cached(copy.rid) is None
    with pytest.raises(Refused, match=r"warrant\.copy_ended"):
        await office.far.bearer(copy.rid)


async def test_the_idle_are_forgotten() -> None:
    office = Far()
    await office.far.bearer(office.copies["base"].rid)
    office.clock.pass_ms(IDLE_MS + 60_001)
    await office.far.renew_due()
    assert len(office.far) == 0


class Pulse:
    """What was told: nothing but a pulse that ends."""

    def __init__(self, office: Far) -> None:
        self.stops, self.changes = StopSet(), 0
        self.life: tuple[int, int] | None = (office.clock.now + 5_000, office.clock.mono + 5_000)

    def check(self, now_ms: int, mono_ms: int, *, pulse: bool = True) -> None:
        raise AssertionError("the gate asks that")


async def test_what_was_signed_on_site_is_used_only_where_the_issuers_warrant_or_the_pulse_has_ended() -> None:
    office = Far()
    rid = office.copies["base"].rid
    spare: list[Bearer] = []
    told = Pulse(office)
    far = FarHolder(
        ask=office.ask, directory=office.book, clock=office.clock, aud=GATEWAY,
        issuers={"issuer-1": key("issuer").public}, iss=ISSUER, told=told,
        spare=lambda copy: spare[0] if spare and copy == rid else None,
    )  # fmt: skip
    own = await far.bearer(rid)
    on_site = replace(own, enveloped=True)
    office.cut = True
    office.clock.pass_ms(5_000)
    assert await far.bearer(rid) is own, "no spare: the gate says why it does not admit"
    spare.append(on_site)
    assert await far.bearer(rid) is on_site, "the pulse ended"
    assert far.due(on_site) == 0, "not to be seen ahead"
    told.life = None
    assert await far.bearer(rid) is own
    office.clock.pass_ms(55_000)
    assert await far.bearer(rid) is on_site, "the warrant ended"
    spare.clear()
    with pytest.raises(Unavailable, match=r"node\.away"):
        await far.bearer(rid)
    office.cut = False
    spare.append(on_site)
    office.stop("base")
    far._held.clear()
    spare.clear()
    with pytest.raises(Refused, match=r"stop\.system"):
        await far.bearer(rid)


async def test_a_refused_renewal_is_the_end_whatever_was_signed_on_site() -> None:
    office = Far()
    rid = office.copies["base"].rid
    spare: list[Bearer] = []
    far = FarHolder(
        ask=office.ask, directory=office.book, clock=office.clock, aud=GATEWAY,
        issuers={"issuer-1": key("issuer").public}, iss=ISSUER, spare=lambda _: spare[0], spread=lambda: 0.0,
    )  # fmt: skip
    spare.append(replace(await _first_of(far, rid, spare, office), enveloped=True))
    office.stop("base")
    office.clock.pass_ms(20_001)
    await far.renew_due()
    assert far.cached(rid) is None


async def _first_of(far: FarHolder, rid: str, spare: list[Bearer], office: Far) -> Bearer:
    return await far._asked(rid)


async def test_a_first_grant_takes_no_place_of_a_live_warrant_before_its_records_can_be_written() -> None:
    """The issuer began anew, gave a first grant and died: what a record under that leads to is nowhere to be had, and
    the warrant in hand lives on."""
    office = Far()
    rid = office.copies["base"].rid
    away, ensured = False, list[str]()

    async def ensure(_copy: str, grant: str) -> None:
        if away:
            raise Unavailable("node.away", detail="cut")
        ensured.append(grant)

    far = FarHolder(
        ask=office.ask, directory=office.book, clock=office.clock, aud=GATEWAY,
        issuers={"issuer-1": key("issuer").public}, iss=ISSUER, ensure=ensure, spread=lambda: 0.0,
    )  # fmt: skip
    first = await far.bearer(rid)
    office.issuer.forget(rid, "node:x", far.boot)
    away = True
    office.clock.pass_ms(20_001)
    await far.renew_due()
    assert await far.bearer(rid) is first
    away = False
    office.asked.clear()
    office.clock.pass_ms(RETRY_MS)
    await far.renew_due()
    second = await far.bearer(rid)
    assert second.warrant.grant != first.warrant.grant
    assert ensured == [first.warrant.grant, second.warrant.grant]
    assert [ask.seq for ask in office.asked].count(1) == 0, "what was granted is not asked for again"


class Behind(Far):
    """A node whose registry stands still from the moment it is told to: it hears no change of the stop set any more."""

    def __init__(self) -> None:
        super().__init__()
        self.here: StopSet | None = None
        book = self.book

        class Registry:
            def __getattr__(_, name: str) -> object:  # noqa: N805
                return getattr(book, name)

            def stop_set(_) -> StopSet:  # noqa: N805
                return self.here if self.here is not None else book.stop_set()

        self.told = Told()
        self.far._directory = Registry()  # type: ignore[assignment]
        self.far._told = self.told  # type: ignore[assignment]

    def deaf(self) -> None:
        self.here = self.book.stop_set()


class Told:
    stops = StopSet()
    changes = 0
    life = None


async def test_a_warrant_that_names_what_is_not_known_is_not_taken_up_while_the_one_before_lives() -> None:
    office = Behind()
    rid = office.copies["other"].rid
    first = await office.far.bearer(rid)
    office.deaf()
    office.stop("base")  # another lineage
    office.clock.pass_ms(20_001)
    assert await office.far.renew_due() == 1
    assert office.far.cached(rid) is first, "the issuer is dead from here on: nobody can say what it was"
    office.cut = True
    office.clock.pass_ms(39_998)
    assert office.far.cached(rid) is first
    assert await office.far.renew_due() == 0
    office.clock.pass_ms(1)
    newer = office.far.cached(rid)
    assert newer is not None
    assert newer.warrant.epoch > first.warrant.epoch, "it is shown in the end: the gate refuses what is not explained"
    assert newer.deadline_mono_ms == first.deadline_mono_ms + 20_001, "and it ends no later for having waited"


@pytest.mark.parametrize("way", ["registry", "messages"])
async def test_it_is_taken_up_as_soon_as_it_is_explained_whoever_told(way: str) -> None:
    office = Behind()
    rid = office.copies["other"].rid
    first = await office.far.bearer(rid)
    office.deaf()
    office.stop("base")
    office.clock.pass_ms(20_001)
    await office.far.renew_due()
    if way == "registry":
        office.here = None
    else:
        office.told.stops = office.book.stop_set()
    newer = office.far.cached(rid)
    assert newer is not None
    assert (newer.warrant.seq, newer.warrant.epoch) == (2, first.warrant.epoch + 1)
    office.clock.pass_ms(20_001)
    assert await office.far.renew_due() == 1


async def test_renewals_go_on_from_the_newest_while_it_waits() -> None:
    office = Behind()
    rid = office.copies["other"].rid
    first = await office.far.bearer(rid)
    office.deaf()
    office.stop("base")
    for seq in (2, 3):
        office.clock.pass_ms(20_001)
        office.asked.clear()
        assert await office.far.renew_due() == 1
        assert [ask.seq for ask in office.asked] == [seq]
    assert office.far.cached(rid) is first
    office.here = None
    newest = office.far.cached(rid)
    assert newest is not None
    assert newest.warrant.seq == 3


async def test_a_first_grant_of_a_new_boot_waits_too_and_what_was_sold_does_not() -> None:
    office = Behind()
    rid = office.copies["other"].rid
    first = await office.far.bearer(rid)
    office.deaf()
    office.stop("base")
    office.issuer.forget(rid, "node:x", office.far.boot)
    office.clock.pass_ms(20_001)
    await office.far.renew_due()
    assert office.far.cached(rid) is first
    held = office.far._held[rid]
    assert held.newer is not None
    held.bearer = replace(first, party=replace_party(first))
    held.changes -= 1
    assert (await office.far.bearer(rid)).warrant.epoch == first.warrant.epoch + 1


def replace_party(bearer: Bearer) -> object:
    return msgspec.structs.replace(bearer.party, name="sold since")
