# SPDX-License-Identifier: Apache-2.0
"""The store's own keys: one for each purpose, files of mode 600 in its `keys` folder."""

from __future__ import annotations

import logging
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from answerable.crypto import mldsa
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import salt
from answerable.errors import Refused, Unavailable, VerificationError
from answerable.log.note import VerifierKey

FOLDER: Final = "keys"
LOG: Final = "log"
LOG_FILE: Final = "log.key"
SAFE_FILE: Final = "log-mldsa.key"
FORMER_FILE: Final = "log-former.txt"
WARRANT: Final = "warrant"
COPY: Final = "copy"
FEED: Final = "feed"
DETECTOR: Final = "detector"
CANARY: Final = "canary"
LABEL: Final = "label"
SECRET_BYTES: Final = 32
_log = logging.getLogger("answerable.keys")


@dataclass(frozen=True, slots=True)
class Keys:
    """log: signs checkpoints; safe: signs beside it what is published, in ML-DSA-44; warrant: signs warrants; index: 32
    secret bytes for the keyed digests of content; payload: 32 secret bytes under which payloads' own keys are kept;
    former: verifier keys of the log before the last rotations, the newest first."""

    log: Key
    warrant: Key
    index: bytes
    payload: bytes
    safe: mldsa.Key | None = None
    former: tuple[VerifierKey, ...] = ()

    def __repr__(self) -> str:
        return "Keys(<hidden>)"


def create(store: Path) -> Keys:
    """Make and save all keys. Raises Unavailable ``store.failed`` where they cannot be written; an existing file is
    never overwritten."""
    folder = store / FOLDER
    try:
        folder.mkdir(mode=0o700)
        keys = Keys(Key.generate(), Key.generate(), salt(), salt(), mldsa.Key.generate())
        keys.log.save(folder / LOG_FILE, purpose=LOG)
        if keys.safe is not None:
            keys.safe.save(folder / SAFE_FILE, purpose=LOG)
        keys.warrant.save(folder / "warrant.key", purpose=WARRANT)
        _write_secret(folder / "index.secret", keys.index)
        _write_secret(folder / "payload.secret", keys.payload)
    except OSError as error:
        raise Unavailable("store.failed", detail=f"{folder}: {error.strerror}") from None
    return keys


def load(store: Path) -> Keys:
    """Raises Unavailable ``store.failed`` or Refused ``log.key`` if one is missing, damaged or open to others. A store
    without an ML-DSA-44 key, as they were once, gets one."""
    folder = store / FOLDER
    return Keys(
        Key.load(folder / LOG_FILE, purpose=LOG),
        Key.load(folder / "warrant.key", purpose=WARRANT),
        _read_secret(folder / "index.secret"),
        _read_secret(folder / "payload.secret"),
        _safe(folder / SAFE_FILE),
        former(store),
    )


def former(store: Path) -> tuple[VerifierKey, ...]:
    """The log's keys before its rotations: public, and of no use but to believe what they signed. Raises Unavailable
    ``store.failed``."""
    path = store / FOLDER / FORMER_FILE
    try:
        lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else []
        return tuple(VerifierKey.parse(line) for line in lines if line)
    except (OSError, ValueError, VerificationError):
        raise Unavailable("store.failed", detail=f"{path}: not verifier keys, one a line") from None


def _safe(path: Path) -> mldsa.Key | None:
    if path.exists():
        return mldsa.Key.load(path, purpose=LOG)
    key = mldsa.Key.generate()
    try:
        key.save(path, purpose=LOG)
    except Refused as error:
        # Keys in a place that cannot be written to: what is published goes on with the one signature that it had.
        _log.warning("this store has no ML-DSA-44 key yet, and none can be kept: %s", error)
        return None
    return key


def copy_key(store: Path, name: str) -> Key:
    """The key of a copy that this gateway speaks for (a handle's application, a remote model): made at first use."""
    return _at_first_use(store, f"copy-{name}.key", COPY)


def feed_key(store: Path) -> Key:
    """The key that signs the authorities' feed: made at first use."""
    return _at_first_use(store, "feed.key", FEED)


def detector_key(store: Path) -> Key:
    """The key that signs what detectors of red lines order: made at first use."""
    return _at_first_use(store, "detector.key", DETECTOR)


def canary_key(store: Path) -> Key:
    """The key that stops the canary and nothing else: made at first use."""
    return _at_first_use(store, "canary.key", CANARY)


def label_key(store: Path) -> Key:
    """The key that signs AIGC objects (`ReservedCode1`), and nothing else: made at first use."""
    return _at_first_use(store, "label.key", LABEL)


def watermark_key(store: Path) -> bytes:
    """The 32 secret bytes under which watermarks are written and found again: drawn at first use."""
    return _secret(store, "watermark.secret")


def text_watermark_key(store: Path) -> bytes:
    """The 32 secret bytes from which each local model's sampling key comes (`marks.text_watermark`): drawn at first
    use. A model's process is given its sampling key and never these."""
    return _secret(store, "text-watermark.secret")


def _secret(store: Path, file: str) -> bytes:
    path = store / FOLDER / file
    if not path.exists():
        with suppress(FileExistsError):  # drawn by another process meanwhile: that is the one
            _write_secret(path, salt())
    return _read_secret(path)


def _at_first_use(store: Path, file: str, purpose: str) -> Key:
    path = store / FOLDER / file
    if path.exists():
        return Key.load(path, purpose=purpose)
    key = Key.generate()
    key.save(path, purpose=purpose)
    return key


def forget_copy_key(store: Path, name: str) -> None:
    """The next `copy_key` is another one: a key is that of one copy for ever."""
    (store / FOLDER / f"copy-{name}.key").unlink(missing_ok=True)


def read_private(path: Path, limit: int) -> bytes:
    """Up to `limit` bytes of a file that nobody else can read. Raises OSError, Refused ``log.key`` for a wider mode."""
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)  # of the file that is read, whatever the path means by now
        if mode & 0o077:
            raise Refused("log.key", path=str(path), detail=f"its mode is {mode:03o}, wider than 600")
        return file.read(limit)


def _read_secret(path: Path) -> bytes:
    try:
        data = read_private(path, SECRET_BYTES + 1)
    except OSError as error:
        raise Unavailable("store.failed", detail=f"{path}: {error.strerror}") from None
    if len(data) != SECRET_BYTES:
        raise Unavailable("store.failed", detail=f"{path}: not {SECRET_BYTES} bytes")
    return data


def _write_secret(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
