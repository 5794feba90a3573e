# SPDX-License-Identifier: Apache-2.0
"""A refused order or approval is evidence: what was asked, by whom, why not. Known people's stand in the log one by
one; those of unknown keys, and of a person who floods, are counted (`sequencer.refusals`)."""

from __future__ import annotations

import logging
from hashlib import sha256
from typing import Any, Final

import msgspec

from answerable.admission import proof
from answerable.control.routing import Route
from answerable.control.services import Services
from answerable.crypto.random import nonce
from answerable.errors import AnswerableError, Refused, Unavailable, VerificationError
from answerable.log.leaf import encode
from answerable.model.leaves import Leaf, RefusedLeaf
from answerable.model.units import Unit
from answerable.stops.officers import MAX_SIGNATURES, signed

# Path of a route that takes a statement -> kind of the statement.
STATEMENTS: Final = {
    "/stops": "order",
    "/stops/signed": "order",
    "/stops/release": "release",
    "/stops/release/signed": "release",
    "/reauthorisations": "reauthorisation",
    "/officers/roster": "roster",
    "/holds/votes": "approval",
}
# Member of a statement that says what it is about.
_ABOUT: Final = {"order": "root", "approval": "hold"}
_OURS: Final = ("log.", "internal.")  # nobody was refused: it was not written
_log = logging.getLogger("answerable.control")


async def record(
    services: Services, route: Route, error: AnswerableError, *, data: bytes, sender: Any, header: str, body: Any
) -> None:
    """Write down that a statement was refused. data: the request's body; sender: the person whose request it was, if
    that is known; header: its proof; body: the decoded request, None if it was never read. Never raises."""
    kind = STATEMENTS.get(route.path, "") if route.method == "POST" else ""
    if not kind or not isinstance(error, Refused | VerificationError) or error.code.startswith(_OURS):
        return
    leaf = next((each for each in _members(body) if isinstance(each, Leaf)), None)
    by = sender.rid if sender is not None else _behind(services, error, header, leaf)
    now = services.clock.now_ms()
    if not by or not services.refusals.allows(by, now):
        services.ledger.count_refusal(error.code)
        return
    root = getattr(leaf, _ABOUT.get(kind, "order"), None)
    told = RefusedLeaf(by=by, dig=sha256(data).hexdigest(), err=error.code, n=nonce(), of=kind, t=now)
    try:
        if isinstance(root, str) and 0 < len(root) <= 64 and root.isascii():
            told = msgspec.structs.replace(told, root=root)
        await services.ledger.commit(Unit(leaves=(encode(told),)))
    except (Refused, Unavailable, VerificationError) as failure:
        _log.warning("a refused %s (%s) of %s could not be recorded: %s", kind, error.code, by, failure.code)
        services.ledger.count_refusal(error.code)


def _behind(services: Services, error: AnswerableError, header: str, leaf: Leaf | None) -> str:
    """The known key behind a request that no person of the right role sent: of who proved himself and lacks the role,
    or of one who signed the statement itself."""
    try:
        if error.code == "admin.role":
            return proof.kid_of(header.partition(" ")[2])
        if leaf is None:
            return ""
        for sig in getattr(leaf, "sigs", ())[:MAX_SIGNATURES]:
            try:
                return signed(services.book, leaf, [sig]).keys[0]
            except (Refused, VerificationError, IndexError):
                continue
    except (AnswerableError, ValueError):
        pass
    return ""


def _members(body: Any) -> list[Any]:
    return [getattr(body, name) for name in getattr(body, "__struct_fields__", ())]
