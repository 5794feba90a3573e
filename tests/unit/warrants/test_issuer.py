# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from answerable.admission.requests import WarrantRequest, to_sign
from answerable.admission.warrant import parse
from answerable.crypto.b64 import b64u
from answerable.errors import AnswerableError, Unavailable
from answerable.model.leaves import RenewalsLeaf, WarrantLeaf
from answerable.model.terms import Criticality, World
from answerable.model.units import Space, Unit
from answerable.warrants.issuer import Granted
from answerable.warrants.renewals import OVERDUE_MS
from tests.fleet import GATEWAY, ISSUER, a_nonce, key
from tests.unit.warrants.office import Office

BOOT = a_nonce()
KEYS = {"issuer-1": key("issuer").public}


async def code(call: Awaitable[object]) -> str:
    with pytest.raises(AnswerableError) as error:
        await call
    return error.value.code


def refused(office: Office, copy: str, **changed: Any) -> str:
    asked = {"aud": GATEWAY, "nonce": BOOT, "seq": 2, **changed}
    with pytest.raises(AnswerableError) as error:
        office.issuer.renew(copy, **asked)
    return error.value.code


async def granted(office: Office, name: str = "tuned", **changed: Any) -> Granted:
    return await office.issuer.grant(office.copies[name].rid, **{"aud": GATEWAY, "nonce": BOOT, **changed})


def asks(office: Office, name: str, seq: int = 1, nonce: str = BOOT, signer: str = "") -> Awaitable[Granted]:
    request = WarrantRequest(at=office.clock.now, aud=GATEWAY, copy=office.copies[name].id, nonce=nonce, seq=seq)
    signature = key(signer or f"copy {name} 1").sign(to_sign(request, ISSUER))
    return office.issuer.answer(request, b64u(signature))


async def test_a_first_grant_is_a_leaf_and_the_warrant_names_it() -> None:
    office = Office()
    given = await granted(office)
    (leaf,) = office.ledger.leaves
    assert isinstance(leaf, WarrantLeaf)
    warrant = given.warrant
    assert parse(given.token, KEYS) == warrant
    assert (leaf.jti, leaf.exp, leaf.sys, leaf.cpy) == (
        warrant.jti,
        warrant.exp_ms,
        office.tuned.rid,
        office.copies["tuned"].rid,
    )
    numbers = (office.base.num, office.quant.num, office.tuned.num)
    assert warrant.ancestors == numbers
    assert leaf.anc == sha256(b"".join(n.to_bytes(8, "big") for n in numbers)).hexdigest()
    assert warrant.exp_ms - warrant.iat_ms == 60_000
    assert warrant.copy_rid == office.copies["tuned"].rid
    assert not any(part in repr(given) for part in given.token.split("."))


@pytest.mark.parametrize(
    ("facts", "life"),
    [
        ({}, 60_000),
        ({"tier": 3}, 15_000),
        ({"criticality": Criticality.CRITICAL}, 15_000),
        ({"worlds": (World.BIOLOGICAL,)}, 5_000),
        ({"worlds": (World.PHYSICAL,)}, 2_000),
    ],
)
async def test_life_by_class_never_longer(facts: dict[str, Any], life: int) -> None:
    for asked, given in ((None, life), (1_000_000, max(life, 300_000) if not facts else life), (1_500, 1_500)):
        office = Office(life_ms=asked)
        office.copies["one"] = office.copy(office.system("one", **facts))
        warrant = (await granted(office, "one")).warrant
        assert warrant.exp_ms - warrant.iat_ms == given


async def test_renewals_count_on_and_are_recorded_by_the_minute() -> None:
    office = Office()
    first = await granted(office)
    office.clock.pass_ms(20_000)
    second = office.issuer.renew(office.copies["tuned"].rid, aud=GATEWAY, nonce=BOOT, seq=2)
    assert (second.warrant.seq, second.warrant.grant) == (2, first.warrant.grant)
    assert second.warrant.exp_ms == first.warrant.exp_ms + 20_000
    assert parse(second.token, KEYS) == second.warrant
    assert len(office.ledger.leaves) == 1
    await office.issuer.flush()
    leaf = office.ledger.leaves[1]
    assert isinstance(leaf, RenewalsLeaf)
    assert leaf.num == 1


async def test_each_number_once_each_key_one_boot() -> None:
    office = Office()
    rid = office.copies["tuned"].rid
    assert refused(office, rid) == "warrant.boot_unknown"
    await granted(office)
    assert refused(office, rid, seq=3) == "warrant.replayed"
    office.issuer.renew(rid, aud=GATEWAY, nonce=BOOT, seq=2)
    assert refused(office, rid, seq=2) == "warrant.replayed"
    other = a_nonce()
    assert refused(office, rid, nonce=other, seq=3) == "warrant.clone"
    assert await code(granted(office, nonce=other)) == "warrant.clone"
    office.clock.pass_ms(60_000)
    assert (await granted(office, nonce=other)).warrant.seq == 1
    assert refused(office, rid, seq=3) == "warrant.clone"


async def test_a_request_that_is_repeated_gets_the_same_warrant_and_no_other() -> None:
    office = Office()
    for seq in (1, 2):
        first = await asks(office, "tuned", seq)
        assert await asks(office, "tuned", seq) is first, "the same bytes under the same signature"
        renewed = office.issuer.renewals.pending
        office.clock.pass_ms(1_000)
        assert await code(asks(office, "tuned", seq)) == "warrant.replayed", "another time is another request"
        assert office.issuer.renewals.pending == renewed
    assert len(office.ledger.leaves) == 1
    assert office.issuer.renewals.pending == 1, "what was signed once is counted once"
    office.clock.pass_ms(-1_000)
    assert await code(asks(office, "tuned", 1)) == "warrant.replayed", "the newest alone"
    repeated = asks(office, "tuned", 2)
    office.stop()
    assert await code(repeated) == "stop.system"


async def test_a_repeat_is_answered_as_long_as_its_warrant_lives_and_no_longer() -> None:
    office = Office()
    for seq in (1, 2):
        made = [asks(office, "tuned", seq) for _ in range(4)]
        first = await made[0]
        office.clock.pass_ms(30_001)
        assert await made[1] is first, "older than any new request may be"
        office.clock.pass_ms(first.warrant.exp_ms - office.clock.now - 1)
        assert await made[2] is first
        office.clock.pass_ms(1)
        assert await code(made[3]) == "warrant.proof"
    assert (len(office.ledger.leaves), office.issuer.renewals.pending) == (1, 1)


async def test_a_repeat_that_comes_within_half_a_minute_is_told_of_a_warrant_that_ended() -> None:
    office = Office(life_ms=1_000)
    again = asks(office, "tuned")
    first = await asks(office, "tuned")
    office.clock.pass_ms(1_000)
    assert await again is first, "so the boot goes on with the next number, and there is no second leaf"
    assert (await asks(office, "tuned", 2)).warrant.grant == first.warrant.grant


async def test_a_repeat_while_the_disk_is_waited_for_waits_for_the_same_leaf(monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office()
    began, written, commit = asyncio.Event(), asyncio.Event(), office.ledger.commit

    async def slow(unit: Unit) -> object:
        began.set()
        await written.wait()
        return await commit(unit)

    monkeypatch.setattr(office.ledger, "commit", slow)
    first = asyncio.ensure_future(asks(office, "tuned"))
    await began.wait()
    repeats = [asyncio.ensure_future(asks(office, "tuned")) for _ in range(2)]
    await asyncio.sleep(0)
    first.cancel()  # whoever asked first has gone away
    assert await code(asks(office, "tuned", nonce=a_nonce())) == "warrant.clone", "another boot is no repeat"
    written.set()
    granted = [await each for each in repeats]
    assert first.cancelled()
    assert granted[0] is granted[1]
    assert await asks(office, "tuned") is granted[0]
    assert len(office.ledger.leaves) == 1
    assert office.issuer._granting == {}


async def test_a_repeat_shows_nobody_alive() -> None:
    heard: list[tuple[str, str]] = []
    office = Office(asked=lambda copy, boot, refused, at: heard.append((boot, refused)))
    for _ in range(3):
        await asks(office, "tuned")
    other = a_nonce()
    assert await code(asks(office, "tuned", nonce=other)) == "warrant.clone"
    assert heard == [(BOOT, ""), (other, "warrant.clone")]


async def test_what_may_not_be_signed_is_not_given_again() -> None:
    closed: list[Unavailable] = []

    def may_sign() -> None:
        if closed:
            raise closed[0]

    office = Office(may_sign=may_sign)
    again, after = asks(office, "tuned"), asks(office, "tuned")
    await asks(office, "tuned")
    closed.append(Unavailable("warrant.unrecorded", seconds=1))
    assert await code(again) == "warrant.unrecorded"
    closed.clear()
    office.end(office.copies["tuned"])
    assert await code(after) == "warrant.copy_ended"


async def test_holders_have_boots_of_their_own() -> None:
    office = Office()
    await granted(office)
    assert (await granted(office, nonce=a_nonce(), holder="gateway")).warrant.seq == 1


async def test_it_signs_for_its_audiences_only() -> None:
    office = Office()
    assert await code(granted(office, aud="spiffe://else.invalid/gateway/main")) == "warrant.audience"
    await granted(office)
    assert refused(office, office.copies["tuned"].rid, aud="x") == "warrant.audience"


async def test_stopped_ended_and_lapsed_are_not_renewed_nor_granted() -> None:
    for what in ("stop.system", "warrant.copy_ended", "warrant.duty"):
        office = Office()
        await granted(office)
        if what == "stop.system":
            office.stop()
        elif what == "warrant.copy_ended":
            office.end(office.copies["tuned"])
        else:
            office.unmet["tuned"] = ("licence",)
        assert refused(office, office.copies["tuned"].rid) == what
        office.clock.pass_ms(60_000)
        assert await code(granted(office, nonce=a_nonce())) == what
        assert len(office.ledger.leaves) == 1


async def test_a_stop_that_commits_while_the_grant_waits_wins() -> None:
    office = Office()
    office.ledger.before = office.stop
    assert await code(granted(office)) == "stop.system"
    assert office.ledger.leaves == []
    office = Office()
    office.ledger.before = lambda: office.end(office.copies["tuned"])
    assert await code(granted(office)) == "warrant.copy_ended"


async def test_an_unrelated_stop_only_makes_it_look_again() -> None:
    office = Office()
    office.ledger.before = lambda: office.stop("other") and None
    assert (await granted(office)).warrant.epoch == 1


async def test_it_does_not_try_for_ever() -> None:
    office = Office()
    names = iter(range(100))

    def again() -> None:
        office.stop("other", rid=f"order {next(names)}")
        office.ledger.before = again

    office.ledger.before = again
    assert await code(granted(office)) == "warrant.contended"


async def test_a_failed_grant_leaves_room_for_the_next() -> None:
    office = Office()
    office.ledger.failure = Unavailable("warrant.contended")
    assert await code(granted(office)) == "warrant.contended"
    office.ledger.failure = None
    assert await granted(office, nonce=a_nonce())


async def test_unrecorded_renewals_end() -> None:
    office = Office()
    await granted(office)
    rid = office.copies["tuned"].rid
    office.issuer.renew(rid, aud=GATEWAY, nonce=BOOT, seq=2)
    office.clock.pass_ms(OVERDUE_MS + 1)
    assert refused(office, rid, seq=3) == "warrant.unrecorded"
    await office.issuer.flush()
    office.issuer.renew(rid, aud=GATEWAY, nonce=BOOT, seq=3)


async def test_a_copy_asks_with_its_own_key() -> None:
    office = Office()
    assert await code(asks(office, "tuned", signer="stranger")) == "warrant.proof"
    first = await asks(office, "tuned")
    second = await asks(office, "tuned", seq=2)
    assert (first.warrant.seq, second.warrant.seq) == (1, 2)
    office.clock.pass_ms(1)
    assert await code(asks(office, "tuned", seq=2)) == "warrant.replayed"
    assert await code(asks(office, "tuned")) == "warrant.replayed"
    assert await code(asks(office, "tuned", nonce=a_nonce())) == "warrant.clone"


async def test_a_boots_nonce_founds_one_boot_ever() -> None:
    office = Office()
    await asks(office, "tuned")
    office.clock.pass_ms(60_000)
    assert await code(asks(office, "tuned")) == "warrant.replayed"
    office.issuer._boots.clear()  # as after a restart
    assert await code(asks(office, "tuned")) == "warrant.replayed"
    assert await asks(office, "tuned", nonce=a_nonce())


async def test_an_unknown_copy_cannot_ask() -> None:
    office = Office()
    request = WarrantRequest(at=office.clock.now, aud=GATEWAY, copy="spiffe://x", nonce=BOOT, seq=1)
    assert await code(office.issuer.answer(request, "")) == "warrant.unregistered"


async def test_what_a_system_may_call_stands_in_its_warrants() -> None:
    office = Office()
    assert (await granted(office)).warrant.tools == ("*",)
    row = msgspec.structs.replace(office.quant, scope=("bank/pay",), may=Criticality.SENSITIVE)
    office.put(Space.SYSTEMS, row.rid, msgspec.json.encode(row))
    warrant = (await granted(office, "quant")).warrant
    assert (warrant.tools, warrant.max_criticality) == (("bank/pay",), Criticality.SENSITIVE)
    none = msgspec.structs.replace(office.base, scope=())
    office.put(Space.SYSTEMS, none.rid, msgspec.json.encode(none))
    assert (await granted(office, "base")).warrant.tools == ()
