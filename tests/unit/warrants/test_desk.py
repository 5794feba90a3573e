# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from answerable.admission.warrant import issue
from answerable.crypto.b64 import b64u
from answerable.errors import Refused, Unavailable
from answerable.model.units import Space
from answerable.model.warrants import Horizon, Peer, Recognised
from answerable.warrants import desk as module
from answerable.warrants.handles import digest_of, revoke
from answerable.warrants.issuer import Granted
from tests.fleet import GATEWAY, T0, a_nonce, key
from tests.unit.warrants.office import DAY, Office, shown

KID = "issuer-1"


async def code(office: Office, value: str, peer: Peer = Peer(address="127.0.0.1")) -> str:  # noqa: B008  frozen
    with pytest.raises(Refused) as refusal:
        await office.desk.present(shown(value, peer))
    return refusal.value.code


async def token(office: Office, name: str = "app", nonce: str = "") -> Granted:
    return await office.issuer.grant(office.copies[name].rid, aud=GATEWAY, nonce=nonce or a_nonce())


def signed(office: Office, given: Granted, signer: str = "issuer", kid: str = KID, **changed: Any) -> str:
    return issue(msgspec.structs.replace(given.warrant, **changed), key(signer), kid)


async def test_a_handle_stands_for_its_copy() -> None:
    office = Office()
    handle = office.handle()
    bearer = await office.desk.present(shown(handle))
    assert (bearer.copy, bearer.system, bearer.party) == (office.copies["app"], office.app, office.maker)
    office.gate.admit(bearer)
    assert await office.desk.present(shown(handle)) is bearer
    assert await office.desk.own(office.copies["app"]) is bearer


async def test_a_handle_goes_on_while_warrants_come_and_go() -> None:
    office = Office()
    handle = office.handle()
    for _ in range(20):
        office.gate.admit(await office.desk.present(shown(handle)))
        office.clock.pass_ms(50_000)
        await office.issuer.flush()


async def test_handles_that_do_not_let_in() -> None:
    office = Office()
    handle = office.handle()
    assert await code(office, "") == "warrant.missing"
    assert await code(office, "ans_" + "A" * 43) == "handle.unknown"
    assert await code(office, "ans_\ud800") == "handle.unknown"
    assert await code(office, handle[:-1]) == "handle.unknown"
    assert await code(office, handle, Peer(address="10.0.0.1")) == "handle.elsewhere"
    assert await code(office, handle, Peer(unix=True)) == "handle.elsewhere"
    await office.desk.present(shown(handle))
    assert await code(office, handle, Peer(address="10.0.0.1")) == "handle.elsewhere"
    assert await code(office, handle, Peer(address="127.0.0.1", unix=True)) == "handle.elsewhere"
    office.clock.pass_ms(DAY)
    assert await code(office, handle) == "handle.expired"


async def test_a_revoked_handle_ends_though_it_was_known() -> None:
    office = Office()
    handle = office.handle()
    await office.desk.present(shown(handle))
    ended = revoke(office.book, digest=digest_of(handle), by=office.operator.rid, now_ms=office.clock.now)
    office.ledger.write(ended.unit)
    assert await code(office, handle) == "handle.revoked"
    assert await code(office, handle) == "handle.revoked"


async def known(office: Office, value: str, peer: Peer = Peer(address="127.0.0.1")) -> Recognised:  # noqa: B008  frozen
    with pytest.raises(Recognised) as refusal:
        await office.desk.present(shown(value, peer))
    return refusal.value


async def test_the_refusal_of_a_known_credential_says_whose_it_is() -> None:
    office = Office()
    app, elsewhere = office.copies["app"], Peer(address="10.0.0.1")
    handle = office.handle()
    never_used = await known(office, handle, elsewhere)
    assert (never_used.code, never_used.bearer.copy) == ("handle.elsewhere", app)
    assert never_used.bearer.warrant.grant, "its open leaf names the warrant leaf"
    office.ledger.write(revoke(office.book, digest=digest_of(handle), by=office.operator.rid, now_ms=T0).unit)
    assert (await known(office, handle)).bearer.copy == app
    short = office.handle(life_ms=60_000)
    office.clock.pass_ms(60_000)
    expired = await known(office, short)
    assert (expired.code, expired.bearer.copy) == ("handle.expired", app)
    office.end(app)
    assert (await known(office, short)).bearer.copy == app
    with pytest.raises(Refused) as stranger:
        await office.desk.present(shown("ans_" + "A" * 43))
    assert not isinstance(stranger.value, Recognised)


async def test_a_known_handle_is_refused_though_its_copy_can_have_no_warrant() -> None:
    office = Office()
    handle = office.handle()
    office.end(office.copies["app"])
    assert await code(office, handle, Peer(address="10.0.0.1")) == "handle.elsewhere"
    office = Office()
    handle = office.handle()
    office.ledger.failure = Unavailable("log.full")
    assert await code(office, handle, Peer(address="10.0.0.1")) == "handle.elsewhere"


async def test_inside_long_work_a_revocation_and_an_end_are_seen() -> None:
    office = Office()
    handle = office.handle()
    bearer = await office.desk.present(shown(handle))
    assert await office.desk.still(shown(handle), bearer) is bearer
    office.ledger.write(revoke(office.book, digest=digest_of(handle), by=office.operator.rid, now_ms=T0).unit)
    with pytest.raises(Refused, match=r"handle\.revoked"):
        await office.desk.still(shown(handle), bearer)
    given = await token(office, "other")
    bearer = await office.desk.present(shown(given.token))
    assert await office.desk.still(shown(given.token), bearer) is bearer
    office.end(office.copies["other"])
    with pytest.raises(Refused, match=r"warrant\.copy_ended"):
        await office.desk.still(shown(given.token), bearer)
    office.desk._tokens.clear()  # it was pushed out by others
    with pytest.raises(Refused, match=r"warrant\.copy_ended"):
        await office.desk.still(shown(given.token), bearer)


async def test_work_goes_on_under_the_warrant_that_it_began_with() -> None:
    office = Office()
    boot = a_nonce()
    first = await token(office, nonce=boot)
    bearer = await office.desk.present(shown(first.token))
    office.clock.pass_ms(20_000)
    second = office.issuer.renew(office.copies["app"].rid, aud=GATEWAY, nonce=boot, seq=2)
    await office.desk.present(shown(second.token))
    office.clock.pass_ms(2_000)
    office.copy(office.other, 2)  # something changed in the registry
    later = await office.desk.still(shown(first.token), bearer)
    assert later.warrant == second.warrant, "what began under a warrant goes on under the newest that was shown"
    replayed = await known(office, first.token)
    assert (replayed.code, replayed.bearer.copy) == ("warrant.replayed", office.copies["app"])


async def test_a_handle_of_an_ended_copy() -> None:
    office = Office()
    handle = office.handle()
    await office.desk.present(shown(handle))
    office.end(office.copies["app"])
    assert await code(office, handle) == "warrant.copy_ended"


async def test_bindings_to_sockets_and_certificates() -> None:
    office = Office()
    by_socket, by_cert = office.handle(binding="unix"), office.handle()
    row = office.book.handle(digest_of(by_cert))
    assert row is not None
    bound = msgspec.structs.replace(row, binding="mtls:" + "ab" * 32)  # none is issued now; one in a store holds
    office.put(Space.HANDLES, row.digest, msgspec.json.encode(bound))
    await office.desk.present(shown(by_socket, Peer(unix=True)))
    assert await code(office, by_socket) == "handle.elsewhere"
    await office.desk.present(shown(by_cert, Peer(address="10.0.0.1", certificate="ab" * 32)))
    assert await code(office, by_cert, Peer(address="10.0.0.1")) == "handle.elsewhere"


async def test_a_warrant_stands_for_its_copy() -> None:
    office = Office()
    given = await token(office)
    bearer = await office.desk.present(shown(given.token))
    assert (bearer.warrant, bearer.copy, bearer.held) == (given.warrant, office.copies["app"], False)
    assert await office.desk.present(shown(given.token)) is bearer
    office.gate.admit(bearer)


async def test_a_bearers_end_is_counted_from_when_it_was_first_seen() -> None:
    office = Office()
    given = await token(office)
    office.clock.pass_ms(40_000)
    bearer = await office.desk.present(shown(given.token))
    assert bearer.deadline_mono_ms == office.clock.mono + 20_000
    office.clock.pass_ms(20_000)
    assert await office.desk.present(shown(given.token)) is bearer
    with pytest.raises(Refused) as refusal:
        office.gate.admit(bearer)
    assert refusal.value.code == "warrant.expired"


async def test_forged_and_malformed_warrants() -> None:
    office = Office()
    given = await token(office)
    for value in ("x", "a.b.c", given.token + "x", "Bearer " + given.token, "\ud800", "." * 20_000):
        assert await code(office, value) in {"warrant.malformed", "warrant.forged"}
    assert await code(office, signed(office, given, signer="stranger")) == "warrant.forged"
    assert await code(office, signed(office, given, kid="other")) == "warrant.forged"
    assert await code(office, signed(office, given, iss="spiffe://else.invalid/issuer/main")) == "warrant.forged"


async def test_what_it_names_must_be_what_is_registered() -> None:
    office = Office()
    given = await token(office)
    other = office.copies["other"]
    for changed in (
        {"copy": office.app.id + "/copy/9"},
        {"copy": other.id, "system": office.other.id},
        {"copy_rid": other.rid},
        {"key": other.key},
        {"party": other.rid},
        {"ancestors": (1,)},
    ):
        assert await code(office, signed(office, given, **changed)) == "warrant.unregistered"
    await office.desk.present(shown(given.token))
    office.end(office.copies["app"])
    assert await code(office, given.token) == "warrant.copy_ended"


async def test_an_older_warrant_is_a_replay() -> None:
    office = Office()
    boot = a_nonce()
    first = await token(office, nonce=boot)
    await office.desk.present(shown(first.token))
    office.clock.pass_ms(20_000)
    second = office.issuer.renew(office.copies["app"].rid, aud=GATEWAY, nonce=boot, seq=2)
    await office.desk.present(shown(second.token))
    await office.desk.present(shown(first.token))
    office.clock.pass_ms(1_001)
    assert await code(office, first.token) == "warrant.replayed"
    await office.desk.present(shown(second.token))


async def test_a_warrant_shown_after_a_stop_does_not_admit() -> None:
    office = Office()
    given = await token(office, "tuned")
    office.stop()
    bearer = await office.desk.present(shown(given.token))
    with pytest.raises(Refused) as refusal:
        office.gate.admit(bearer)
    assert refusal.value.code == "stop.system"


async def test_what_is_known_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_KNOWN", 2)
    office = Office()
    handles = [office.handle() for _ in range(4)]
    for _ in range(2):
        for handle in handles:
            await office.desk.present(shown(handle))
    assert len(office.desk._handles) == 2


async def test_costs_little() -> None:
    office = Office()
    for value in (office.handle(), (await token(office, "other")).token):
        credential = shown(value)
        await office.desk.present(credential)
        best = 1.0
        for _ in range(5):
            start = time.perf_counter()
            for _ in range(5_000):
                await office.desk.present(credential)
            best = min(best, (time.perf_counter() - start) / 5_000)
        assert best < 15e-6  # about 1 microsecond; more on a busy core


async def test_a_horizon_holds_until_something_changes_or_a_clock_passes_it() -> None:
    office = Office()
    shows = shown(office.handle())

    async def look() -> Horizon:
        caller = await office.desk.present(shows)
        model = await office.desk.own(office.copies["base"])
        office.gate.admit(caller)
        office.gate.admit(model)
        horizon = office.desk.horizon(shows, caller, model)
        assert horizon is not None
        assert office.gate.holds(horizon)
        return horizon

    horizon = await look()
    office.clock.now -= 1  # a clock that was set back says nothing about what is ahead
    assert not office.gate.holds(horizon)
    office.clock.now += 1
    office.clock.mono = horizon.until_mono_ms - 1
    assert office.gate.holds(horizon)
    office.clock.mono += 1
    assert not office.gate.holds(horizon)
    horizon = await look()
    office.clock.now = horizon.until_ms
    assert not office.gate.holds(horizon)
    office.clock.now = horizon.since_ms
    horizon = await look()
    office.stop("other")
    assert not office.gate.holds(horizon)
    horizon = await look()
    ended = revoke(office.book, digest=digest_of(shows.value), by=office.operator.rid, now_ms=office.clock.now)
    office.ledger.write(ended.unit)
    assert not office.gate.holds(horizon)


async def test_no_horizon_reaches_beyond_the_ends_of_warrants_and_handles() -> None:
    office = Office()
    shows = shown(office.handle())
    caller, model = await office.desk.present(shows), await office.desk.own(office.copies["base"])
    horizon = office.desk.horizon(shows, caller, model)
    assert horizon is not None
    assert horizon.until_ms <= min(caller.warrant.exp_ms, model.warrant.exp_ms)
    assert horizon.until_mono_ms < min(caller.deadline_mono_ms, model.deadline_mono_ms)  # renewed before that
    assert office.desk.horizon(shown("ans_" + "A" * 43), caller, model) is None
    given = await token(office)
    bears = shown(signed(office, given))
    own = await office.desk.present(bears)
    horizon = office.desk.horizon(bears, own, model)
    assert horizon is not None
    assert horizon.until_ms <= own.warrant.exp_ms
    assert office.desk.horizon(bears, replace(own), model) is None  # not the bearer that is known
    office.stop("other")
    assert office.desk.horizon(bears, own, model) is None  # not looked at since the directory changed
    office.clock.pass_ms(model.warrant.exp_ms - office.clock.now)
    fresh = await office.desk.own(office.copies["base"])
    assert office.holder.due(model) == 0
    assert office.holder.due(fresh) > office.clock.mono


async def test_no_horizon_for_a_handle_that_was_revoked_while_its_caller_waited() -> None:
    office = Office()
    shows = shown(office.handle())
    caller = await office.desk.present(shows)
    # It waits, say for the first warrant of a model. Meanwhile the handle is revoked, and another call shows it.
    office.ledger.write(revoke(office.book, digest=digest_of(shows.value), by=office.operator.rid, now_ms=T0).unit)
    assert await code(office, shows.value) == "handle.revoked"
    model = await office.desk.own(office.copies["base"])
    assert office.desk.horizon(shows, caller, model) is None


async def test_a_warrant_that_comes_with_another_key_than_its_own_is_refused_under_its_bearer() -> None:
    office = Office()
    given = await token(office)
    own, stolen = Peer(address="127.0.0.1", key=given.warrant.key), Peer(address="127.0.0.1", key=b64u(b"\x07" * 32))
    assert (await office.desk.present(shown(given.token, own))).copy == office.copies["app"]
    with pytest.raises(Recognised) as refusal:
        await office.desk.present(shown(given.token, stolen))
    assert refusal.value.code == "warrant.certificate"
    assert refusal.value.bearer.copy == office.copies["app"]
    # Where none is demanded a bare warrant goes on.
    assert (await office.desk.present(shown(given.token))).copy == office.copies["app"]


async def test_where_it_is_demanded_no_warrant_counts_without_its_key() -> None:
    office = Office(demand=True)
    given = await token(office)
    assert await code(office, given.token) == "warrant.certificate"
    assert await code(office, given.token) == "warrant.certificate"  # and not by being remembered
    assert await code(office, given.token, Peer(address="127.0.0.1", certificate="ab" * 32)) == "warrant.certificate"
    own = Peer(address="127.0.0.1", key=given.warrant.key)
    assert (await office.desk.present(shown(given.token, own))).warrant == given.warrant
    assert (await office.desk.present(shown(given.token, Peer(unix=True)))).warrant == given.warrant
    handle = office.handle()
    assert (await office.desk.present(shown(handle))).copy == office.copies["app"]


async def test_a_handle_that_is_bound_to_a_certificate_works_with_that_one_alone() -> None:
    office = Office()
    handle = office.handle(binding="mtls:" + "ab" * 32, certificates=True)
    held = Peer(address="10.1.2.3", certificate="ab" * 32)
    assert (await office.desk.present(shown(handle, held))).copy == office.copies["app"]
    assert await code(office, handle) == "handle.elsewhere"
    assert await code(office, handle, Peer(address="10.1.2.3", certificate="cd" * 32)) == "handle.elsewhere"
