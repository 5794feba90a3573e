# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio

import msgspec
import pytest

from answerable.errors import Refused, Unavailable
from answerable.model.leaves import WarrantLeaf
from answerable.model.records import PartyRole
from answerable.model.terms import Role
from answerable.warrants.holder import IDLE_MS, RETRY_MS
from tests.unit.warrants.office import Office


def grants(office: Office) -> int:
    return sum(isinstance(leaf, WarrantLeaf) for leaf in office.ledger.leaves)


async def test_asks_once_then_remembers() -> None:
    office = Office()
    rid = office.copies["base"].rid
    assert office.holder.cached(rid) is None
    bearer = await office.holder.bearer(rid)
    assert office.holder.cached(rid) is bearer
    assert await office.holder.bearer(rid) is bearer
    assert bearer.held
    assert bearer.deadline_mono_ms == office.clock.mono + 60_000
    assert (bearer.system, bearer.copy, bearer.party) == (office.base, office.copies["base"], office.maker)
    assert grants(office) == 1


async def test_one_asks_for_all_and_goes_on_when_a_caller_goes_away() -> None:
    office = Office()
    rid = office.copies["base"].rid
    tasks = [asyncio.create_task(office.holder.bearer(rid)) for _ in range(5)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(done[0], asyncio.CancelledError)
    assert len({id(bearer) for bearer in done[1:]}) == 1
    assert grants(office) == 1


async def test_renewed_at_a_third_of_its_life() -> None:
    office = Office()
    rid = office.copies["base"].rid
    first = await office.holder.bearer(rid)
    office.clock.pass_ms(19_999)
    assert await office.holder.bearer(rid) is first
    office.clock.pass_ms(1)
    second = await office.holder.bearer(rid)
    assert second.warrant.seq == 2
    assert second.deadline_mono_ms == office.clock.mono + 60_000
    assert grants(office) == 1


async def test_an_outage_of_two_thirds_of_a_life_is_survived_and_no_more() -> None:
    office = Office()
    rid = office.copies["base"].rid
    first = await office.holder.bearer(rid)
    office.unmet["base"] = ("licence",)
    office.clock.pass_ms(20_000)
    assert await office.holder.bearer(rid) is first
    office.clock.pass_ms(39_999)
    assert await office.holder.bearer(rid) is first
    office.clock.pass_ms(RETRY_MS)
    with pytest.raises(Refused) as refusal:
        await office.holder.bearer(rid)
    assert refusal.value.code == "warrant.duty"
    office.unmet.clear()
    office.clock.pass_ms(RETRY_MS)
    assert (await office.holder.bearer(rid)).warrant.seq == 2


async def test_a_stopped_copy_keeps_its_last_bearer_for_the_record() -> None:
    office = Office()
    rid = office.copies["base"].rid
    bearer = await office.holder.bearer(rid)
    order = office.stop()
    office.clock.pass_ms(120_000)
    assert await office.holder.bearer(rid) is bearer
    assert office.gate.stopped_by(bearer) == order
    with pytest.raises(Refused) as refusal:
        office.gate.admit(bearer)
    assert refusal.value.code == "stop.system"


async def test_a_copy_stopped_before_its_first_use_gets_nothing() -> None:
    office = Office()
    office.stop()
    for _ in range(2):
        with pytest.raises(Refused) as refusal:
            await office.holder.bearer(office.copies["tuned"].rid)
        assert refusal.value.code == "stop.system"


async def test_an_ended_copy_is_refused_at_once() -> None:
    office = Office()
    copy = office.copies["base"]
    await office.holder.bearer(copy.rid)
    office.end(copy)
    assert office.holder.cached(copy.rid) is None
    with pytest.raises(Refused) as refusal:
        await office.holder.bearer(copy.rid)
    assert refusal.value.code == "warrant.copy_ended"


async def test_a_sold_system_answers_to_its_new_party_at_once() -> None:
    office = Office()
    copy = office.copies["base"]
    assert (await office.holder.bearer(copy.rid)).party == office.maker
    sold = msgspec.structs.replace(office.base, parties=(PartyRole(party=office.firm.rid, role=Role.PROVIDER),))
    office.replace(sold)
    bearer = await office.holder.bearer(copy.rid)
    assert (bearer.party, bearer.warrant.party, bearer.system) == (office.firm, office.firm.rid, sold)


async def test_rounds_renew_what_is_used_and_forget_what_is_not() -> None:
    office = Office()
    rids = [office.copies[n].rid for n in ("base", "other")]
    for rid in rids:
        await office.holder.bearer(rid)
    for _ in range(IDLE_MS // 20_000 + 1):
        office.clock.pass_ms(20_000)
        await office.holder.renew_due()
        assert office.holder.cached(rids[0]) is not None
        await office.issuer.flush()
    used = office.holder.cached(rids[0])
    assert used is not None
    assert used.warrant.seq > 20
    assert office.holder.cached(rids[1]) is None
    office.clock.pass_ms(60_000)
    await office.holder.renew_due()
    assert rids[1] not in office.holder._held
    assert (await office.holder.bearer(rids[1])).warrant.seq == 1


async def test_a_refused_round_tries_again_and_raises_nothing() -> None:
    office = Office()
    rid = office.copies["base"].rid
    await office.holder.bearer(rid)
    office.unmet["base"] = ("licence",)
    office.clock.pass_ms(20_000)
    await office.holder.renew_due()
    office.unmet.clear()
    office.clock.pass_ms(RETRY_MS)
    await office.holder.renew_due()
    bearer = office.holder.cached(rid)
    assert bearer is not None
    assert bearer.warrant.seq == 2


async def test_runs_until_cancelled() -> None:
    office = Office()
    rid = office.copies["base"].rid
    await office.holder.bearer(rid)
    task = asyncio.create_task(office.holder.run())
    office.clock.pass_ms(20_000)
    for _ in range(5):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    bearer = office.holder.cached(rid)
    assert bearer is not None
    assert bearer.warrant.seq == 2


async def test_a_ledger_that_cannot_write_grants_nothing() -> None:
    office = Office()
    office.ledger.failure = Unavailable("warrant.contended")
    with pytest.raises(Unavailable):
        await office.holder.bearer(office.copies["base"].rid)
    office.ledger.failure = None
    assert await office.holder.bearer(office.copies["base"].rid)


async def test_renewals_of_a_fleet_are_spread() -> None:
    office = Office()
    spread = iter((0.0, 0.5, 1.0))
    office.holder._spread = lambda: next(spread)
    for name in ("base", "quant", "tuned"):
        await office.holder.bearer(office.copies[name].rid)
    start = office.clock.mono
    assert [held.due - start for held in office.holder._held.values()] == [20_000, 19_000, 18_000]
