# SPDX-License-Identifier: Apache-2.0
"""How something that bears on a red line is told: an `event` leaf, signed by who saw it (`docs/spec/events.md`).

A guard, a device or a scheduler signs with its copy's key, a person with the person's key. What carries the message
proves nothing and need not be trusted; each counts once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta

from answerable.crypto import canonical
from answerable.crypto.b64 import b64u, unb64u
from answerable.crypto.random import nonce, salt
from answerable.errors import Refused, VerificationError
from answerable.log.commitment import SALT_LENGTH, check, commit
from answerable.log.leaf import is_rid
from answerable.log.statement import Signing, sign, verify
from answerable.model.events import Told, read, what
from answerable.model.leaves import Commitments, EventLeaf, Sig

MEDIA_TYPE: Final = "application/vnd.answerable.event+json"
# Bytes of the facts as JSON.
MAX_FACTS: Final = 8_192
# What was seen behind a partition is told when it ends; what is older than this tells nobody anything.
OLDEST_MS: Final = 7 * 86_400_000
# How far the teller's clock may be ahead.
AHEAD_MS: Final = 60_000
NONCE_LENGTH: Final = 16
GROUP: Final = "evidence"


class Report(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The message. event: the leaf, `t` 0; facts: JSON text, and salt (base64url of 32 bytes): what the leaf's
    commitment hides."""

    event: EventLeaf
    facts: Annotated[str, Meta(max_length=MAX_FACTS)]
    salt: Annotated[str, Meta(max_length=64)]


@dataclass(frozen=True, slots=True)
class Read:
    """A report whose form and signature are good. `repr` hides the facts: they hold paths and addresses."""

    event: EventLeaf
    fact: Told
    facts: bytes
    salt: bytes

    def __repr__(self) -> str:
        return f"Read({self.event.what!r}, <hidden>)"


def make(
    fact: Told, *, system: str, by: str, origin: str, key: Signing, at: int, copy: str = "", drawn: str = ""
) -> Report:
    """A signed report. system, copy: rids of what it is about; by: rid of the teller's copy or key leaf, whose `key`
    signs; at: when it happened, ms UTC; drawn: a nonce, if it was drawn before."""
    body = canonical.dumps(msgspec.to_builtins(fact))
    salted = salt()
    leaf = EventLeaf(
        at=at,
        by=by,
        c=Commitments(evidence=commit(GROUP, salted, body)),
        cpy=copy or UNSET,
        n=drawn or nonce(),
        sig="",
        sys=system,
        t=0,
        what=what(fact),
    )
    signed = msgspec.structs.replace(leaf, sig=sign(leaf, origin, key, by).sig)
    return Report(event=signed, facts=body.decode("utf-8"), salt=b64u(salted))


def accept(report: Report, *, origin: str, public: bytes, now_ms: int) -> Read:
    """The report, if `public` (32 bytes) signed it for the log `origin`. Whether its teller may tell it is the caller's
    question, and that it counts once too. Raises Refused ``redline.event_malformed|event_signature|event_time``."""
    event = report.event
    try:
        body, salted, drawn = report.facts.encode("utf-8"), unb64u(report.salt), unb64u(event.n)
        if len(salted) != SALT_LENGTH or len(drawn) != NONCE_LENGTH:
            raise _malformed("a salt or a nonce of another length")
        if event.x is not UNSET or event.c != Commitments(evidence=event.c.evidence):
            raise _malformed("members that this version does not know")
        names = (event.by, event.sys, *(() if event.cpy is UNSET else (event.cpy,)))
        if not all(is_rid(name) for name in names):
            raise _malformed("what it is about, or who tells it, is no record id")
        check(event.c.evidence if isinstance(event.c.evidence, str) else "", GROUP, salted, body)
        fact = read(body)
        if canonical.dumps(msgspec.to_builtins(fact)) != body or what(fact) != event.what:
            raise _malformed("facts that are not canonical, or of another kind")
    except (VerificationError, msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
        raise _malformed("facts, salt, nonce or commitment") from None
    try:
        verify(event, origin, Sig(key=event.by, sig=event.sig), public)
    except VerificationError:
        raise Refused("redline.event_signature", by=event.by[:64]) from None
    if not now_ms - OLDEST_MS <= event.at <= now_ms + AHEAD_MS:
        raise Refused("redline.event_time", days=OLDEST_MS // 86_400_000)
    return Read(event, fact, body, salted)


def _malformed(detail: str) -> Refused:
    return Refused("redline.event_malformed", detail=detail)
