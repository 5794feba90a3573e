# SPDX-License-Identifier: Apache-2.0
"""The bytes of a leaf, its hash and its record id (`docs/spec/leaves.md`).

A leaf is RFC 8785 canonical JSON by construction: the structs declare their fields in order, keys are ASCII, integers
stay below 2**53, there are no floats. The leaf hash is that of RFC 6962 section 2.1.
"""

from __future__ import annotations

from hashlib import sha256
from struct import Struct
from typing import Any, Final, cast

import msgspec
from msgspec import UNSET

from answerable.crypto.canonical import MAX_INTEGER
from answerable.crypto.random import BASE32
from answerable.errors import VerificationError
from answerable.model.leaves import KINDS, CloseLeaf, Commitments, Leaf, OpenLeaf

DEFAULT_LIMIT: Final = 4096
# The length of an entry in a C2SP entry bundle is a uint16.
MAX_LEAF: Final = 65_535
RID_LENGTH: Final = 32
# Extensions are small by intent; the bound keeps recursive readers safe.
MAX_EXTENSION_DEPTH: Final = 8


class _Head(msgspec.Struct):
    k: str


_encode = msgspec.json.Encoder(order="deterministic").encode
_head = msgspec.json.Decoder(_Head).decode
_decode_kind: Final = {name: msgspec.json.Decoder(kind).decode for name, kind in KINDS.items()}


def encode(leaf: Leaf, *, limit: int = DEFAULT_LIMIT) -> bytes:
    """The canonical bytes of `leaf`. limit: bytes, at most 65,535.

    What its own reader would refuse is never written: the bytes are read back before they are returned.
    Raises VerificationError ``log.leaf`` for a member of the wrong type, a negative integer or one of 2**53 and over,
    an extension that is not canonical; ``log.oversized`` past the limit.
    """
    decode_kind = _decode_kind.get(getattr(leaf, "k", ""))
    if decode_kind is None:
        raise _malformed("unknown kind")
    try:
        data: bytes = _encode(leaf)
        read: Any = decode_kind(data)
        if read.x is not UNSET:
            _check_extension(read.x, 0)
    except msgspec.ValidationError as error:
        raise _where(error) from None
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
        raise _malformed("a value that JSON cannot hold") from None
    if len(data) > min(limit, MAX_LEAF):
        raise VerificationError("log.oversized", size=len(data), limit=min(limit, MAX_LEAF))
    return data


def encode_own(leaf: OpenLeaf | CloseLeaf) -> bytes:
    """The bytes of a leaf that the path itself fills, two an action: as `encode`, but not read back. Terms, ids, clock
    and counts that were bounded where they came in are all that it holds. Raises VerificationError as `encode`."""
    try:
        data: bytes = _encode(leaf)
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
        raise _malformed("a value that JSON cannot hold") from None
    if len(data) > DEFAULT_LIMIT:
        raise VerificationError("log.oversized", size=len(data), limit=DEFAULT_LIMIT)
    return data


class OpenForm:
    """Open leaves that differ in nothing but what was asked, nonce and time: what stands between these is encoded
    once."""

    __slots__ = ("_asked", "_head", "_nonce", "_time")

    def __init__(self, leaf: OpenLeaf) -> None:
        """leaf: one of them. Raises VerificationError as `encode`, and ``log.leaf`` for one that hides more than what
        was asked: then more would differ."""
        if leaf.pri is not UNSET or leaf.par or leaf.err is not UNSET:
            raise _malformed("more than what was asked, nonce and time")
        likeness = msgspec.structs.replace(leaf, c=Commitments(in_=_PROBE), n=_PROBE, t=MAX_INTEGER)
        parts = encode_own(likeness).decode("ascii").split(_PROBE)
        if len(parts) != 3:
            raise _malformed("a member that is taken for another")
        self._head, self._asked, rest = parts
        self._nonce, _, self._time = rest.partition(str(MAX_INTEGER))
        asked = leaf.c.in_
        if type(asked) is not str or self.fill(asked, leaf.n, leaf.t) != encode_own(leaf):
            raise _malformed("not made up of these alone")

    def fill(self, asked: str, nonce: str, now: int) -> bytes:
        """The bytes of the leaf with this commitment to what was asked, this nonce and this time, ms UTC."""
        return f"{self._head}{asked}{self._asked}{nonce}{self._nonce}{now}{self._time}".encode("ascii")


# Stands in no leaf of ours: `@` is in no id and no term.
_PROBE: Final = "@probe@"


def decode(data: bytes) -> Leaf:
    """The leaf that `data` is the one encoding of.

    Raises VerificationError ``log.leaf`` for unknown kinds, versions and members, duplicate keys and any byte that
    `encode` would write otherwise; ``log.oversized`` past 65,535 bytes.
    """
    if len(data) > MAX_LEAF:
        raise VerificationError("log.oversized", size=len(data), limit=MAX_LEAF)
    try:
        decode_kind = _decode_kind.get(_head(data).k)
        if decode_kind is None:
            raise _malformed("unknown kind")
        leaf: Any = decode_kind(data)
        if leaf.x is not UNSET:
            _check_extension(leaf.x, 0)
        # Duplicate keys, spaces, another order, other escapes: all differ from what we would write.
        canonical = _encode(leaf) == data
    except msgspec.ValidationError as error:
        raise _where(error) from None
    except (ValueError, RecursionError, msgspec.MsgspecError):
        raise _malformed("not JSON") from None
    if not canonical:
        raise _malformed("not canonical")
    return cast("Leaf", leaf)


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 || data), RFC 6962: 32 bytes."""
    return sha256(b"\x00" + data).digest()


def rid(data: bytes) -> str:
    """The record id of a leaf's bytes: the first 20 bytes of its hash in lower-case base32, 32 characters."""
    return rid_of(sha256(b"\x00" + data).digest())


_DIGITS: Final = tuple(a + b for a in BASE32 for b in BASE32)
_quanta = Struct(">IBIBIBIB").unpack_from


def rid_of(digest: bytes) -> str:
    """The record id of a leaf hash.

    Ten bits at a time from a table: half the time of `base64.b32encode`, and every action takes two ids.
    """
    t = _DIGITS
    a, b, c, d, e, f, g, h = _quanta(digest)
    return (
        f"{t[a >> 22]}{t[a >> 12 & 1023]}{t[a >> 2 & 1023]}{t[(a & 3) << 8 | b]}"
        f"{t[c >> 22]}{t[c >> 12 & 1023]}{t[c >> 2 & 1023]}{t[(c & 3) << 8 | d]}"
        f"{t[e >> 22]}{t[e >> 12 & 1023]}{t[e >> 2 & 1023]}{t[(e & 3) << 8 | f]}"
        f"{t[g >> 22]}{t[g >> 12 & 1023]}{t[g >> 2 & 1023]}{t[(g & 3) << 8 | h]}"
    )


def is_rid(text: str) -> bool:
    """Whether `text` has the form of a record id."""
    return len(text) == RID_LENGTH and not set(text) - _ALPHABET


_ALPHABET: Final = frozenset(BASE32)


def _malformed(detail: str) -> VerificationError:
    return VerificationError("log.leaf", detail=detail)


def _where(error: msgspec.ValidationError) -> VerificationError:
    """Where it is wrong, without what stood there: an error is printed, a leaf may be a stranger's."""
    place = str(error).rpartition(" - at `")[2].rstrip("`")
    return _malformed(f"missing, unknown or of the wrong form: {place}" if place.startswith("$") else "wrong members")


def _check_extension(value: Any, depth: int) -> None:
    if isinstance(value, dict):
        if depth == MAX_EXTENSION_DEPTH:
            raise _malformed("an extension nested too deep")
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise _malformed("a key that is not ASCII")
            if type(item) is not str:
                _check_extension(item, depth + 1)
    elif isinstance(value, list):
        if depth == MAX_EXTENSION_DEPTH:
            raise _malformed("an extension nested too deep")
        for item in value:
            _check_extension(item, depth + 1)
    elif isinstance(value, bool) or value is None or isinstance(value, str):
        return
    elif isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise _malformed("an integer beyond 2**53 - 1")
    else:
        raise _malformed("a number that is not an integer")
