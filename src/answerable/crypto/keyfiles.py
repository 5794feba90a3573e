# SPDX-License-Identifier: Apache-2.0
"""The files that private keys are kept in: PKCS #8 in PEM (RFC 5958, RFC 7468) under one line that names the purpose.

One key has one purpose: a signature made for one thing can then never be shown for another.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from answerable.errors import Refused

# A PKCS #8 file of Ed25519 has 119 bytes, one of ML-DSA-44 (its seed alone) 128; what is longer is no key of ours.
MAX_KEY_FILE: Final = 1024


class Private(Protocol):
    def private_bytes(
        self, encoding: Encoding, format: PrivateFormat, encryption_algorithm: KeySerializationEncryption
    ) -> bytes: ...


def read(path: str | Path, purpose: str) -> object:
    """The private key in a file, of whatever algorithm. Raises Refused ``log.key`` if the file is missing, can be read
    by others, is not a key, or is of another purpose."""
    return private(read_pem(path, purpose), path)


def private(pem: bytes, path: str | Path) -> object:
    """The private key in `pem`, as it stands in the file at `path`. Raises Refused ``log.key``."""
    try:
        return load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Refused("log.key", path=str(path), detail="it does not hold a private key") from None


def read_pem(path: str | Path, purpose: str) -> bytes:
    """What stands below the purpose in a file, unread: for algorithms that the library of `private` does not know.
    Raises Refused ``log.key`` if the file is missing, can be read by others, or is of another purpose."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - mode and bytes must be of the same open file
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            text = file.read(MAX_KEY_FILE + 1)
    except OSError as error:
        raise Refused("log.key", path=str(path), detail=error.strerror or "cannot be read") from None
    if mode & 0o077:
        raise Refused("log.key", path=str(path), detail=f"its mode is {mode:03o}, wider than 600")
    head, newline, pem = text.partition(b"\n")
    if not newline or len(text) > MAX_KEY_FILE or not head.startswith(b"purpose: "):
        raise Refused("log.key", path=str(path), detail="it is not a key file of answerable")
    if head != _head(purpose):
        raise Refused("log.key", path=str(path), detail=f"its purpose is not {purpose}")
    return pem


def write(path: str | Path, purpose: str, private: Private) -> None:
    """Write a new file of mode 600, durably. Never overwrites. Raises Refused ``log.key``."""
    write_pem(path, purpose, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def write_pem(path: str | Path, purpose: str, pem: bytes) -> None:
    """As `write`, of a key that is PEM already."""
    path = Path(path)
    try:
        # O_EXCL: a key is never replaced by accident, and no prepared link is followed.
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(file, _head(purpose) + b"\n" + pem)
            os.fsync(file)
        finally:
            os.close(file)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise Refused("log.key", path=str(path), detail=error.strerror or "cannot be written") from None


def _head(purpose: str) -> bytes:
    return b"purpose: " + purpose.encode("ascii")
