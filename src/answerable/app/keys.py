# SPDX-License-Identifier: Apache-2.0
"""The store's own keys: one for each purpose, files of mode 600 in its `keys` folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from answerable.crypto.ed25519 import Key
from answerable.crypto.random import salt
from answerable.errors import Unavailable

FOLDER: Final = "keys"
LOG: Final = "log"
WARRANT: Final = "warrant"
INDEX: Final = "index"
INDEX_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Keys:
    """log: signs checkpoints; warrant: signs warrants; index: 32 secret bytes for the keyed digests of content."""

    log: Key
    warrant: Key
    index: bytes

    def __repr__(self) -> str:
        return "Keys(<hidden>)"


def create(store: Path) -> Keys:
    """Make and save all keys. Raises Unavailable ``store.failed`` where they cannot be written, FileExistsError never:
    an existing file is refused with the same code rather than overwritten."""
    folder = store / FOLDER
    try:
        folder.mkdir(mode=0o700)
        keys = Keys(Key.generate(), Key.generate(), salt())
        keys.log.save(folder / "log.key", purpose=LOG)
        keys.warrant.save(folder / "warrant.key", purpose=WARRANT)
        _write_secret(folder / "index.secret", keys.index)
    except OSError as error:
        raise Unavailable("store.failed", detail=f"{folder}: {error.strerror}") from None
    return keys


def load(store: Path) -> Keys:
    """Raises Unavailable ``store.failed`` if one is missing or damaged."""
    folder = store / FOLDER
    try:
        index = (folder / "index.secret").read_bytes()
    except OSError as error:
        raise Unavailable("store.failed", detail=f"{folder}: {error.strerror}") from None
    if len(index) != INDEX_BYTES:
        raise Unavailable("store.failed", detail=f"{folder / 'index.secret'}: not {INDEX_BYTES} bytes")
    return Keys(Key.load(folder / "log.key", purpose=LOG), Key.load(folder / "warrant.key", purpose=WARRANT), index)


def copy_key(store: Path, name: str) -> Key:
    """The key of a copy that this gateway speaks for (a handle's application, a remote model): made at first use."""
    path = store / FOLDER / f"copy-{name}.key"
    if path.exists():
        return Key.load(path, purpose="copy")
    key = Key.generate()
    key.save(path, purpose="copy")
    return key


def _write_secret(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
