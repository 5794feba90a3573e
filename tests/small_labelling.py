# SPDX-License-Identifier: Apache-2.0
"""What labelling files needs of the path, over a control plane's own services: desk, gate, kernel; no models."""

from __future__ import annotations

from typing import Any, cast

from answerable.control.labelling import Labelling
from answerable.control.services import Services
from answerable.crypto.ed25519 import Key
from answerable.pipeline.deps import Deps
from answerable.warrants.desk import Desk
from answerable.warrants.gate import Gate
from answerable.warrants.holder import Holder

NOTHING = cast("Any", None)


def labelling(services: Services, provider: str, key: Key, **more: Any) -> Labelling:
    """key: signs labels; more: members of `Deps` that a test has of its own."""
    book, clock, issuer = services.book, services.clock, services.issuer
    holder = Holder(issuer=issuer, directory=book, clock=clock, aud=services.audience)
    parts: dict[str, Any] = {
        "clock": clock,
        "desk": Desk(directory=book, clock=clock, holder=holder, issuers={issuer.kid: issuer.public}, iss=issuer.iss),
        "gate": Gate(book, clock, services.audience),
        "models": NOTHING,
        "policies": (),
        "ledger": services.ledger,
        "detectors": (),
        "meter": NOTHING,
        "tracer": NOTHING,
        "flights": NOTHING,
        "duties_met": lambda system: True,
        "tier_of": lambda system: system.tier,
        "provider": provider,
        "index_key": services.index_key,
    }
    return Labelling(Deps(**parts | more), lambda: key)
