# SPDX-License-Identifier: Apache-2.0
"""The vectors of envelopes and of the on-site warrants under them: `docs/spec/vectors/envelope.json`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from answerable.admission import onsite, warrant
from answerable.admission.envelope import issue
from answerable.crypto import jwt
from answerable.errors import AnswerableError
from tests.fleet import key
from tests.unit.admission.a_warrant import ISSUER_KEY, KEYS, KID, T0
from tests.unit.admission.an_envelope import ENVELOPE, LIFE, ONSITE, ONSITE_TOKEN, SITE_KEY, TOKEN


def _code(call: Callable[[], object]) -> str:
    try:
        call()
    except AnswerableError as error:
        return error.code
    raise AssertionError("was to be refused")


def _claims(**changed: Any) -> str:
    _, claims = jwt.peek(TOKEN)
    claims.update(changed)
    return jwt.encode({"typ": "answerable-envelope+jwt", "kid": KID}, claims, ISSUER_KEY)


def _under(**changed: Any) -> str:
    claims = warrant.claims_of(msgspec.structs.replace(ONSITE, **changed))
    claims["env"] = jwt.peek(ONSITE_TOKEN)[1]["env"]
    return jwt.encode({"typ": onsite.TYPE, "kid": ENVELOPE.jti}, claims, SITE_KEY)


def envelopes() -> Any:
    """One chain that holds, and chains that do not."""
    detail = jwt.peek(TOKEN)[1]["authorization_details"][0]
    shorter = issue(msgspec.structs.replace(ENVELOPE, exp_ms=T0 + LIFE - 1), ISSUER_KEY, KID)
    bad = {
        "an envelope by another key": (issue(ENVELOPE, key("stranger"), KID), ONSITE_TOKEN),
        "an unknown claim": (_claims(act={}), ONSITE_TOKEN),
        "a life of two hours": (_claims(exp=(T0 + 7_200_000) // 1000, exp_ms=T0 + 7_200_000), ONSITE_TOKEN),
        "a bound below its life": (_claims(bound=LIFE - 1), ONSITE_TOKEN),
        "the physical world without limits": (
            _claims(authorization_details=[{**detail, "motion": None}]),
            ONSITE_TOKEN,
        ),
        "a copy's own key": (
            _claims(cnf={"jwk": {"crv": "Ed25519", "kty": "OKP", "x": ONSITE.key}}),
            ONSITE_TOKEN,
        ),
        "a warrant by the issuer itself": (TOKEN, onsite.sign(ONSITE, ENVELOPE, TOKEN, ISSUER_KEY)),
        "a plain warrant": (TOKEN, warrant.issue(ONSITE, SITE_KEY, ENVELOPE.jti)),
        "another envelope": (shorter, ONSITE_TOKEN),
        "a warrant that outlives it": (TOKEN, _under(iat_ms=T0 + LIFE - 1_000, exp_ms=T0 + LIFE + 1)),
        "a world more": (TOKEN, _under(worlds=("biological",))),
        "an ancestor less": (TOKEN, _under(ancestors=(17, 40))),
        "a tool more": (TOKEN, _under(tools=("dig",))),
        "another device": (TOKEN, _under(aud="spiffe://demo.invalid/device/other")),
        "another copy": (TOKEN, _under(copy=ONSITE.system + "/copy/2")),
    }
    return {
        "issuer": {"kid": KID, "public": KEYS[KID].hex()},
        "onsite": {"public": SITE_KEY.public.hex()},
        "envelope": msgspec.to_builtins(ENVELOPE),
        "token": TOKEN,
        "warrant": msgspec.to_builtins(ONSITE),
        "warrant token": ONSITE_TOKEN,
        "refused": [
            {
                "why": why,
                "envelope": first,
                "warrant": second,
                "code": _code(lambda first=first, second=second: onsite.read(second, first, KEYS)),  # type: ignore[misc]
            }
            for why, (first, second) in bad.items()
        ],
    }
