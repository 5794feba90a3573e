# SPDX-License-Identifier: Apache-2.0
"""One well-formed envelope and an on-site warrant under it, fixed: the first vectors of
`docs/spec/vectors/envelope.json`."""

from __future__ import annotations

import msgspec

from answerable.admission.envelope import bound_ms, issue
from answerable.admission.onsite import sign
from answerable.crypto.b64 import b64u
from answerable.model.envelopes import Envelope, EnvelopeCopy, Motion, Zone
from answerable.model.terms import Audience, Criticality, World
from answerable.model.warrants import Warrant
from tests.fleet import key
from tests.unit.admission.a_warrant import ISSUER_KEY, KID, SYSTEM, T0, WARRANT

LIFE = 600_000
SITE = "spiffe://demo.invalid/onsite/tunnel"
SITE_KEY = key("on-site")
COPY_KEY = key("copy")
CART = "spiffe://demo.invalid/device/cart"

ENVELOPE = Envelope(
    iss=WARRANT.iss,
    site=SITE,
    aud=(CART,),
    system=SYSTEM,
    party=WARRANT.party,
    grant="e" * 32,
    copies=(EnvelopeCopy(cpy=WARRANT.copy_rid, key=WARRANT.key, sub=WARRANT.copy),),
    ancestors=WARRANT.ancestors,
    iat_ms=T0,
    exp_ms=T0 + LIFE,
    bound=bound_ms(LIFE),
    jti="ISIjJCUmJygpKissLS4vMA",
    epoch=3,
    key=b64u(SITE_KEY.public),
    worlds=(World.INFORMATION, World.PHYSICAL),
    max_criticality=Criticality.SENSITIVE,
    tier=3,
    audience=Audience.MACHINE,
    tools=("drive", "lift"),
    budget_tokens=10_000,
    motion=Motion(
        area=(Zone(x0=-1_000, x1=50_000, y0=-500, y1=500),),
        frame="tunnel",
        keep_out=(Zone(x0=40_000, x1=42_000, y0=-500, y1=500),),
        max_speed=1_500,
    ),
)
TOKEN = issue(ENVELOPE, ISSUER_KEY, KID)

ONSITE: Warrant = msgspec.structs.replace(
    WARRANT,
    iss=SITE,
    aud=CART,
    grant=ENVELOPE.grant,
    iat_ms=T0 + 10_000,
    exp_ms=T0 + 12_000,
    worlds=(World.PHYSICAL,),
    tier=3,
    audience=Audience.MACHINE,
    tools=("drive",),
    budget_tokens=500,
)
ONSITE_TOKEN = sign(ONSITE, ENVELOPE, TOKEN, SITE_KEY)
