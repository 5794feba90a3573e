# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.admission import warrant as warrants
from answerable.admission.bound import ANYWHERE, SAME_HOST, Clocks
from answerable.admission.envelope import LONGEST_MS, TYPE, bound_ms, digest_of, issue, parse
from answerable.crypto import jwt
from answerable.crypto.b64 import b64u
from answerable.errors import VerificationError
from answerable.model.envelopes import Envelope, EnvelopeCopy, Motion, Zone
from tests.fleet import key
from tests.unit.admission.a_warrant import ISSUER_KEY, KEYS, KID, T0
from tests.unit.admission.an_envelope import ENVELOPE, LIFE, TOKEN


def code(token: str) -> str:
    with pytest.raises(VerificationError) as error:
        parse(token, KEYS)
    return error.value.code


def changed(**members: Any) -> Envelope:
    return msgspec.structs.replace(ENVELOPE, **members)


def tampered(**claims: Any) -> str:
    """A well-signed token with other claims: what only a strict reader refuses."""
    _, before = jwt.peek(TOKEN)
    before.update(claims)
    return jwt.encode({"typ": TYPE, "kid": KID}, {k: v for k, v in before.items() if v is not ...}, ISSUER_KEY)


def test_comes_back_as_it_was() -> None:
    assert parse(TOKEN, KEYS) == ENVELOPE
    assert parse(issue(changed(worlds=("information",), motion=None), ISSUER_KEY, KID), KEYS).motion is None


def test_claims_are_those_of_the_specification() -> None:
    header, claims = jwt.peek(TOKEN)
    assert header == {"alg": "Ed25519", "kid": KID, "typ": "answerable-envelope+jwt"}
    assert claims["cnf"]["jwk"]["x"] == ENVELOPE.key
    assert claims["bound"] == ENVELOPE.bound
    assert claims["exp"] == ENVELOPE.exp_ms // 1000
    detail = claims["authorization_details"][0]
    assert detail["type"] == "answerable_envelope"
    assert detail["motion"]["max_speed"] == 1_500


def test_it_is_no_warrant_and_a_warrant_is_no_envelope() -> None:
    with pytest.raises(VerificationError, match=r"another type") as error:
        warrants.parse(TOKEN, KEYS)
    assert error.value.code == "warrant.malformed"
    assert code(jwt.encode({"typ": warrants.TYPE, "kid": KID}, jwt.peek(TOKEN)[1], ISSUER_KEY)) == "envelope.malformed"


def test_forged() -> None:
    assert code(issue(ENVELOPE, key("stranger"), KID)) == "envelope.forged"
    assert code(issue(ENVELOPE, ISSUER_KEY, "another")) == "envelope.forged"


def test_life() -> None:
    with pytest.raises(VerificationError) as error:
        issue(changed(exp_ms=T0 + LONGEST_MS + 1, bound=LONGEST_MS * 2), ISSUER_KEY, KID)
    assert error.value.code == "envelope.life"
    # An envelope that promises a shorter bound than it lives says what is not so.
    assert code(tampered(bound=LIFE - 1)) == "envelope.life"


ZONE = Zone(x0=0, x1=1, y0=0, y1=1)


@pytest.mark.parametrize(
    "members",
    [
        {"aud": ()},
        {"aud": ("a", "a")},
        {"copies": ()},
        {"copies": (EnvelopeCopy(cpy="c", key=ENVELOPE.copies[0].key, sub="spiffe://demo.invalid/system/b/copy/1"),)},
        {"copies": (EnvelopeCopy(cpy="c", key="AA", sub=ENVELOPE.copies[0].sub),)},
        {"key": "AA"},
        {"key": ENVELOPE.copies[0].key},
        {"ancestors": (3, 3)},
        {"ancestors": ()},
        {"worlds": ()},
        {"tier": 5},
        {"exp_ms": T0},
        {"motion": None},
        {"motion": Motion(area=(), frame="f", max_speed=1)},
        {"motion": Motion(area=(ZONE,), frame="f", max_speed=0)},
        {"motion": Motion(area=(ZONE,), frame="", max_speed=1)},
        {"motion": Motion(area=(ZONE,) * 33, frame="f", max_speed=1)},
        {"motion": Motion(area=(Zone(x0=1, x1=0, y0=0, y1=0),), frame="f", max_speed=1)},
        {"motion": Motion(area=(Zone(x0=-(2**50), x1=0, y0=0, y1=0),), frame="f", max_speed=1)},
    ],
)
def test_neither_written_nor_read(members: dict[str, Any]) -> None:
    bad = changed(**members)
    with pytest.raises(VerificationError) as error:
        issue(bad, ISSUER_KEY, KID)
    assert error.value.code == "envelope.malformed"


@pytest.mark.parametrize(
    "claims",
    [
        {"act": {}},
        {"bound": ...},
        {"exp": 1},
        {"cnf": {"jwk": {"kty": "RSA", "crv": "Ed25519", "x": ENVELOPE.key}}},
        {"authorization_details": []},
        {"aud": ENVELOPE.aud[0]},
    ],
)
def test_strictly_read(claims: dict[str, Any]) -> None:
    assert code(tampered(**claims)) == "envelope.malformed"


def test_bound_counts_the_whole_life_and_the_drift_of_both_clocks() -> None:
    assert bound_ms(LIFE, Clocks(view_ms=0, drift_ppm=0)) == LIFE
    assert bound_ms(LIFE, Clocks(view_ms=100, drift_ppm=0, issuer_error_ms=20, holder_error_ms=30)) == LIFE + 150
    assert bound_ms(LIFE, Clocks(view_ms=0, drift_ppm=200)) == 600_121 + 1
    assert bound_ms(LIFE, SAME_HOST) > 250 + LIFE
    assert bound_ms(LIFE) == bound_ms(LIFE, ANYWHERE) >= 250 + LIFE + 2_000, "a site is another host"


def test_where_it_may_be() -> None:
    motion = ENVELOPE.motion
    assert motion is not None
    assert motion.allows(0, 0)
    assert motion.allows(50_000, 500)
    assert not motion.allows(50_001, 0)
    assert not motion.allows(41_000, 0)
    assert not motion.allows(40_000, 0), "borders belong to what is protected"


def test_digest_names_the_token() -> None:
    assert len(digest_of(TOKEN)) == 64
    assert digest_of(TOKEN) != digest_of(TOKEN + "a")
    assert ENVELOPE.copy(ENVELOPE.copies[0].sub) == ENVELOPE.copies[0]
    assert ENVELOPE.copy(b64u(b"another")) is None
