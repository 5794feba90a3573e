# SPDX-License-Identifier: Apache-2.0
"""Signed notes and verifier keys (C2SP signed-note v1), with Ed25519 signatures (type 0x01) alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol

from answerable.crypto import ed25519
from answerable.crypto.b64 import b64, unb64
from answerable.errors import VerificationError

ED25519: Final = b"\x01"
# The specification asks for at least 16; each costs the reader one verification at most.
MAX_SIGNATURES: Final = 32
MAX_NOTE: Final = 64 * 1024
_DASH: Final = "— "


class Signing(Protocol):
    @property
    def public(self) -> bytes: ...

    def sign(self, message: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under the name that its signatures carry. id: 4 bytes."""

    name: str
    id: bytes
    public: bytes

    @classmethod
    def of(cls, name: str, public: bytes) -> VerifierKey:
        """Raises VerificationError ``log.note`` for a name that a note cannot carry."""
        _check_name(name)
        return cls(name, key_id(name, public), public)

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """From ``<name>+<hex id>+<base64>``. Raises VerificationError ``log.note``."""
        parts = text.split("+", 2)
        if len(parts) != 3:
            raise VerificationError("log.note", detail="a verifier key without three parts")
        name, _, material = parts
        try:
            raw = unb64(material)
        except VerificationError:
            raise VerificationError("log.note", detail="a verifier key that is not base64") from None
        if len(raw) != 1 + ed25519.KEY_LENGTH or raw[:1] != ED25519:
            raise VerificationError("log.note", detail="a verifier key that is not Ed25519")
        key = cls.of(name, raw[1:])
        if str(key) != text:
            raise VerificationError("log.note", detail="a verifier key whose id is not that of its key")
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64(ED25519 + self.public)}"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line. id: 4 bytes; value: the bytes after it."""

    name: str
    id: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A note as it was read. Nothing in `text` may be used before a signature was verified."""

    text: str
    signatures: tuple[Signature, ...]


def key_id(name: str, public: bytes) -> bytes:
    """SHA-256(name || 0x0A || 0x01 || public), first 4 bytes."""
    return sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


def sign(text: str, name: str, signer: Signing) -> bytes:
    """The note of `text` (which ends in a newline) with one signature. Raises VerificationError ``log.note``."""
    _check_text(text)
    key = VerifierKey.of(name, signer.public)
    line = f"{_DASH}{name} {b64(key.id + signer.sign(text.encode()))}\n"
    return f"{text}\n{line}".encode()


def parse(note: bytes) -> Note:
    """Text and signatures, unverified. Raises VerificationError ``log.note`` for anything but the one encoding."""
    if len(note) > MAX_NOTE:
        raise VerificationError("log.note", detail="longer than 64 KiB")
    try:
        whole = note.decode("utf-8")
    except UnicodeDecodeError:
        raise VerificationError("log.note", detail="not UTF-8") from None
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise VerificationError("log.note", detail="no signatures after a blank line")
    text += "\n"
    _check_text(text)
    signatures = tuple(_signature(line) for line in lines[:-1].split("\n"))
    if len(signatures) > MAX_SIGNATURES:
        raise VerificationError("log.note", detail="too many signatures")
    if len({(signature.name, signature.id) for signature in signatures}) != len(signatures):
        raise VerificationError("log.note", detail="two signatures of one key")
    return Note(text, signatures)


def verified(note: Note, keys: Iterable[VerifierKey]) -> tuple[VerifierKey, ...]:
    """The keys whose signature the note carries; those of unknown keys are passed over. Raises VerificationError
    ``log.signature`` if a signature of a known key is bad."""
    known = {(key.name, key.id): key for key in keys}
    message = note.text.encode()
    found: list[VerifierKey] = []
    for signature in note.signatures:
        key = known.get((signature.name, signature.id))
        if key is not None:
            ed25519.verify(key.public, message, signature.value)
            found.append(key)
    return tuple(found)


def _signature(line: str) -> Signature:
    name, space, text = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise VerificationError("log.note", detail="a signature line of another form")
    _check_name(name)
    try:
        raw = unb64(text)
    except VerificationError:
        raise VerificationError("log.note", detail="a signature that is not base64") from None
    if len(raw) < 5:
        raise VerificationError("log.note", detail="a signature that is too short")
    return Signature(name, raw[:4], raw[4:])


def _check_text(text: str) -> None:
    if not text.endswith("\n") or any(c < " " and c != "\n" for c in text):
        raise VerificationError("log.note", detail="text that is not lines of printable characters")


def _check_name(name: str) -> None:
    if not name or "+" in name or any(c.isspace() or c < " " or "\ud800" <= c <= "\udfff" for c in name):
        raise VerificationError("log.note", detail="a key name with spaces or a plus")
