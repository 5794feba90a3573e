# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: the signed heads of the tree (C2SP tlog-checkpoint). The key's name is the log's origin."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from answerable.crypto.b64 import b64, unb64
from answerable.errors import VerificationError
from answerable.log import note as notes
from answerable.log.merkle import EMPTY_ROOT, HASH_LENGTH, MAX_SIZE
from answerable.log.note import Note, Signing, VerifierKey

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is signed: the log's name, its number of leaves, and the RFC 6962 root over them."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{b64(self.root)}\n"


def sign(origin: str, size: int, root: bytes, signer: Signing) -> bytes:
    """The signed note. Raises VerificationError ``log.checkpoint`` or ``log.note`` for values that it cannot hold."""
    checkpoint = Checkpoint(origin, size, root)
    text = checkpoint.text
    if _read(text) != checkpoint:
        raise VerificationError("log.checkpoint", detail="an origin, size or root of the wrong form")
    return notes.sign(text, origin, signer)


def parse(note: bytes) -> tuple[Checkpoint, Note]:
    """The checkpoint in a note and the note, *unverified*: to show, to find keys. Raises VerificationError
    ``log.note`` or ``log.checkpoint``; extension lines are refused, no monitor could audit them."""
    read = notes.parse(note)
    return _read(read.text), read


def verify(note: bytes, vkeys: Iterable[VerifierKey | str]) -> Checkpoint:
    """The checkpoint, if a key named as its origin signed it and no signature of a known key is bad.

    vkeys: trusted keys, parsed or as text; of several (a rotation) one suffices. Raises VerificationError ``log.note``,
    ``log.checkpoint``, ``log.signature``, ``log.untrusted``.
    """
    keys = [key if isinstance(key, VerifierKey) else VerifierKey.parse(key) for key in vkeys]
    checkpoint, read = parse(note)
    if not any(key.name == checkpoint.origin for key in notes.verified(read, keys)):
        raise VerificationError("log.untrusted", origin=checkpoint.origin)
    return checkpoint


def vkey(name: str, public: bytes) -> str:
    """The verifier key of a log as text: what a trust file holds."""
    return str(VerifierKey.of(name, public))


def parse_vkey(text: str) -> VerifierKey:
    """Raises VerificationError ``log.note``."""
    return VerifierKey.parse(text)


def _read(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0]:
        raise VerificationError("log.checkpoint", detail="not three lines")
    origin, size, root = lines[:3]
    if not _SIZE.fullmatch(size) or int(size) > MAX_SIZE:
        raise VerificationError("log.checkpoint", detail="a size that is not a plain number")
    try:
        digest = unb64(root)
    except VerificationError:
        raise VerificationError("log.checkpoint", detail="a root that is not base64") from None
    if len(digest) != HASH_LENGTH or (size == "0" and digest != EMPTY_ROOT):
        raise VerificationError("log.checkpoint", detail="a root that no tree of this size has")
    return Checkpoint(origin, int(size), digest)
