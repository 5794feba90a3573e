# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from answerable.errors import AnswerableError
from answerable.machines.authority import Authority
from tests.fleet import ISSUER, key
from tests.small_site import AUDIENCE, SITE_KEY, SYSTEM, envelope, envelope_token, order, token, under, view
from tests.unit.admission.a_stop import ISSUER as ISSUER_KEY
from tests.unit.admission.a_stop import KID, T0


def authority(**given: Any) -> Authority:
    members = {
        "issuers": {KID: ISSUER_KEY.public},
        "iss": ISSUER,
        "audience": AUDIENCE,
        "systems": (SYSTEM,),
        "view": view(),
        **given,
    }
    return Authority(**members)


def code(call: Any, *args: Any, **given: Any) -> str:
    with pytest.raises(AnswerableError) as error:
        call(*args, **given)
    return error.value.code


def test_a_warrant_counts_from_when_it_was_first_seen_by_what_was_left() -> None:
    lease = authority().read(token(T0), "", now_ms=T0 + 500, mono_ms=100)
    assert lease.ends_mono_ms == 1_600
    assert lease.left_ms(T0 + 500, 100) == 1_500
    assert lease.left_ms(T0 + 500, 1_599) == 1
    assert lease.left_ms(T0 + 2_000, 100) == 0
    assert lease.envelope_left_ms(T0, 0) is None
    # A clock that is behind gives no more than the whole life.
    assert authority().read(token(T0), "", now_ms=T0 - 60_000, mono_ms=100).ends_mono_ms == 2_100


def test_an_envelope_counts_from_its_own_first_sight_however_often_it_is_shown() -> None:
    held, value = authority(), envelope(T0, 20_000)
    text = envelope_token(value)
    held.read(under(value, text, T0), text, now_ms=T0, mono_ms=0)
    # The wall clock stands still; the envelope ends all the same.
    lease = held.read(under(value, text, T0, seq=2), text, now_ms=T0, mono_ms=19_000)
    assert lease.envelope_mono_ms == 20_000
    held.take(lease, now_ms=T0, mono_ms=19_999)
    assert code(held.take, lease, now_ms=T0, mono_ms=20_000) == "envelope.expired"


def test_first_sights_are_kept_for_a_few_envelopes() -> None:
    held = authority()
    for number in range(40):
        value = envelope(T0, 20_000, jti=f"e-{number}")
        text = envelope_token(value)
        held.read(under(value, text, T0), text, now_ms=T0, mono_ms=number)
    assert len(held._envelopes) == 16


def test_what_leads_nothing() -> None:
    held, value = authority(), envelope(T0, 20_000)
    text = envelope_token(value)
    warrant = under(value, text, T0)
    assert code(held.read, warrant, "", now_ms=T0, mono_ms=0) == "warrant.malformed"
    assert code(held.read, token(T0), text, now_ms=T0, mono_ms=0) == "envelope.malformed"
    assert code(authority(iss="other").read, warrant, text, now_ms=T0, mono_ms=0) == "envelope.forged"
    strangers = authority(issuers={KID: key("stranger").public})
    assert code(strangers.read, token(T0), "", now_ms=T0, mono_ms=0) == "warrant.forged"
    other = authority(audience="spiffe://demo.invalid/device/x")
    lease = other.read(token(T0), "", now_ms=T0, mono_ms=0)
    assert code(other.take, lease, now_ms=T0, mono_ms=0) == "warrant.audience"
    assert SITE_KEY.public != ISSUER_KEY.public
    elsewhere = authority(systems=(SYSTEM + "x",))
    lease = elsewhere.read(token(T0), "", now_ms=T0, mono_ms=0)
    assert code(elsewhere.take, lease, now_ms=T0, mono_ms=0) == "device.system"


def test_a_newer_warrant_ends_the_older_and_a_later_boot_the_earlier() -> None:
    held = authority()
    newer, older = (held.read(token(T0, seq=seq), "", now_ms=T0, mono_ms=0) for seq in (2, 1))
    held.take(newer, now_ms=T0, mono_ms=0)
    assert code(held.take, older, now_ms=T0, mono_ms=0) == "warrant.replayed"
    boot = held.read(token(T0 + 1, seq=1, nonce="AAECAwQFBgcICQoLDA0ODw"), "", now_ms=T0 + 1, mono_ms=1)
    held.take(boot, now_ms=T0 + 1, mono_ms=1)
    assert code(held.take, newer, now_ms=T0 + 1, mono_ms=1) == "warrant.replayed"


def test_a_warrant_that_is_shown_again_ends_no_later_whatever_the_wall_clock_says() -> None:
    held = authority()
    first = held.take(held.read(token(T0), "", now_ms=T0, mono_ms=0), now_ms=T0, mono_ms=0)
    again = held.read(token(T0), "", now_ms=T0, mono_ms=1_500)  # the wall clock stood still
    assert held.take(again, now_ms=T0, mono_ms=1_500).ends_mono_ms == first.ends_mono_ms == 2_000
    again = held.read(token(T0), "", now_ms=T0, mono_ms=2_000)
    assert code(held.take, again, now_ms=T0, mono_ms=2_000) == "warrant.expired"
    following = held.read(token(T0, seq=2), "", now_ms=T0, mono_ms=2_000)
    assert held.take(following, now_ms=T0, mono_ms=2_000).ends_mono_ms == 4_000


def test_what_was_refused_at_its_first_sight_counts_from_it_too() -> None:
    held = authority()
    early = held.read(token(T0), "", now_ms=T0 - 60_000, mono_ms=0)
    assert code(held.take, early, now_ms=T0 - 60_000, mono_ms=0) == "warrant.not_yet"
    again = held.read(token(T0), "", now_ms=T0, mono_ms=2_000)
    assert code(held.take, again, now_ms=T0, mono_ms=2_000) == "warrant.expired"


def test_an_order_ends_a_lease_in_hand() -> None:
    held = authority()
    lease = held.read(token(T0), "", now_ms=T0, mono_ms=0)
    held.admits(lease, now_ms=T0, mono_ms=0)
    held.view.order(order(3))
    assert code(held.admits, lease, now_ms=T0, mono_ms=0) == "stop.system"
