# SPDX-License-Identifier: Apache-2.0
"""One well-formed warrant and its issuer's key, fixed: the first vector of `docs/spec/vectors/warrant.json`."""

from __future__ import annotations

from answerable.crypto.b64 import b64u
from answerable.model.terms import Audience, Criticality, World
from answerable.model.warrants import Warrant
from tests.fleet import key

T0 = 1_763_782_764_123
KID = "issuer-1"
ISSUER_KEY = key("issuer")
KEYS = {KID: ISSUER_KEY.public}
SYSTEM = "spiffe://demo.invalid/system/" + "a2" * 13

WARRANT = Warrant(
    iss="spiffe://demo.invalid/issuer/main",
    aud="spiffe://demo.invalid/gateway/main",
    copy=SYSTEM + "/copy/1",
    system=SYSTEM,
    party="p" * 32,
    grant="g" * 32,
    ancestors=(3, 17, 40),
    iat_ms=T0,
    exp_ms=T0 + 60_000,
    jti="AAECAwQFBgcICQoLDA0ODw",
    seq=1,
    nonce="Dw4NDAsKCQgHBgUEAwIBAA",
    epoch=3,
    key=b64u(key("copy").public),
    worlds=(World.INFORMATION,),
    max_criticality=Criticality.ORDINARY,
    tier=1,
    audience=Audience.PUBLIC,
    copy_rid="c" * 32,
)
