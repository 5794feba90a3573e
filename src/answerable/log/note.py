# SPDX-License-Identifier: Apache-2.0
"""Signed notes and verifier keys (C2SP signed-note v1). Signature types: 0x01, Ed25519 over the text, and the two
cosignatures of checkpoints (`log.cosignature`)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from hashlib import sha256
from typing import Final

from answerable.crypto import ed25519, mldsa
from answerable.crypto.b64 import b64, unb64
from answerable.errors import VerificationError
from answerable.log import cosignature
from answerable.log.cosignature import Signing as Signing

# The specification asks for at least 16; each costs the reader one verification at most.
MAX_SIGNATURES: Final = 32
# 32 signatures of ML-DSA-44 are 106 KB of base64.
MAX_NOTE: Final = 128 * 1024
_DASH: Final = "— "


class Kind(IntEnum):
    """The signature types of the specification that are read here."""

    ED25519 = 0x01
    COSIGNATURE = cosignature.ED25519
    MLDSA = cosignature.MLDSA

    @property
    def key_length(self) -> int:
        """Of the public key, in bytes."""
        return mldsa.KEY_LENGTH if self is Kind.MLDSA else ed25519.KEY_LENGTH


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under the name that its signatures carry. id: 4 bytes."""

    name: str
    id: bytes
    public: bytes
    kind: Kind = Kind.ED25519

    @classmethod
    def of(cls, name: str, public: bytes, kind: Kind = Kind.ED25519) -> VerifierKey:
        """Raises VerificationError ``log.note`` for a name that a note cannot carry."""
        return _named(name, public, kind)

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
        if not raw or raw[0] not in tuple(Kind) or len(raw) != 1 + Kind(raw[0]).key_length:
            raise VerificationError("log.note", detail="a verifier key that is neither Ed25519 nor ML-DSA-44")
        key = cls.of(name, raw[1:], Kind(raw[0]))
        if str(key) != text:
            raise VerificationError("log.note", detail="a verifier key whose id is not that of its key")
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64(bytes((self.kind,)) + self.public)}"


@lru_cache(maxsize=256)  # a log signs each batch with the same
def _named(name: str, public: bytes, kind: Kind) -> VerifierKey:
    _check_name(name)
    return VerifierKey(name, key_id(name, public, kind), public, kind)


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line. id: 4 bytes; value: the bytes after it."""

    name: str
    id: bytes
    value: bytes

    @property
    def line(self) -> str:
        return f"{_DASH}{self.name} {b64(self.id + self.value)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A note as it was read. Nothing in `text` may be used before a signature was verified."""

    text: str
    signatures: tuple[Signature, ...]

    @property
    def data(self) -> bytes:
        return f"{self.text}\n{''.join(signature.line for signature in self.signatures)}".encode()


def key_id(name: str, public: bytes, kind: Kind = Kind.ED25519) -> bytes:
    """SHA-256(name || 0x0A || type || public), first 4 bytes."""
    return sha256(name.encode() + b"\n" + bytes((kind,)) + public).digest()[:4]


def sign(text: str, name: str, signer: Signing) -> bytes:
    """The note of `text` (which ends in a newline) with one Ed25519 signature. Raises VerificationError
    ``log.note``."""
    _check_text(text)
    key = VerifierKey.of(name, signer.public)
    return Note(text, (Signature(name, key.id, signer.sign(text.encode())),)).data


def cosign(text: str, key: VerifierKey, time: int, signer: Signing) -> Signature:
    """A cosignature of a checkpoint's text. key: the signer's, of a kind with a time; time: s, POSIX. Raises as
    `cosignature.sign`."""
    return Signature(key.name, key.id, cosignature.sign(key.kind, key.name, text, time, signer))


def parse(note: bytes) -> Note:
    """Text and signatures, unverified. Raises VerificationError ``log.note`` for anything but the one encoding."""
    if len(note) > MAX_NOTE:
        raise VerificationError("log.note", detail="longer than 128 KiB")
    try:
        whole = note.decode("utf-8")
    except UnicodeDecodeError:
        raise VerificationError("log.note", detail="not UTF-8") from None
    text, blank, lines = whole.rpartition("\n\n")
    if not blank:
        raise VerificationError("log.note", detail="no signatures after a blank line")
    text += "\n"
    _check_text(text)
    return Note(text, signatures(lines))


def signatures(lines: str) -> tuple[Signature, ...]:
    """Signature lines, unverified, each with its newline. Raises VerificationError ``log.note``."""
    if not lines.endswith("\n"):
        raise VerificationError("log.note", detail="no signatures after a blank line")
    found = tuple(_signature(line) for line in lines[:-1].split("\n"))
    if len(found) > MAX_SIGNATURES:
        raise VerificationError("log.note", detail="too many signatures")
    if len({(signature.name, signature.id) for signature in found}) != len(found):
        raise VerificationError("log.note", detail="two signatures of one key")
    return found


def merged(note: Note, more: Iterable[Signature]) -> Note:
    """The note with further signatures; one of a key that is there already takes its place. Raises VerificationError
    ``log.note`` for more than a note may bear."""
    every = {(signature.name, signature.id): signature for signature in (*note.signatures, *more)}
    if len(every) > MAX_SIGNATURES:
        raise VerificationError("log.note", detail="too many signatures")
    return Note(note.text, tuple(every.values()))


def verified(note: Note, keys: Iterable[VerifierKey]) -> tuple[VerifierKey, ...]:
    """The keys whose signature the note carries; those of unknown keys are passed over. Raises VerificationError
    ``log.signature`` if a signature of a known key is bad."""
    known = {(key.name, key.id): key for key in keys}
    found: list[VerifierKey] = []
    for signature in note.signatures:
        key = known.get((signature.name, signature.id))
        if key is not None:
            _check(key, note.text, signature.value)
            found.append(key)
    return tuple(found)


def _check(key: VerifierKey, text: str, value: bytes) -> None:
    if key.kind is Kind.ED25519:
        ed25519.verify(key.public, text.encode(), value)
    else:
        cosignature.check(key.kind, key.name, key.public, text, value)


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


_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")


def _check_text(text: str) -> None:
    if not text.endswith("\n") or _CONTROL.search(text) is not None:
        raise VerificationError("log.note", detail="text that is not lines of printable characters")


def _check_name(name: str) -> None:
    if not name or "+" in name or any(c.isspace() or c < " " or "\ud800" <= c <= "\udfff" for c in name):
        raise VerificationError("log.note", detail="a key name with spaces or a plus")
