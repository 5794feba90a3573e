# SPDX-License-Identifier: Apache-2.0
"""Red line: an answer gives away a credential by which somebody could act.

Found: handles of this gateway (``ans_…``), warrants and other JWTs that are signed with ``alg: Ed25519`` or name our
type, and private keys in PEM (RFC 7468). A find is made as soon as the shape is certain, before the secret part is
complete, so that what already went out of a stream is of no use. Shapes alone are judged: no lookup, the same result
each time.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from answerable.crypto.b64 import unb64u
from answerable.errors import VerificationError
from answerable.model.actions import Action, Finding

RED_LINE: Final = "credential"
CODE: Final = "redline.credential"

# Longer than any pattern below can be before it is decided: what straddles two pieces lies inside piece + tail.
TAIL: Final = 640
# A handle has 43 characters after its prefix. After 24 of them more than 100 bits are still to come.
HANDLE: Final = re.compile(r"(?<![A-Za-z0-9])ans_([A-Za-z0-9_-]{24,43})")
HANDLE_LENGTH: Final = 43
# The header of a JWT, a dot, and the beginning of its claims.
JWT: Final = re.compile(r"(?<![A-Za-z0-9_-])(eyJ[A-Za-z0-9_-]{8,512})\.eyJ[A-Za-z0-9_-]{12}")
PEM: Final = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY-----\s{0,4}(?:\\n)?[A-Za-z0-9+/]{24}")

_header = msgspec.json.Decoder(dict[str, object]).decode


class Credentials:
    """`ports.Detector`."""

    name = "credentials"

    def planted(self) -> str:
        """The shape of a handle, of no handle that there is."""
        return "the key is ans_" + "aB3" * 14 + "x"

    def watch(self, action: Action) -> CredentialsWatch:
        return CredentialsWatch()


class CredentialsWatch:
    """`ports.Watch`: remembers the end of what was said."""

    __slots__ = ("_tail",)

    def __init__(self) -> None:
        self._tail = ""

    def see(self, text: str) -> Finding | None:
        window = self._tail + text
        kind = find(window)
        self._tail = window[-TAIL:]
        return Finding(RED_LINE, "red", CODE, {"kind": kind}) if kind else None


def find(text: str) -> str:
    """What kind of credential `text` gives away: handle, warrant, private_key, or ""."""
    # Three substring searches cost a fraction of a microsecond; nearly every text has none of them.
    if "ans_" in text and any(_is_handle(match[1]) for match in HANDLE.finditer(text)):
        return "handle"
    if ".eyJ" in text and any(_is_warrant(match[1]) for match in JWT.finditer(text)):
        return "warrant"
    if "PRIVATE KEY-----" in text and PEM.search(text):
        return "private_key"
    return ""


def _is_handle(secret: str) -> bool:
    """Random base64url soon has letters of both cases and a digit; names in program code seldom have."""
    if len(secret) >= HANDLE_LENGTH:
        return True
    return any(map(str.isupper, secret)) and any(map(str.islower, secret)) and any(map(str.isdigit, secret))


def _is_warrant(segment: str) -> bool:
    """Whether a JWT's header says that it is a warrant, or signed as warrants are: examples in manuals are not."""
    try:
        header = _header(unb64u(segment))
    except (VerificationError, ValueError, RecursionError):
        return False
    return header.get("alg") == "Ed25519" or "warrant" in str(header.get("typ", ""))
