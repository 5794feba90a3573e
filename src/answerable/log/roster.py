# SPDX-License-Identifier: Apache-2.0
"""The roster of officers: who may order a stop, by the word of root keys that lie in safes (`docs/spec/statements.md`).

A roster is made and signed on files, with no service in reach. It follows the one before it: signed by so many of *its*
root keys as it asks for, and by so many of its own. An authority leaves a roster, or changes its keys, with its own
consent only: whoever runs the registry cannot take from it the power to stop him.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

from answerable.crypto import ed25519
from answerable.crypto.b64 import b64u, unb64u
from answerable.errors import VerificationError
from answerable.log import statement
from answerable.log.leaf import decode, is_rid
from answerable.model.leaves import AuthorityRef, RosterLeaf

MIN_OFFICERS: Final = 2
MAX_OFFICERS: Final = 12
MAX_ROOTS: Final = 8
MAX_AUTHORITIES: Final = 4
MAX_KEYS: Final = 4
MAX_ROSTER: Final = 4096
_KEY_ID: Final = b"answerable/key/v1\x00"
_ID_LENGTH: Final = 24
_NAME: Final = re.compile(r"[!-~]([ -~]{0,62}[!-~])?")


def key_id(public: bytes) -> str:
    """What a signature by a key without a key leaf names: 24 bytes of a hash of the key, base64url."""
    return b64u(sha256(_KEY_ID + public).digest()[:_ID_LENGTH])


def read(data: bytes) -> RosterLeaf:
    """The roster in a file, its form checked, its signatures not. Raises VerificationError ``officer.malformed``."""
    try:
        leaf = decode(data) if len(data) <= MAX_ROSTER else None
    except VerificationError as error:
        raise malformed(str(error.params.get("detail", error.code))) from None
    if not isinstance(leaf, RosterLeaf):
        raise malformed("no roster")
    form(leaf)
    return leaf


def form(leaf: RosterLeaf) -> None:
    """What a roster must be, whoever signs it. Raises VerificationError ``officer.malformed``."""
    if not MIN_OFFICERS <= len(leaf.off) <= MAX_OFFICERS:
        raise malformed(f"not {MIN_OFFICERS} to {MAX_OFFICERS} officers")
    if len({each.own for each in leaf.off}) != len(leaf.off):
        raise malformed("a person twice")
    if not all(is_rid(each.own) and is_rid(each.key) for each in leaf.off):
        raise malformed("an officer without a record")
    if not 1 <= len(leaf.root.keys) <= MAX_ROOTS or not 1 <= leaf.root.need <= len(leaf.root.keys):
        raise malformed("root keys that cannot reach their number")
    if len(leaf.auth) > MAX_AUTHORITIES or len({each.name for each in leaf.auth}) != len(leaf.auth):
        raise malformed(f"more than {MAX_AUTHORITIES} authorities, or one twice")
    for each in leaf.auth:
        if not 1 <= len(each.keys) <= MAX_KEYS or not 1 <= each.need <= len(each.keys):
            raise malformed("an authority's keys that cannot reach their number")
        if not _NAME.fullmatch(each.name):
            raise malformed("an authority's name that is not 1 to 64 printable ASCII characters")
    keys = [each.pub for each in leaf.off] + leaf.root.keys + [key for each in leaf.auth for key in each.keys]
    if len(set(keys)) != len(keys):
        raise malformed("one key in two places")
    for key in keys:
        _public(key)


def check(leaf: RosterLeaf, origin: str, before: RosterLeaf | None) -> None:
    """Return if `leaf` follows `before`, or is a first roster, in the log `origin`.

    Raises VerificationError ``officer.malformed|sequence|signature|quorum|consent``.
    """
    form(leaf)
    expected = 1 if before is None else before.seq + 1
    if leaf.seq != expected:
        raise VerificationError("officer.sequence", seq=leaf.seq, expected=expected)
    known = {key_id(_public(key)): _public(key) for key in _signing(leaf, before)}
    signed: set[str] = set()
    for sig in leaf.sigs:
        if sig.key not in known:
            raise VerificationError("officer.signature", key=sig.key[:64])
        try:
            statement.verify(leaf, origin, sig, known[sig.key])
        except VerificationError:
            raise VerificationError("officer.signature", key=sig.key[:64]) from None
        signed.add(sig.key)
    for roots in (leaf.root, *((before.root,) if before else ())):
        have = _count(roots.keys, signed)
        if have < roots.need:
            raise VerificationError("officer.quorum", need=roots.need, have=have)
    kept = {each.name: (sorted(each.keys), each.need) for each in leaf.auth}
    for each in before.auth if before else ():
        if kept.get(each.name) != (sorted(each.keys), each.need) and _count(each.keys, signed) < each.need:
            raise VerificationError("officer.consent", name=each.name)


def authorities(leaf: RosterLeaf) -> dict[str, tuple[str, bytes]]:
    """Key id -> (name of the authority, public key)."""
    return {key_id(_public(key)): (each.name, _public(key)) for each in leaf.auth for key in each.keys}


def met(listed: Sequence[AuthorityRef], signed: Iterable[str]) -> tuple[str, ...]:
    """Names of the authorities of which enough keys (ids) signed."""
    ids = set(signed)
    return tuple(each.name for each in listed if _count(each.keys, ids) >= each.need)


def _signing(leaf: RosterLeaf, before: RosterLeaf | None) -> list[str]:
    older = [] if before is None else [*before.root.keys, *(key for each in before.auth for key in each.keys)]
    return [*leaf.root.keys, *older]


def _count(keys: Iterable[str], signed: set[str]) -> int:
    return sum(key_id(_public(key)) in signed for key in keys)


def _public(text: str) -> bytes:
    try:
        data = unb64u(text)
    except VerificationError:
        data = b""
    if len(data) != ed25519.KEY_LENGTH:
        raise malformed("a key that is not 32 bytes")
    return data


def malformed(detail: str) -> VerificationError:
    return VerificationError("officer.malformed", detail=detail)
