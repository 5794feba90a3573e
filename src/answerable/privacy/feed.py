# SPDX-License-Identifier: Apache-2.0
"""The authorities' feed (`docs/spec/feed.md`): what was registered, what went wrong, what was stopped, page by page.

A page is a DSSE envelope over canonical JSON. Each names the one before by its digest, its entries are proven to stand
in the log, and its key is proven to be the log's: a reader needs the trust file and nothing else. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import msgspec

from answerable.crypto import canonical, dsse
from answerable.crypto.b64 import b64u, unb64, unb64u
from answerable.errors import VerificationError
from answerable.log.leaf import decode, leaf_hash, rid
from answerable.log.merkle import verify_consistency, verify_inclusion
from answerable.log.trust import Trust
from answerable.model.leaves import KeyLeaf, Leaf, PartyLeaf
from answerable.model.records import FeedPage
from answerable.model.terms import PartyKind
from answerable.ports import Directory

FORMAT: Final = "answerable/feed/v1"
PAYLOAD_TYPE: Final = "application/vnd.answerable.feed+json"
USE: Final = "feed"  # of the key that signs pages
NO_PAGE: Final = "0" * 64  # the digest before the first page
MAX_ENTRIES: Final = 100  # in a page: with the longest leaves it stays below an envelope's bound
KINDS: Final = frozenset(
    ["announce", "attestation", "incident", "key", "order", "party", "reauthorisation", "release", "system", "transfer"]
)


class Signing(Protocol):
    def sign(self, message: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """A leaf, its place, and the nodes that lead from it to the root of the page's checkpoint."""

    index: int
    leaf: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a reader stands: after page `number`. digest: of that page, hex; end: leaves looked through so far; size,
    root: of its checkpoint; keys: rid of the key leaf -> public key, of those that may sign what follows."""

    number: int = 0
    digest: str = NO_PAGE
    end: int = 0
    size: int = 0
    root: bytes = b""
    keys: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was verified. at: ms UTC, as its signer says."""

    number: int
    at: int
    start: int
    end: int
    entries: tuple[tuple[int, str, Leaf], ...]  # index, rid, leaf
    checkpoint: bytes


def belongs(leaf: Leaf, directory: Directory, origin: str) -> bool:
    """Whether a leaf stands in the feed: never one of an action, never one of a natural person."""
    if leaf.k not in KINDS:
        return False
    if isinstance(leaf, PartyLeaf):
        return leaf.kind == PartyKind.ORG
    if isinstance(leaf, KeyLeaf):
        owner = directory.party(leaf.own)
        return leaf.own == origin or (owner is not None and owner.kind is PartyKind.ORG)
    return True


def build(
    row: FeedPage, entries: Sequence[Entry], consistency: Sequence[bytes], origin: str, signer: Signing, kid: str
) -> bytes:
    """The page that `row` tells of: the same bytes each time. consistency: from the checkpoint of the page before to
    this one's; kid: rid of the signer's key leaf."""
    body = {
        "checkpoint": row.checkpoint,
        "consistency": [b64u(node) for node in consistency],
        "end": row.end,
        "entries": [
            {"index": e.index, "leaf": e.leaf.decode(), "path": [b64u(node) for node in e.path]} for e in entries
        ],
        "format": FORMAT,
        "number": row.number,
        "origin": origin,
        "prev": row.prev,
        "start": row.start,
        "t": row.at,
    }
    return dsse.sign(PAYLOAD_TYPE, canonical.dumps(body), signer, kid)


def digest(page: bytes) -> str:
    """By which the next page names this one."""
    return hashlib.sha256(page).hexdigest()


def verify(data: bytes, trust: Trust, cursor: Cursor) -> tuple[Page, Cursor]:
    """The page that follows `cursor`, and where its reader stands then.

    Raises VerificationError ``privacy.feed`` for a page that is not the next one or says what it may not,
    ``log.encoding``, ``log.signature``, ``log.untrusted``, ``log.quorum``, ``log.proof``, ``log.leaf``.
    """
    body = _body(data, cursor.number + 1)
    number = cursor.number + 1
    if body["number"] != number or body["prev"] != cursor.digest or body["start"] != cursor.end:
        raise _wrong(number, "it does not follow the page before")
    head = trust.check(body["checkpoint"].encode())
    if head.origin != body["origin"] or not body["start"] <= body["end"] <= head.size or head.size < cursor.size:
        raise _wrong(number, "its checkpoint is of another log, or of an earlier time")
    nodes = [unb64u(node) for node in body["consistency"]]
    if cursor.size:
        verify_consistency(cursor.size, cursor.root, head.size, head.root, nodes)
    elif nodes:
        raise _wrong(number, "the first page continues nothing")
    keys = dict(cursor.keys)
    entries: list[tuple[int, str, Leaf]] = []
    last = body["start"] - 1
    for entry in body["entries"]:
        raw = entry["leaf"].encode()
        verify_inclusion(leaf_hash(raw), entry["index"], head.size, [unb64u(node) for node in entry["path"]], head.root)
        leaf = decode(raw)
        if not last < entry["index"] < body["end"] or leaf.k not in KINDS:
            raise _wrong(number, "an entry out of place")
        last = entry["index"]
        entries.append((last, rid(raw), leaf))
        _keep(keys, rid(raw), leaf, head.origin)
    kind, _, _ = dsse.verify(data, keys)
    if kind != PAYLOAD_TYPE or len(canonical.loads(data)["signatures"]) != 1:
        raise _wrong(number, "an envelope of another type, or with a signature that nobody checks")
    page = Page(number, body["t"], body["start"], body["end"], tuple(entries), body["checkpoint"].encode())
    return page, Cursor(number, digest(data), body["end"], head.size, head.root, keys)


def _keep(keys: dict[str, bytes], its: str, leaf: Leaf, origin: str) -> None:
    """A key that signs pages begins, replaces another, or ends: the log says which is the log's."""
    if isinstance(leaf, KeyLeaf) and leaf.use == USE and leaf.own == origin:
        if isinstance(leaf.prev, str):
            keys.pop(leaf.prev, None)
        if leaf.end is not True:
            keys[its] = unb64u(leaf.pub)


def _body(data: bytes, number: int) -> dict[str, Any]:
    """The payload, its signature still to be checked: the key that signs the first page stands in it, proven."""
    envelope = canonical.loads(data) if len(data) <= dsse.MAX_ENVELOPE else None
    payload = envelope.get("payload") if isinstance(envelope, dict) else None
    if not isinstance(payload, str):
        raise _wrong(number, "no envelope")
    raw = unb64(payload)
    body = canonical.loads(raw)
    if not isinstance(body, dict) or canonical.dumps(body) != raw or canonical.dumps(envelope) != data:
        raise _wrong(number, "another encoding")
    try:
        msgspec.convert(body, _Body)
    except msgspec.ValidationError:
        raise _wrong(number, "members of the wrong form") from None
    if body["format"] != FORMAT:
        raise _wrong(number, "another format")
    return body


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    index: int
    leaf: str
    path: list[str]


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    checkpoint: str
    consistency: list[str]
    end: int
    entries: list[_Line]
    format: str
    number: int
    origin: str
    prev: str
    start: int
    t: int


def _wrong(number: int, detail: str) -> VerificationError:
    return VerificationError("privacy.feed", page=number, detail=detail)
