# SPDX-License-Identifier: Apache-2.0
"""The trust file: whose logs a reader believes (C2SP tlog-policy, without witnesses: ``quorum none``).

It comes to the reader by a way of its own, never inside a receipt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from answerable.errors import VerificationError
from answerable.log.note import VerifierKey

MAX_TRUST: Final = 64 * 1024
MAX_LOGS: Final = 64
_BLANK: Final = re.compile(r"[ \t]+")


@dataclass(frozen=True, slots=True)
class Trust:
    """Verifier keys of trusted logs; a key's name is its log's origin. Several of one name: a rotation."""

    logs: tuple[VerifierKey, ...]


def parse(data: bytes) -> Trust:
    """Raises VerificationError ``log.trust`` for anything not understood: a line that is passed over could have been
    the one that demands more."""
    if len(data) > MAX_TRUST:
        raise VerificationError("log.trust", line=0, detail="longer than 64 KiB")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise VerificationError("log.trust", line=0, detail="not UTF-8") from None
    logs: list[VerifierKey] = []
    quorum = False
    for number, line in enumerate(text.split("\n"), 1):
        if any((c < " " and c != "\t") or c == "\x7f" for c in line):
            raise VerificationError("log.trust", line=number, detail="a control character")
        words = [word for word in _BLANK.split(line) if word]
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "log" and len(words) in (2, 3):
            logs.append(_log(words[1], number, logs))
        elif words == ["quorum", "none"] and not quorum:
            quorum = True
        else:
            raise VerificationError("log.trust", line=number, detail="a rule that this version does not know")
    if not quorum:
        raise VerificationError("log.trust", line=0, detail="no quorum line")
    if not logs or len(logs) > MAX_LOGS:
        raise VerificationError("log.trust", line=0, detail=f"not between 1 and {MAX_LOGS} logs")
    return Trust(tuple(logs))


def format(trust: Trust) -> bytes:
    """The file; `parse` reads it back."""
    return "".join([*(f"log {key}\n" for key in trust.logs), "quorum none\n"]).encode()


def _log(text: str, line: int, earlier: list[VerifierKey]) -> VerifierKey:
    try:
        key = VerifierKey.parse(text)
    except VerificationError as error:
        raise VerificationError("log.trust", line=line, detail=str(error.params.get("detail"))) from None
    if any(key.public == other.public for other in earlier):
        raise VerificationError("log.trust", line=line, detail="a key listed twice")
    return key
