# SPDX-License-Identifier: Apache-2.0
"""Attestations: in-toto statements in DSSE envelopes, by parties whose word the operator has chosen to take.

One about a tool has the tool's pin as its subject: whoever signs stands for that definition. One about a system has a
digest of the system as its subject, or, for a system without digests, the SHA-256 of its id.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from msgspec import UNSET

from answerable.crypto import canonical, dsse
from answerable.crypto.b64 import unb64u
from answerable.crypto.random import nonce
from answerable.errors import Refused, VerificationError
from answerable.log import leaf as leaves
from answerable.model.attestations import Attested, key
from answerable.model.leaves import AttestationLeaf
from answerable.model.records import PartyKey, System
from answerable.model.units import Space, Unit
from answerable.ports import Directory
from answerable.tools.pins import PREFIX
from answerable.tools.planned import Planned, put, unchanged
from answerable.tools.told import decode_attested

PAYLOAD: Final = "application/vnd.in-toto+json"
STATEMENT: Final = "https://in-toto.io/Statement/v1"
TOOL: Final = "urn:answerable:attestation:tool:1"  # predicate type of one that pins a tool
DAY_MS: Final = 86_400_000
# What says nothing of its end does not count for ever.
DEFAULT_DAYS: Final = 365
MAX_DAYS: Final = 3_650
MAX_PREDICATE: Final = 300
MAX_SUBJECTS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Statement:
    """What was signed. digests: "sha256:…" of each subject; expires: ms UTC, 0 where it does not say."""

    by: PartyKey
    predicate: str
    digests: tuple[str, ...]
    expires: int
    envelope: str  # SHA-256 of it, hex


def read(envelope: bytes, keys: Iterable[PartyKey]) -> Statement:
    """keys: of the parties whose word counts, withdrawn ones are passed over. Raises Refused ``tool.attestation``."""
    known = {row.rid: row for row in keys if not row.ended}
    try:
        kind, payload, by = dsse.verify(envelope, {rid: unb64u(row.key) for rid, row in known.items()})
        body = canonical.loads(payload)
    except VerificationError as error:
        detail = error.params.get("detail", "no good signature by a party that counts")
        raise Refused("tool.attestation", detail=str(detail)) from None
    if kind != PAYLOAD or not isinstance(body, dict) or body.get("_type") != STATEMENT:
        raise Refused("tool.attestation", detail="not an in-toto statement")
    predicate, subjects, said = body.get("predicateType"), body.get("subject"), body.get("predicate")
    if not isinstance(predicate, str) or not 0 < len(predicate) <= MAX_PREDICATE or not predicate.isascii():
        raise Refused("tool.attestation", detail="no predicate type")
    if not isinstance(subjects, list) or not 0 < len(subjects) <= MAX_SUBJECTS:
        raise Refused("tool.attestation", detail="no subject")
    expires = said.get("expires", 0) if isinstance(said, dict) else 0
    if not isinstance(expires, int) or isinstance(expires, bool) or expires < 0:
        raise Refused("tool.attestation", detail="an expiry that is no time")
    return Statement(known[by[0]], predicate, tuple(_digest(each) for each in subjects), expires, _hex(envelope))


def of_tool(statement: Statement, pin: str, system: str, now_ms: int) -> Planned:
    """The leaf of an attestation that stands for a tool's definition. system: rid of the server's. Raises Refused
    ``tool.attestation``."""
    if statement.predicate != TOOL or pin not in statement.digests:
        raise Refused("tool.attestation", detail="it is not about this definition")
    leaf = _leaf(statement, pin, system, now_ms)
    data = leaves.encode(leaf)
    return Planned(Unit(leaves=(data,)), leaves.rid(data))


def of_system(directory: Directory, statement: Statement, system: System, now_ms: int) -> Planned:
    """Record what was attested of a system. Raises Refused ``tool.attestation``."""
    mine = system.digests or (PREFIX + sha256(system.id.encode()).hexdigest(),)
    digest = next((each for each in statement.digests if each in mine), "")
    if not digest or statement.predicate == TOOL:
        raise Refused("tool.attestation", detail="it is not about this system")
    leaf = _leaf(statement, digest, system.rid, now_ms)
    data = leaves.encode(leaf)
    rid = leaves.rid(data)
    where = key(system.rid, statement.predicate)
    unit = Unit(
        leaves=(data,),
        effects=(put(Space.ATTESTATIONS, where, row(leaf, rid)),),
        expect=(unchanged(directory, Space.ATTESTATIONS, where),),
    )
    return Planned(unit, rid)


def row(leaf: AttestationLeaf, rid: str) -> Attested:
    """Of a leaf about a system. Raises ValueError for one that is about none."""
    if not isinstance(leaf.sys, str):
        raise ValueError("it is about no system")
    return Attested(
        rid=rid, system=leaf.sys, predicate=leaf.pt, digest=leaf.dig, by=leaf.by, at=leaf.t, expires=leaf.exp
    )


def holds(directory: Directory, system: str, predicate: str, now_ms: int) -> bool:
    """Whether the system with that rid holds an attestation of that predicate type, which has not ended."""
    if not predicate:
        return True
    raw = directory.raw(Space.ATTESTATIONS, key(system, predicate))
    return raw is not None and decode_attested(raw).expires > now_ms


def _leaf(statement: Statement, digest: str, system: str, now_ms: int) -> AttestationLeaf:
    expires = statement.expires or now_ms + DEFAULT_DAYS * DAY_MS
    if not now_ms < expires <= now_ms + MAX_DAYS * DAY_MS:
        raise Refused("tool.attestation", detail="it has ended, or would never end")
    return AttestationLeaf(
        by=statement.by.rid,
        dig=digest,
        dsse=statement.envelope,
        exp=expires,
        n=nonce(),
        pt=statement.predicate,
        sys=system or UNSET,
        t=now_ms,
    )


def _digest(subject: Any) -> str:
    digest = subject.get("digest") if isinstance(subject, dict) else None
    value = digest.get("sha256") if isinstance(digest, dict) else None
    if not isinstance(value, str) or len(value) != 64 or set(value) - set("0123456789abcdef"):
        raise Refused("tool.attestation", detail="a subject without a SHA-256")
    return PREFIX + value


def _hex(envelope: bytes) -> str:
    return sha256(envelope).hexdigest()
