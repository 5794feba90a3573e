# SPDX-License-Identifier: Apache-2.0
"""Messages to and from a device: canonical JSON, signed by who says them (`docs/spec/device.md`).

What carries them, a broker or a peer, is not trusted. `beat` shows that a message is of now without any agreement of
clocks: who asks repeats the device's own clock as last heard, and the device refuses what is older than `FRESH_MS`.
"""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import Any, Final, Literal, TypeVar

import msgspec

from answerable.crypto import canonical, ed25519
from answerable.crypto.b64 import b64u, unb64u
from answerable.errors import VerificationError
from answerable.model.devices import DeviceState
from answerable.ports import Signer

ASK: Final = b"answerable/device-ask/v1"
SAY: Final = b"answerable/device-say/v1"
MAX_FRAME: Final = 64 * 1024  # a warrant and an envelope have at most 32 KiB
FRESH_MS: Final = 500


class Ask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """by: kid of the signer, "" where nobody signed; re: names the answer; seq: rises with each message of one signer;
    body: by kind."""

    beat: int
    body: dict[str, Any]
    by: str
    dev: str
    kind: Literal["lease", "command", "stop", "state", "takeover", "tell"]
    re: str
    seq: int
    sig: str
    v: Literal[1]


class Say(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """code: "" or of a refusal, params: of its sentence; state: after what was asked."""

    code: str
    params: dict[str, str | int]
    re: str
    sig: str
    state: DeviceState
    v: Literal[1]


def device_id(public: bytes) -> str:
    """26 base32 characters of SHA-256 over the device's public key: the id says which key speaks for it."""
    return base64.b32encode(sha256(public).digest()).decode("ascii").lower()[:26]


def topics(device: str) -> tuple[str, str]:
    """Where a device is asked, and where it answers."""
    return f"answerable/device/{device}/ask", f"answerable/device/{device}/say"


def ask(
    kind: str, body: dict[str, Any], *, dev: str, re: str, seq: int, beat: int, by: str = "", signer: Signer | None
) -> bytes:
    """A message to a device; unsigned without a signer."""
    members = {"beat": beat, "body": body, "by": by, "dev": dev, "kind": kind, "re": re, "seq": seq, "v": 1}
    sig = b64u(signer.sign(ASK + b"\x00" + canonical.dumps(members))) if signer is not None else ""
    return canonical.dumps({**members, "sig": sig})


def read_ask(data: bytes) -> Ask:
    """A message to a device, its signature not looked at. Raises VerificationError ``device.malformed``."""
    return _read(data, Ask)


def check_ask(message: Ask, public: bytes) -> None:
    """Return if `public` signed it. Raises VerificationError ``device.forged``."""
    members = {name: value for name, value in msgspec.to_builtins(message).items() if name != "sig"}
    _verify(ASK, members, message.sig, public)


def say(state: DeviceState, signer: Signer, *, re: str, code: str = "", params: dict[str, str | int]) -> bytes:
    members = {"code": code, "params": params, "re": re, "state": msgspec.to_builtins(state), "v": 1}
    return canonical.dumps({**members, "sig": b64u(signer.sign(SAY + b"\x00" + canonical.dumps(members)))})


def read_say(data: bytes, public: bytes) -> Say:
    """What a device said, if `public` signed it. Raises VerificationError ``device.malformed``, ``device.forged``."""
    message = _read(data, Say)
    # As it was sent: a device that says less than this version knows of has signed less.
    members = {name: value for name, value in canonical.loads(data).items() if name != "sig"}
    _verify(SAY, members, message.sig, public)
    return message


_Frame = TypeVar("_Frame", Ask, Say)


def _read(data: bytes, kind: type[_Frame]) -> _Frame:
    if len(data) > MAX_FRAME:
        raise VerificationError("device.malformed", detail="longer than 64 KiB")
    try:
        return msgspec.convert(canonical.loads(data), kind, strict=True)
    except VerificationError as error:
        raise VerificationError("device.malformed", detail=str(error.params.get("detail"))) from None
    except (msgspec.ValidationError, OverflowError):
        raise VerificationError("device.malformed", detail="a member that is missing, unknown or misshapen") from None


def _verify(domain: bytes, members: dict[str, Any], sig: str, public: bytes) -> None:
    try:
        ed25519.verify(public, domain + b"\x00" + canonical.dumps(members), unb64u(sig))
    except VerificationError:
        raise VerificationError("device.forged") from None
