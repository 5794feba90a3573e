# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.admission import warrant as warrants
from answerable.admission.envelope import issue
from answerable.admission.onsite import TYPE, admits, left_ms, lives, narrows, read, sign, under
from answerable.admission.stopset import StopSet
from answerable.crypto import jwt
from answerable.errors import Refused, VerificationError
from answerable.model.records import Stop
from answerable.model.terms import Audience, Criticality, World
from answerable.model.warrants import Warrant
from tests.fleet import key
from tests.unit.admission.a_warrant import ISSUER_KEY, KEYS, KID, T0
from tests.unit.admission.an_envelope import CART, ENVELOPE, LIFE, ONSITE, ONSITE_TOKEN, SITE_KEY, TOKEN


def changed(**members: Any) -> Warrant:
    return msgspec.structs.replace(ONSITE, **members)


def stopped(epoch: int = 3, **members: Any) -> StopSet:
    row = {
        "rid": "o" * 32, "kind": "suspend", "scope": "lineage", "root": "", "num": 17, "digests": (), "twins": (),
        "at": T0, "until": 0, "reason": "", "officers": (), **members,
    }  # fmt: skip
    return StopSet.of((Stop(**row),), epoch)


def asked(now_ms: int = T0 + 10_500, **changed: Any) -> None:
    given: dict[str, Any] = {
        "now_ms": now_ms,
        "mono_ms": 500,
        "deadline_mono_ms": 2_000,
        "envelope_mono_ms": 590_000,
        "stops": StopSet(epoch=3),
        "audience": CART,
        **changed,
    }
    admits(read(ONSITE_TOKEN, TOKEN, KEYS), **given)


def code(call: Any, *args: Any, **given: Any) -> str:
    with pytest.raises((Refused, VerificationError)) as error:
        call(*args, **given)
    return error.value.code


def test_a_chain_is_read_and_admits() -> None:
    chain = read(ONSITE_TOKEN, TOKEN, KEYS)
    assert (chain.envelope, chain.warrant) == (ENVELOPE, ONSITE)
    asked()


def test_it_ends_with_warrant_and_envelope_on_both_clocks() -> None:
    assert code(asked, T0 + 12_000) == "warrant.expired"
    assert code(asked, mono_ms=2_000) == "warrant.expired"
    assert code(asked, mono_ms=1_000, envelope_mono_ms=1_000) == "envelope.expired"
    assert code(lives, ENVELOPE, now_ms=T0 + LIFE, mono_ms=0, deadline_mono_ms=1) == "envelope.expired"
    assert code(lives, ENVELOPE, now_ms=T0 - 1_001, mono_ms=0, deadline_mono_ms=1) == "warrant.not_yet"
    assert left_ms(ENVELOPE, now_ms=T0, mono_ms=0, deadline_mono_ms=5) == 5
    assert left_ms(ENVELOPE, now_ms=T0 + LIFE + 1, mono_ms=0, deadline_mono_ms=5) == 0


def test_every_stop_reaches_it_as_ever() -> None:
    assert code(asked, stops=stopped()) == "stop.system"
    assert code(asked, stops=stopped(scope="world", root="physical", num=0)) == "stop.system"
    assert code(asked, stops=stopped(scope="copy", root=ONSITE.copy_rid, num=0)) == "stop.system"
    assert code(asked, stops=StopSet(epoch=2)) == "stop.stale"
    assert code(asked, audience="spiffe://demo.invalid/device/other") == "warrant.audience"


def test_a_warrant_alone_is_refused_by_who_reads_warrants() -> None:
    assert code(warrants.parse, ONSITE_TOKEN, KEYS) == "warrant.malformed"
    assert code(warrants.parse, ONSITE_TOKEN, {**KEYS, ENVELOPE.jti: SITE_KEY.public}) == "warrant.malformed"


def test_another_envelope_of_the_same_key_does_not_carry_it() -> None:
    other = issue(msgspec.structs.replace(ENVELOPE, exp_ms=T0 + LIFE - 1), ISSUER_KEY, KID)
    assert code(read, ONSITE_TOKEN, other, KEYS) == "envelope.narrow"


def test_forged() -> None:
    assert code(read, sign(ONSITE, ENVELOPE, TOKEN, key("stranger")), TOKEN, KEYS) == "envelope.forged"
    assert code(read, ONSITE_TOKEN, issue(ENVELOPE, key("stranger"), KID), KEYS) == "envelope.forged"
    # The issuer's own key signs no on-site warrants: the envelope names who does.
    assert code(read, sign(ONSITE, ENVELOPE, TOKEN, ISSUER_KEY), TOKEN, KEYS) == "envelope.forged"
    assert code(read, ONSITE_TOKEN[:-2], TOKEN, KEYS) == "envelope.forged"
    assert code(read, ONSITE_TOKEN + ".", TOKEN, KEYS) == "envelope.malformed"


WIDER: dict[str, dict[str, Any]] = {
    "iss": {"iss": ENVELOPE.iss},
    "aud": {"aud": "spiffe://demo.invalid/device/other"},
    "sub": {"copy": ONSITE.system + "/copy/2"},
    "sub ": {"key": ENVELOPE.key},
    "sub  ": {"copy_rid": "d" * 32},
    "party": {"party": "q" * 32},
    "grant": {"grant": "f" * 32},
    "anc": {"ancestors": (17, 40)},
    "anc ": {"ancestors": (3, 17, 40, 41)},
    "epoch": {"epoch": 2},
    "worlds": {"worlds": (World.BIOLOGICAL,)},
    "max_criticality": {"max_criticality": Criticality.CRITICAL},
    "tier": {"tier": 2},
    "audience": {"audience": Audience.PUBLIC},
    "tools": {"tools": ("drive", "dig")},
    "budget": {"budget_tokens": 0},
    "budget ": {"budget_tokens": 10_001},
    "iat": {"iat_ms": T0 - 1, "exp_ms": T0 + 1},
    "exp": {"iat_ms": T0 + LIFE - 1_000, "exp_ms": T0 + LIFE + 1},
    "life": {"worlds": (World.INFORMATION,), "exp_ms": ONSITE.iat_ms + 2_001},
}


@pytest.mark.parametrize("what", sorted(WIDER))
def test_reach_only_narrows(what: str) -> None:
    """Neither signed nor, by a site that does as it likes, read."""
    wider = changed(**WIDER[what])
    with pytest.raises(VerificationError) as error:
        sign(wider, ENVELOPE, TOKEN, SITE_KEY)
    assert (error.value.code, error.value.params) == ("envelope.narrow", {"what": what.strip()})
    claims = {**warrants.claims_of(wider), "env": jwt.peek(ONSITE_TOKEN)[1]["env"]}
    forced = jwt.encode({"typ": TYPE, "kid": ENVELOPE.jti}, claims, SITE_KEY)
    assert code(read, forced, TOKEN, KEYS) == "envelope.narrow"


def test_an_envelope_that_was_read_already_reads_alike() -> None:
    narrows(ONSITE, ENVELOPE)
    digest = jwt.peek(ONSITE_TOKEN)[1]["env"]
    assert under(ONSITE_TOKEN, ENVELOPE, digest) == ONSITE
    assert code(under, ONSITE_TOKEN, ENVELOPE, "0" * 64) == "envelope.narrow"
