# SPDX-License-Identifier: Apache-2.0
"""The file by which a reader knows whose label keys are whose (`docs/spec/label.md`): a line for each, with the party's
id, the algorithm and the key. It comes to the reader by a way of its own, never inside a label."""

from __future__ import annotations

import base64
from typing import Final

from answerable.errors import VerificationError
from answerable.marks.signature import NAMES, info_of

MAX_PINS: Final = 1 << 20
_BY_NAME: Final = {name: algorithm for algorithm, name in NAMES.items()}


def parse(data: bytes) -> dict[bytes, str]:
    """DER SubjectPublicKeyInfo -> party id. Raises VerificationError ``label.pins`` for anything not understood."""
    if len(data) > MAX_PINS:
        raise _malformed(0, "longer than 1 MiB")
    found: dict[bytes, str] = {}
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 3 or words[1] not in _BY_NAME:
            raise _malformed(number, "not a party id, Ed25519, ES256 or SM3withSM2, and a key")
        try:
            info = info_of(_BY_NAME[words[1]], base64.b64decode(words[2], validate=True))
        except (ValueError, VerificationError):
            raise _malformed(number, "no key of that algorithm") from None
        if found.setdefault(info, words[0]) != words[0]:
            raise _malformed(number, "a key that an earlier line gives to another party")
    return found


def line(party: str, algorithm: str, public: bytes) -> str:
    """One line of the file. algorithm: an object identifier; public: the raw key."""
    return f"{party} {NAMES[algorithm]} {base64.b64encode(public).decode('ascii')}\n"


def _malformed(number: int, detail: str) -> VerificationError:
    return VerificationError("label.pins", line=number, detail=detail)
