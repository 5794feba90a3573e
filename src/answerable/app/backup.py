# SPDX-License-Identifier: Apache-2.0
"""`log backup`: a copy of a store beside whoever serves it, in a folder that is a store again.

The log first, by SQLite's own online copy, then the payload files: what a leaf of the copy names was written before it.
What has expired or was erased meanwhile goes from the copy too. The guard is never copied: it is what tells a copy from
the store.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from answerable import durable
from answerable.app.core import TRUST_FILE
from answerable.app.keys import FOLDER, load
from answerable.app.stores import address
from answerable.config import Config
from answerable.errors import Refused, Unavailable
from answerable.stores.database import connect_reading, translated
from answerable.stores.reads import LogReads
from answerable.stores.sqlite import LOG_FILE, PAYLOADS
from answerable.stores.unsynced import carried, forget, named_by, restore


@dataclass(frozen=True, slots=True)
class BackedUp:
    """size, root: of the tree in the copy; files: of payloads in it; keys: whether the keys are in it."""

    size: int
    root: bytes
    files: int
    keys: bool


def back_up(config: Config, folder: Path, *, keys: bool = False) -> BackedUp:
    """Copy the store into `folder`, which is made, or brought up to date. keys: copy the signing and payload keys too.

    Raises Refused ``config.value`` for a store in a database and for a folder inside the store, Unavailable
    ``store.*``: then the log that was in the folder before is still there, or the new one, whole, perhaps without its
    newest payloads.
    """
    store = config.store_path
    if address(config) is not None:
        raise Refused("config.value", detail="store.url: a database is copied by its own means")
    if not (store / LOG_FILE).is_file():
        raise Unavailable("store.missing", path=str(store))
    if folder.resolve().is_relative_to(store.resolve()):
        raise Refused("config.value", detail=f"{folder} lies in the store itself")
    with translated():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / PAYLOADS).mkdir(mode=0o700, exist_ok=True)
    head = _copy_log(store / LOG_FILE, folder / LOG_FILE)
    with translated():
        files = _copy_files(store / PAYLOADS, folder / PAYLOADS)
        _complete(store, folder / PAYLOADS)
        for name in ("index.db", "tags.db"):  # of an older copy: they would know what was erased since
            (folder / name).unlink(missing_ok=True)
        _copy(store / TRUST_FILE, folder / TRUST_FILE)
        if keys:
            (folder / FOLDER).mkdir(mode=0o700, exist_ok=True)
            _copy_files(store / FOLDER, folder / FOLDER)
        for each in (folder / PAYLOADS, folder / FOLDER, folder, folder.parent):
            if each.is_dir():
                durable.sync(each)
    return BackedUp(*head, files, keys)


def _copy_log(source: Path, target: Path) -> tuple[int, bytes]:
    """A copy of one instant, whole or not at all; its head."""
    draft = target.with_name(target.name + ".new")
    with translated():
        draft.unlink(missing_ok=True)
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        reading, writing = connect_reading(source), sqlite3.connect(draft, isolation_level=None)
        try:
            # At once: between two steps the writer would write, and SQLite begin again from the first page, for ever.
            # It keeps no writer waiting.
            reading.backup(writing)
            writing.execute("PRAGMA journal_mode=DELETE")  # one file, without a log of its own beside it
            writing.execute("PRAGMA secure_delete=ON")
            forget(writing)  # what is erased before the files are copied must not be in the log's copy
            head = LogReads(writing).head()
        finally:
            writing.close()
            reading.close()
        durable.sync(draft)
        for suffix in ("-wal", "-shm"):
            target.with_name(target.name + suffix).unlink(missing_ok=True)
        draft.replace(target)
    return head


def _complete(store: Path, files: Path) -> None:
    """After a power cut, until the store is opened, the log alone may have its newest payloads. What it carries when
    all files were copied was not erased before: whoever erases takes it from there first."""
    reading = connect_reading(store / LOG_FILE)
    try:
        records = carried(reading)
        if records:
            restore(files, load(store).payload, records, named_by(reading))
    finally:
        reading.close()


def _copy_files(source: Path, target: Path) -> int:
    """Make the target's files those of the source; how many there are."""
    names = {path.name for path in source.iterdir() if path.is_file()}
    copied = sum(_copy(source / name, target / name) for name in sorted(names))
    for path in target.iterdir():
        if path.name not in names:
            path.unlink()
    return copied


def _copy(source: Path, target: Path) -> bool:
    """Whole or not at all; False if it is gone meanwhile: it expired."""
    draft = target.with_name(target.name + ".new")
    draft.unlink(missing_ok=True)
    try:
        with source.open("rb") as reading:
            # Its owner's alone from the first byte on: it may be a key.
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            with os.fdopen(os.open(draft, flags, 0o600), "wb") as writing:
                shutil.copyfileobj(reading, writing, 1 << 20)
                writing.flush()
                os.fsync(writing.fileno())
    except FileNotFoundError:
        return False
    draft.replace(target)
    return True
