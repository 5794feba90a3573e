# SPDX-License-Identifier: Apache-2.0
"""The folder of a pulse: its key, whose word it takes, the orders it was told, the highest number it may have used.

``pulse.key`` · ``pulse.json`` (whom it trusts) · ``orders.txt`` · ``seq`` · ``inbox/`` (orders given directly).
A number is on the disk before it is signed: a process that was wiped, restored or killed never goes back.
"""

from __future__ import annotations

import errno
import fcntl
import os
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from answerable import durable
from answerable.admission.orders import MAX_MESSAGE
from answerable.admission.trust import Trust
from answerable.app.order_store import OrderStore
from answerable.crypto.b64 import b64u, unb64u
from answerable.crypto.ed25519 import Key
from answerable.errors import AnswerableError, Refused, Unavailable

PURPOSE: Final = "pulse"
KEY_LENGTH: Final = 32
# Numbers are milliseconds of the wall clock at least, so a wiped folder with an old key goes on above its past; they
# are set aside by the minute, so that most beats wait for no disk.
AHEAD: Final = 60_000


class Pins(msgspec.Struct, frozen=True, kw_only=True):
    """Whose word counts: as ``GET /control/v1/pins`` tells it. Keys are kid -> base64url of 32 bytes."""

    origin: str
    issuers: dict[str, str]
    officers: dict[str, str] = {}
    authorities: dict[str, str] = {}
    named: dict[str, str] = {}


class _File(Pins, frozen=True, kw_only=True, forbid_unknown_fields=True):
    iss: str
    kid: str


class PulseFolder:
    """iss, kid: how the pulse and its key are called. Raises Refused ``log.key``, Unavailable ``pulse.state``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            told = msgspec.json.decode((path / "pulse.json").read_bytes(), type=_File)
        except OSError as error:
            raise _state(f"{path / 'pulse.json'}: {error.strerror}") from None
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise _state(f"pulse.json: {error}") from None
        self.iss = told.iss
        self.kid = told.kid
        self.trust = trust_of(told)
        self.key = Key.load(path / "pulse.key", purpose=PURPOSE)
        self.orders = OrderStore(path)
        self.inbox = path / "inbox"
        self._lock: int | None = None

    @classmethod
    def create(cls, path: Path, iss: str, pins: Pins) -> PulseFolder:
        """A new folder with a new key. Raises Refused ``log.key`` where there is one, Unavailable ``pulse.state``."""
        trust_of(pins)
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            key = Key.generate()
            key.save(path / "pulse.key", purpose=PURPOSE)
            told: dict[str, Any] = {**msgspec.to_builtins(pins), "iss": iss, "kid": kid_of(key.public)}
            durable.replace(path / "pulse.json", msgspec.json.format(msgspec.json.encode(told)) + b"\n")
            (path / "inbox").mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise _state(f"{path}: {error.strerror}") from None
        return cls(path)

    @property
    def pin(self) -> str:
        """What holders put under ``[pulse] keys``."""
        return f"{self.kid}:{b64u(self.key.public)}"

    def lock(self) -> None:
        """Be the one process that beats from here, until this one ends. Raises Unavailable ``pulse.state``."""
        try:
            self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            busy = error.errno in (errno.EAGAIN, errno.EACCES)
            raise _state("another process beats from this folder" if busy else str(error.strerror)) from None

    def reserved(self) -> int:
        """The highest number that may have been used; 0 for a new folder. Raises Unavailable ``pulse.state``."""
        try:
            text = (self.path / "seq").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return 0
        except (OSError, UnicodeDecodeError):
            raise _state("seq cannot be read") from None
        if not text.isdigit() or len(text) > 16:
            raise _state("seq is no number")
        return int(text)

    def reserve(self, number: int) -> None:
        """Set numbers up to `number` aside, durably. Raises Unavailable ``pulse.state``."""
        try:
            durable.replace(self.path / "seq", b"%d\n" % number)
        except OSError as error:
            raise _state(f"seq: {error.strerror}") from None

    def given(self) -> list[tuple[Path, bytes]]:
        """Orders that were laid into the inbox. Raises Unavailable ``pulse.state``."""
        found = []
        try:
            for path in sorted(self.inbox.iterdir()):
                if path.suffix == ".json" and path.is_file():
                    with path.open("rb") as file:
                        found.append((path, file.read(MAX_MESSAGE + 1).rstrip(b"\n")))
        except FileNotFoundError:
            return found
        except OSError as error:
            raise _state(f"inbox: {error.strerror}") from None
        return found

    def give(self, data: bytes) -> Path:
        """Lay an order message into the inbox, where a running pulse finds it. Raises Unavailable ``pulse.state``."""
        path = self.inbox / f"{sha256(data).hexdigest()[:32]}.json"
        try:
            self.inbox.mkdir(mode=0o700, exist_ok=True)
            durable.replace(path, data + b"\n")
        except OSError as error:
            raise _state(f"inbox: {error.strerror}") from None
        return path


def trust_of(pins: Pins) -> Trust:
    """Raises Refused ``config.value`` for a key that is none."""
    return Trust(
        pins.origin,
        issuers=_keys(pins.issuers),
        officers=_keys(pins.officers),
        authorities=_keys(pins.authorities),
        named=pins.named,
    )


def kid_of(public: bytes) -> str:
    return f"pulse-{sha256(public).hexdigest()[:16]}"


def _keys(told: dict[str, str]) -> dict[str, bytes]:
    found = {}
    for kid, text in told.items():
        try:
            key = unb64u(text)
        except AnswerableError:
            key = b""
        if len(key) != KEY_LENGTH:
            raise Refused("config.value", detail=f"the key of {kid[:64]} is not 32 bytes in base64url")
        found[kid] = key
    return found


def _state(detail: str) -> Unavailable:
    return Unavailable("pulse.state", detail=detail)
