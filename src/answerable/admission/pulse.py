# SPDX-License-Identifier: Apache-2.0
"""The pulse (`docs/spec/pulse.md`): a second authority says, every few seconds and once for all holders, that life goes
on, which stop set it knows, and which orders came last. Carried by anyone, by a file too.

Its key is no other's: who holds the registry cannot make holders go on past a stop that the pulse knows of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec

from answerable.admission.orders import Signing
from answerable.admission.trust import Trust
from answerable.crypto import canonical, ed25519
from answerable.crypto.b64 import b64u, unb64u
from answerable.errors import Refused, VerificationError

MEDIA_TYPE: Final = "application/vnd.answerable.pulse+json"
DOMAIN: Final = b"answerable/pulse/v1"
MAX_PULSE: Final = 256 * 1024
MAX_DELTA: Final = 64
SHARE: Final = 4  # of the room for direct orders, to each who gave them
# No pulse lives longer than the longest warrant: nobody can lengthen a bound by himself.
MAX_VALID_MS: Final = 300_000
DEFAULT_VALID_MS: Final = 15_000
DEFAULT_EVERY_MS: Final = 3_000
ROOT_LENGTH: Final = 64
SHORT: Final = 8_192  # a longer one is read once its signature is known to fit: reading costs more than checking that

Int = Annotated[int, msgspec.Meta(ge=0, le=canonical.MAX_INTEGER)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]


class _Pulse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    at: Int
    delta: Annotated[list[dict[str, Any]], msgspec.Meta(max_length=MAX_DELTA)]
    epoch: Int
    iss: Text
    kid: Text
    origin: Text
    seq: Annotated[int, msgspec.Meta(ge=1, le=canonical.MAX_INTEGER)]
    sig: Text
    stop_root: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
    v: Int
    valid_for: Annotated[int, msgspec.Meta(ge=1, le=MAX_VALID_MS)]


class _Peek(msgspec.Struct, frozen=True, kw_only=True):
    kid: str
    origin: str
    sig: str


_peek: Final = msgspec.json.Decoder(_Peek).decode


@dataclass(frozen=True, slots=True)
class Pulse:
    """iss: who beats; seq: rises with each, for ever; at: when it was made, ms UTC; valid_for: ms; epoch, stop_root:
    the stop set that the issuer numbered, as far as the pulse knows it (`orders.stop_root`); delta: the newest order
    messages, and those that were given to the pulse directly (`fitting`)."""

    iss: str
    origin: str
    seq: int
    at: int
    valid_for: int
    epoch: int
    stop_root: str
    delta: tuple[bytes, ...] = ()


def make(pulse: Pulse, signer: Signing, kid: str) -> bytes:
    """The signed bytes. Raises VerificationError ``pulse.malformed`` for what `read` would not take."""
    members: dict[str, Any] = {
        "at": pulse.at,
        "delta": [canonical.loads(data) for data in pulse.delta],
        "epoch": pulse.epoch,
        "iss": pulse.iss,
        "kid": kid,
        "origin": pulse.origin,
        "seq": pulse.seq,
        "stop_root": pulse.stop_root,
        "v": 1,
        "valid_for": pulse.valid_for,
    }
    data = canonical.dumps({**members, "sig": b64u(signer.sign(_signed(members)))})
    _parse(data)
    return data


def read(data: bytes, trust: Trust) -> Pulse:
    """A pulse by one of the pinned keys. Whether it is new and fresh is for `holding`.

    Raises VerificationError ``pulse.malformed``, ``pulse.forged``; Refused ``pulse.origin``; nothing else, whatever
    the bytes.
    """
    if len(data) > SHORT:
        _worth(data, trust)
    raw, whole = _parse(data)
    if whole.origin != trust.origin:
        raise Refused("pulse.origin", origin=trust.origin)
    public = trust.pulses.get(whole.kid)
    if public is None:
        raise VerificationError("pulse.forged")
    del raw["sig"]
    try:
        ed25519.verify(public, _signed(raw), unb64u(whole.sig))
    except VerificationError:
        raise VerificationError("pulse.forged") from None
    return Pulse(
        iss=whole.iss,
        origin=whole.origin,
        seq=whole.seq,
        at=whole.at,
        valid_for=whole.valid_for,
        epoch=whole.epoch,
        stop_root=whole.stop_root,
        delta=tuple(canonical.dumps(each) for each in whole.delta),
    )


def fitting(
    direct: Sequence[bytes],
    newest: Sequence[bytes],
    *,
    alone: Sequence[Sequence[bytes]] = (),
    room: int = MAX_PULSE - 4096,
) -> tuple[bytes, ...]:
    """The delta: all of `direct`, then of `alone` in turn, then as many of `newest`, the newest first, as one pulse
    carries. alone: direct orders that rest on officers, the newest first, each list by the same officers; none of them
    takes more than a quarter of the room.

    Raises Refused ``pulse.full`` where not even the direct ones fit: then there is no pulse, and holders stop.
    """
    used = sum(len(data) + 1 for data in direct)
    if len(direct) > MAX_DELTA or used > room:
        raise Refused("pulse.full", limit=MAX_DELTA)
    chosen = list(direct)
    spent = [0] * len(alone)
    for turn in range(max(map(len, alone), default=0)):
        for which, theirs in enumerate(alone):
            size = len(theirs[turn]) + 1 if turn < len(theirs) else 0
            if size and len(chosen) < MAX_DELTA and used + size <= room and spent[which] + size <= room // SHARE:
                spent[which] += size
                used += size
                chosen.append(theirs[turn])
    for data in newest:
        if len(chosen) == MAX_DELTA or used + len(data) + 1 > room:
            break
        used += len(data) + 1
        chosen.append(data)
    return tuple(chosen)


def _signed(members: dict[str, Any]) -> bytes:
    return _to_sign(str(members["origin"]), canonical.dumps(members))


def _to_sign(origin: str, members: bytes) -> bytes:
    return b"\x00".join((DOMAIN, origin.encode("utf-8", "surrogatepass"), members))


def _worth(data: bytes, trust: Trust) -> None:
    """Return if the bytes, as they stand, are signed by a pinned key. Raises VerificationError ``pulse.malformed``,
    ``pulse.forged``."""
    if len(data) > MAX_PULSE:
        raise _malformed(f"longer than {MAX_PULSE} bytes")
    try:
        peek = _peek(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise _malformed("no pulse at all") from None
    public = trust.pulses.get(peek.kid)
    # Canonical JSON has its members in order: the last of them by that name is the pulse's own.
    before, found, after = data.rpartition(b'"sig":"%b",' % peek.sig.encode("utf-8", "surrogatepass"))
    try:
        if public is None or not found:
            raise VerificationError("pulse.forged")
        ed25519.verify(public, _to_sign(peek.origin, before + after), unb64u(peek.sig))
    except VerificationError:
        raise VerificationError("pulse.forged") from None


def _parse(data: bytes) -> tuple[dict[str, Any], _Pulse]:
    if len(data) > MAX_PULSE:
        raise _malformed(f"longer than {MAX_PULSE} bytes")
    try:
        raw: Any = canonical.loads(data)
        whole = msgspec.convert(raw, _Pulse, strict=True)
        same = canonical.dumps(raw) == data
    except msgspec.ValidationError as error:
        place = str(error).rpartition(" - at `")[2].rstrip("`")
        where = f"missing, unknown or of the wrong form: {place}" if place.startswith("$") else "wrong members"
        raise _malformed(where) from None
    except VerificationError as error:
        raise _malformed(str(error.params.get("detail"))) from None
    if not same:
        raise _malformed("not canonical JSON")
    if whole.v != 1:
        raise _malformed("a version that does not exist")
    if not whole.origin.isprintable() or not whole.iss.isprintable():
        raise _malformed("a name that is not printable")
    return raw, whole


def _malformed(detail: str) -> VerificationError:
    return VerificationError("pulse.malformed", detail=detail)
