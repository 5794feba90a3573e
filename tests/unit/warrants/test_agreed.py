# SPDX-License-Identifier: Apache-2.0
"""Envelopes shown at a gateway, and callers that stand on one, over the small fleet."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.admission import onsite
from answerable.admission.envelope import bound_ms, issue
from answerable.admission.stopset import StopSet
from answerable.crypto.b64 import b64u
from answerable.errors import Refused
from answerable.model.envelopes import Envelope, EnvelopeCopy
from answerable.model.warrants import Bearer, Credential, Recognised
from answerable.warrants import agreed as module
from answerable.warrants.agreed import Agreements
from answerable.warrants.desk import Desk
from answerable.warrants.gate import Gate
from tests.fleet import GATEWAY, ISSUER, a_nonce, key
from tests.unit.warrants.office import HOME, Office

KID = "issuer-1"
SITE = "spiffe://demo.invalid/onsite/hall"
LIFE = 600_000
KEYS = {KID: key("issuer").public}


class Told:
    """What was heard: a pulse that is fresh until it is not."""

    def __init__(self) -> None:
        self.stops, self.changes, self.life = StopSet(), 1, None
        self.why = ""
        self.clock_why = ""

    def check(self, now_ms: int, mono_ms: int, *, pulse: bool = True) -> None:
        if self.clock_why:
            raise Refused(self.clock_why)
        if pulse and self.why:
            raise Refused(self.why)


class Hall(Office):
    """A gateway, and an on-site issuer beside it whose envelope is for a copy of ``app``."""

    def __init__(self, **changed: Any) -> None:
        super().__init__()
        self.told = Told()
        self.desk = Desk(
            directory=self.book, clock=self.clock, holder=self.holder, issuers=KEYS, iss=ISSUER, told=self.told
        )
        self.gate = Gate(self.book, self.clock, GATEWAY, self.told)
        copy, system = self.copies["app"], self.app
        self.envelope = msgspec.structs.replace(
            Envelope(
                iss=ISSUER,
                site=SITE,
                aud=(GATEWAY,),
                system=system.id,
                party=self.maker.rid,
                grant="e" * 32,
                copies=(EnvelopeCopy(cpy=copy.rid, key=copy.key, sub=copy.id),),
                ancestors=tuple(sorted({*system.ancestors, system.num})),
                iat_ms=self.clock.now,
                exp_ms=self.clock.now + LIFE,
                bound=bound_ms(LIFE),
                jti=a_nonce(),
                epoch=0,
                key=b64u(key("site").public),
                worlds=system.worlds,
                max_criticality=system.criticality,
                tier=system.tier,
                audience=system.audience,
            ),
            **changed,
        )
        self.token = issue(self.envelope, key("issuer"), KID)
        self.boot = a_nonce()
        self.seq = 0

    def warrant(self, *, boot: str = "", **changed: Any) -> str:
        self.seq += 1
        e, now = self.envelope, self.clock.now
        given: dict[str, Any] = {
            "aud": GATEWAY,
            "seq": self.seq,
            "iat_ms": now,
            "exp_ms": min(now + 2_000, e.exp_ms),
        } | changed
        base = onsite.Warrant(
            iss=e.site, copy=e.copies[0].sub, system=e.system, party=e.party, grant=e.grant,
            ancestors=e.ancestors, jti=a_nonce(), nonce=boot or self.boot, epoch=e.epoch, key=e.copies[0].key,
            worlds=e.worlds, max_criticality=e.max_criticality, tier=e.tier, audience=e.audience,
            copy_rid=e.copies[0].cpy, **given,
        )  # fmt: skip
        return onsite.sign(base, e, self.token, key("site"))

    def shown(self, token: str = "") -> Credential:
        return Credential(token or self.warrant(), HOME, self.token)

    async def admitted(self, credential: Credential) -> Bearer:
        bearer = await self.desk.present(credential)
        self.gate.admit(bearer)
        return bearer

    async def code(self, credential: Credential) -> str:
        with pytest.raises(Refused) as refusal:
            await self.admitted(credential)
        return refusal.value.code


async def test_a_chain_admits_its_copy_and_its_record_names_the_envelope() -> None:
    hall = Hall()
    credential = hall.shown()
    bearer = await hall.admitted(credential)
    assert (bearer.copy, bearer.system, bearer.enveloped) == (hall.copies["app"], hall.app, True)
    assert bearer.warrant.grant == hall.envelope.grant
    assert await hall.desk.present(credential) is bearer, "recognised once"
    assert await hall.desk.still(credential, bearer) is bearer
    assert "e" * 64 not in repr(credential)
    assert hall.token not in repr(credential)


async def test_the_warrant_is_worth_nothing_without_its_envelope_nor_under_another() -> None:
    hall, other = Hall(), Hall(jti=a_nonce())
    token = hall.warrant()
    assert await hall.code(Credential(token, HOME)) == "warrant.malformed"
    assert await hall.code(Credential(token, HOME, other.token)) == "envelope.forged"
    await hall.admitted(Credential(token, HOME, hall.token))
    assert await hall.code(Credential(token, HOME)) == "warrant.malformed", "though it was just recognised"
    assert await hall.code(Credential(token, HOME, other.token)) == "envelope.forged"


@pytest.mark.parametrize(
    ("text", "code"), [("x", "envelope.malformed"), ("", "warrant.malformed"), ("a.b.c", "envelope.malformed")]
)
async def test_what_is_no_envelope(text: str, code: str) -> None:
    hall = Hall()
    assert await hall.code(Credential(hall.warrant(), HOME, text)) == code


async def test_an_envelope_by_another_issuer_or_another_key() -> None:
    hall = Hall(iss="spiffe://demo.invalid/issuer/other")
    assert await hall.code(hall.shown()) == "envelope.forged"
    hall = Hall()
    forged = issue(hall.envelope, key("nobody"), KID)
    assert await hall.code(Credential(hall.warrant(), HOME, forged)) == "envelope.forged"


async def test_another_gateway_of_the_envelope_is_not_this_one() -> None:
    other = "spiffe://demo.invalid/gateway/other"
    hall = Hall(aud=(GATEWAY, other))
    assert await hall.code(hall.shown(hall.warrant(aud=other))) == "warrant.audience"


async def test_it_ends_with_its_envelope_on_either_clock() -> None:
    hall = Hall()
    await hall.admitted(hall.shown())
    hall.clock.mono += LIFE - 500
    hall.clock.now += LIFE - 5_000  # the wall clocks of the site and of the gateway lag
    last = hall.shown()
    bearer = await hall.admitted(last)
    assert bearer.warrant.exp_ms == hall.clock.now + 2_000
    assert bearer.deadline_mono_ms == hall.clock.mono + 500
    hall.clock.mono += 500
    assert await hall.code(last) == "envelope.expired"
    with pytest.raises(Refused, match=r"warrant\.expired"):
        hall.gate.admit(bearer)
    hall = Hall()
    await hall.admitted(hall.shown())
    hall.clock.now += LIFE - 10  # the monotonic clock lags
    last = hall.shown()
    await hall.admitted(last)
    hall.clock.now += 10
    assert await hall.code(last) == "envelope.expired"


async def test_a_clock_set_back_lengthens_no_envelope() -> None:
    """Its end is counted from when it was first seen; a warrant that is signed as if it went on is refused."""
    hall = Hall()
    await hall.admitted(hall.shown())
    hall.clock.mono += LIFE
    assert await hall.code(hall.shown()) == "envelope.expired"


async def test_the_pulse_is_asked_for_when_the_envelope_is_first_seen_and_not_after() -> None:
    hall = Hall()
    hall.told.why = "pulse.stale"
    assert await hall.code(hall.shown()) == "pulse.stale", "two authorities to begin"
    hall.told.why = ""
    bearer = await hall.admitted(hall.shown())
    hall.told.why = "pulse.stale"
    hall.gate.admit(bearer)
    hall.clock.pass_ms(700)
    await hall.admitted(hall.shown())
    held = await hall.holder.bearer(hall.copies["app"].rid)
    with pytest.raises(Refused, match=r"pulse\.stale"):
        hall.gate.admit(held)


async def test_a_clock_that_is_not_synchronised_admits_nobody_envelope_or_not() -> None:
    hall = Hall()
    bearer = await hall.admitted(hall.shown())
    hall.told.clock_why = "clock.unsynchronised"
    with pytest.raises(Refused, match=r"clock\.unsynchronised"):
        hall.gate.admit(bearer)


async def test_an_order_that_was_heard_ends_it_at_once() -> None:
    hall = Hall()
    bearer = await hall.admitted(hall.shown())
    hall.stop("other")
    hall.gate.admit(bearer)
    hall.stop("app", rid="another")
    with pytest.raises(Refused, match=r"stop\.system"):
        hall.gate.admit(bearer)
    assert await hall.code(hall.shown()) == "stop.system"


async def test_a_copy_that_ended_is_refused_under_its_envelope_too() -> None:
    from answerable.model.units import Space

    hall = Hall()
    await hall.admitted(hall.shown())
    ended = msgspec.structs.replace(hall.copies["app"], ended=hall.clock.now)
    hall.put(Space.COPIES, ended.rid, msgspec.json.encode(ended))
    with pytest.raises(Recognised, match=r"warrant\.copy_ended"):
        await hall.desk.present(hall.shown())


async def test_one_that_was_followed_is_a_replay_and_both_sources_are_ordered_apart() -> None:
    """An on-site issuer's clock need not agree with the control plane's: changing over refuses neither."""
    hall = Hall()
    hall.clock.pass_ms(5_000)
    first = hall.shown()
    await hall.admitted(first)
    granted = await hall.issuer.grant(hall.copies["app"].rid, aud=GATEWAY, nonce=a_nonce())
    await hall.admitted(Credential(granted.token, HOME))
    hall.clock.pass_ms(100)
    second = hall.shown()
    await hall.admitted(second)
    await hall.admitted(Credential(granted.token, HOME))
    hall.clock.pass_ms(1_001)
    assert await hall.code(first) == "warrant.replayed"
    now = hall.clock.now
    older = hall.warrant(boot=a_nonce(), iat_ms=now - 1_500, exp_ms=now + 500)
    assert await hall.code(hall.shown(older)) == "warrant.replayed", "another boot, issued earlier"


async def test_long_work_goes_on_under_the_newest_of_the_same_boot() -> None:
    hall = Hall()
    first = hall.shown()
    began = await hall.admitted(first)
    hall.clock.pass_ms(1_500)
    newest = await hall.admitted(hall.shown())
    later = await hall.desk.still(first, began)
    assert (later.warrant, later.enveloped) == (newest.warrant, True)
    hall.told.why = "pulse.stale"
    hall.gate.admit(later)


async def test_what_is_seen_ahead_of_a_chain_ends_with_it() -> None:
    hall = Hall()
    credential = hall.shown()
    caller = await hall.admitted(credential)
    model = await hall.holder.bearer(hall.copies["base"].rid)
    horizon = hall.desk.horizon(credential, caller, model)
    assert horizon is not None
    assert horizon.until_ms == caller.warrant.exp_ms
    assert horizon.until_mono_ms == caller.deadline_mono_ms


def test_envelopes_that_ended_are_forgotten_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_KNOWN", 2)
    hall = Hall()
    agreements = Agreements(KEYS, ISSUER, hall.clock, None)
    short = issue(msgspec.structs.replace(hall.envelope, exp_ms=hall.clock.now + 1_000), key("issuer"), KID)
    for token in (hall.token, short):
        agreements.take(token)
    hall.clock.pass_ms(1_000)
    third = issue(msgspec.structs.replace(hall.envelope, jti=a_nonce()), key("issuer"), KID)
    agreements.take(third)
    assert [agreements.known(token) is not None for token in (hall.token, short, third)] == [True, False, True]
    with pytest.raises(Refused, match=r"envelope\.expired"):
        agreements.take(short)
