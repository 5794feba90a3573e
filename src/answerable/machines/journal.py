# SPDX-License-Identifier: Apache-2.0
"""What a device writes down itself: a file of signed lines, each with the digest of the one before.

It stands beside the log, not in the way of it: braking never waits for it, and what it could not take is counted. What
moves the machine more than before is written first, or not done.
"""

from __future__ import annotations

import errno
import os
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from answerable.crypto import canonical, ed25519
from answerable.crypto.b64 import b64u, unb64u
from answerable.errors import Unavailable, VerificationError
from answerable.model.devices import Hand
from answerable.ports import Signer

DOMAIN: Final = b"answerable/device-journal/v1"
FIRST: Final = "0" * 64
MAX_LINE: Final = 8_192


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """at: ms UTC by the device's clock; prev: SHA-256 of the line before, hex; missed: entries since that could not be
    written."""

    at: int
    dev: str
    facts: dict[str, str | int]
    missed: int
    num: int
    prev: str
    sig: str
    what: str


class Journal:
    """An open journal. order, person: by what order the machine was stopped, and who had it, when it was last written
    in; "" for none. fsync is left to the system: a device that loses power has stopped."""

    def __init__(self, path: Path, device: str, signer: Signer) -> None:
        self._path, self._device, self._signer = path, device, signer
        self._num, self._prev = 0, FIRST
        self.missed = 0
        self.order = ""
        self.person = ""
        whole = 0
        if path.exists() and path.is_file():
            *lines, torn = path.read_bytes().split(b"\n")
            for line in lines:
                self._remember(line)
                whole += len(line) + 1
                self._num, self._prev = self._num + 1, sha256(line).hexdigest()
            self.missed = 1 if torn else 0
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if self.missed:
                os.ftruncate(self._file, whole)  # power was lost in the middle of a line: it was never written
        except OSError as error:
            raise Unavailable("device.unrecorded", detail=error.strerror or "") from None

    def write(self, what: str, at: int, facts: dict[str, str | int]) -> None:
        """One entry. Raises Unavailable ``device.unrecorded``; then it is counted as missed."""
        members: dict[str, Any] = {
            "at": at,
            "dev": self._device,
            "facts": facts,
            "missed": self.missed,
            "num": self._num,
            "prev": self._prev,
            "what": what,
        }
        sig = b64u(self._signer.sign(DOMAIN + b"\x00" + canonical.dumps(members)))
        line = canonical.dumps({**members, "sig": sig})
        try:
            self._append(line + b"\n")
        except OSError as error:
            self.missed += 1
            raise Unavailable("device.unrecorded", detail=error.strerror or "") from None
        self._num, self._prev, self.missed = self._num + 1, sha256(line).hexdigest(), 0

    def _remember(self, line: bytes) -> None:
        """What an earlier run was left in: a machine that was started again is no freer than before."""
        try:
            entry = msgspec.convert(canonical.loads(line), Entry, strict=True)
        except (VerificationError, msgspec.ValidationError, OverflowError):
            return  # `read` says so to whoever asks
        facts = entry.facts
        if entry.what == "stop":
            self.order = str(facts.get("order") or self.order)
        elif entry.what == "takeover":
            hand = facts.get("hand")
            if hand == Hand.TAKE:
                self.person = str(facts.get("person", ""))
            elif hand == Hand.GIVE:
                self.person = ""
            elif hand == Hand.RESET and facts.get("speed") == 0:  # a reset while it moves resets nothing
                self.order = ""

    def _append(self, line: bytes) -> None:
        """The whole line or nothing of it: half a line would make all that follows unreadable."""
        written = os.write(self._file, line)
        if written != len(line):
            os.ftruncate(self._file, os.fstat(self._file).st_size - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def close(self) -> None:
        os.close(self._file)


def read(data: bytes, public: bytes) -> list[Entry]:
    """Every entry of a journal, if `public` signed each and none is gone from between. Raises VerificationError
    ``device.malformed``, ``device.forged``."""
    entries: list[Entry] = []
    prev = FIRST
    for num, line in enumerate(data.splitlines()):
        if len(line) > MAX_LINE:
            raise VerificationError("device.malformed", detail=f"line {num + 1} is too long")
        try:
            members = canonical.loads(line)
            entry = msgspec.convert(members, Entry, strict=True)
        except (VerificationError, msgspec.ValidationError, OverflowError):
            raise VerificationError("device.malformed", detail=f"line {num + 1}") from None
        if (entry.num, entry.prev) != (num, prev):
            raise VerificationError("device.malformed", detail=f"line {num + 1} does not follow the one before")
        del members["sig"]
        try:
            ed25519.verify(public, DOMAIN + b"\x00" + canonical.dumps(members), unb64u(entry.sig))
        except VerificationError:
            raise VerificationError("device.forged") from None
        entries.append(entry)
        prev = sha256(line).hexdigest()
    return entries
