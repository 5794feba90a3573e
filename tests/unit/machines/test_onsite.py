# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.admission import onsite
from answerable.admission.requests import WarrantRequest, to_sign
from answerable.admission.trust import Trust
from answerable.crypto.b64 import b64u
from answerable.errors import AnswerableError
from answerable.machines.onsite import OnSite
from tests.fleet import ManualClock, key
from tests.small_site import (
    AUDIENCE,
    COPY,
    COPY_KEY,
    SITE,
    SITE_KEY,
    envelope,
    envelope_token,
    order,
    view,
)
from tests.unit.admission import a_stop
from tests.unit.admission.a_stop import ISSUER, KID, ORIGIN, PULSE, PULSE_KID, T0

BOOT, OTHER = b64u(bytes(16)), b64u(bytes(range(16)))
KEYS = {KID: ISSUER.public}


class Desk:
    def __init__(self, life: int = 20_000, **given: Any) -> None:
        self.clock = ManualClock(T0, 5_000)
        self.envelope = envelope(T0, life)
        self.token = envelope_token(self.envelope)
        members = {"signer": SITE_KEY, "view": view(), "clock": self.clock, **given}
        self.issuer = OnSite(self.envelope, self.token, **members)

    def ask(
        self, seq: int = 1, *, boot: str = BOOT, aud: str = AUDIENCE, signer: Any = COPY_KEY, iss: str = SITE
    ) -> Any:
        request = WarrantRequest(at=self.clock.now, aud=aud, copy=COPY, nonce=boot, seq=seq)
        return self.issuer.answer(request, b64u(signer.sign(to_sign(request, iss))))

    def code(self, *args: Any, **given: Any) -> str:
        with pytest.raises(AnswerableError) as error:
            self.ask(*args, **given)
        return error.value.code


def code(call: Any, *args: Any, **given: Any) -> str:
    with pytest.raises(AnswerableError) as error:
        call(*args, **given)
    return error.value.code


def test_a_warrant_of_two_seconds_and_the_next() -> None:
    desk = Desk()
    first = desk.ask()
    chain = onsite.read(first["token"], first["envelope"], KEYS)
    assert (first["life"], first["seq"], first["expires"]) == (2_000, 1, T0 + 2_000)
    assert chain.warrant.iss == SITE
    assert chain.warrant.grant == desk.envelope.grant
    desk.clock.pass_ms(700)
    assert desk.ask(2)["seq"] == 2


def test_none_outlives_the_envelope_on_either_clock() -> None:
    desk = Desk(life=5_000)
    desk.clock.pass_ms(4_000)
    assert desk.ask()["life"] == 1_000
    desk.clock.pass_ms(1_000)
    assert desk.code(2) == "envelope.expired"
    slow = Desk(life=5_000)
    slow.clock.mono += 4_500  # its wall clock stands still
    assert slow.ask()["life"] == 500
    slow.clock.mono += 500
    assert slow.code(2) == "envelope.expired"
    assert slow.issuer.left_ms() == 0


def test_it_refuses_what_an_order_stops_from_when_it_hears_of_it() -> None:
    desk = Desk()
    desk.ask()
    assert desk.issuer.order(order(17))
    assert not desk.issuer.order(order(17)), "heard before"
    assert desk.code(2) == "stop.system"
    assert desk.code(1) == "stop.system", "nor is the same answered again"


def test_an_order_for_others_stops_nothing_and_its_epoch_is_told() -> None:
    desk = Desk()
    desk.issuer.order(order(99))
    warrant = onsite.read(desk.ask()["token"], desk.token, KEYS).warrant
    assert warrant.epoch == 1


def test_who_may_ask() -> None:
    desk = Desk()
    assert desk.code(signer=key("stranger")) == "warrant.proof"
    assert desk.code(iss=desk.envelope.iss) == "warrant.proof", "a request to the control plane is none to the site"
    assert desk.code(aud="spiffe://demo.invalid/device/x") == "envelope.narrow"
    assert desk.code(2) == "warrant.boot_unknown"
    desk.ask()
    assert desk.code(1, boot=OTHER) == "warrant.clone"
    assert desk.code(3) == "warrant.replayed"
    assert desk.ask(1) == desk.ask(1), "who did not hear the answer"
    desk.clock.pass_ms(2_001)
    assert desk.ask(1, boot=OTHER)["seq"] == 1


def test_how_it_begins() -> None:
    assert code(Desk, signer=COPY_KEY) == "envelope.forged"
    assert code(Desk, clock=ManualClock(T0 + 20_000, 0)) == "envelope.expired"
    pinned = Trust(ORIGIN, issuers=KEYS, pulses={PULSE_KID: PULSE.public})
    assert code(Desk, view=view(pinned)) == "pulse.missing"
    fresh = view(pinned)
    fresh.pulse(a_stop.beat(), T0, 5_000)
    desk = Desk(view=fresh)
    desk.clock.pass_ms(19_000)
    assert desk.ask()["life"] == 1_000, "in the outage the envelope's own end is the bound"


def test_the_copys_key_is_the_envelopes() -> None:
    desk = Desk()
    assert desk.envelope.copies[0].key == b64u(COPY_KEY.public)
    stranger = WarrantRequest(at=T0, aud=AUDIENCE, copy=COPY + "x", nonce=BOOT, seq=1)
    assert code(desk.issuer.answer, stranger, "") == "warrant.unregistered"
    assert msgspec.to_builtins(stranger)["copy"] == COPY + "x"
