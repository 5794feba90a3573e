# SPDX-License-Identifier: Apache-2.0
"""A witness's folder: its name, its keys, the logs that it watches, what it has seen of them, and evidence.

    name              how it signs
    keys/witness.key, keys/witness-mldsa.key
    logs.txt          the logs, as a C2SP tlog-policy with `log` lines and `quorum none`
    seen/<hash>       newest checkpoint of the log with that origin hash, as the log signed it: the state
    seen/<hash>.cosigned  the same with this witness's signatures: what is served
    evidence/         contradictions (`witness.evidence`)
    lock              held by the process that signs

An older copy of `seen` makes a witness that cosigns what it should refuse: it is never restored from a backup.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from answerable import durable
from answerable.crypto import ed25519, mldsa
from answerable.errors import Refused, Unavailable, VerificationError
from answerable.log import note as notes
from answerable.log import trust as trusts
from answerable.log.head import Checkpoint, read
from answerable.log.note import Kind, VerifierKey
from answerable.log.trust import Trust
from answerable.log.witness import origin_hash

PURPOSE: Final = "witness"
MAX_NAME: Final = 255
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Keys:
    """By which one witness cosigns: the old kind that everybody reads, and the kind of the specification's choice."""

    name: str
    ed25519: ed25519.Key
    mldsa: mldsa.Key

    @property
    def verifiers(self) -> tuple[VerifierKey, VerifierKey]:
        return (
            VerifierKey.of(self.name, self.ed25519.public, Kind.COSIGNATURE),
            VerifierKey.of(self.name, self.mldsa.public, Kind.MLDSA),
        )


class Folder:
    """Paths and their durable writing. Raises Unavailable ``witness.state`` for what the disk does not do."""

    def __init__(self, path: Path) -> None:
        """An existing witness. Raises Refused ``witness.missing``."""
        self.path = path
        if not (path / "name").is_file():
            raise Refused("witness.missing", path=str(path))

    @classmethod
    def create(cls, path: Path, name: str) -> Folder:
        """A new witness with fresh keys that watches nothing yet. name: a schema-less URL, as ``w1.example.com``.
        Raises Refused ``witness.exists``, ``log.key``, VerificationError ``log.note`` for a name that no key bears."""
        one, other = ed25519.Key.generate(), mldsa.Key.generate()
        VerifierKey.of(name, one.public)
        if len(name.encode()) > MAX_NAME:
            raise VerificationError("log.note", detail=f"a name that is longer than {MAX_NAME} bytes")
        if path.exists() and any(path.iterdir()):
            raise Refused("witness.exists", path=str(path))

        def lay_out() -> None:
            for folder in (path, path / "keys", path / "seen", path / "evidence"):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            one.save(path / "keys" / "witness.key", purpose=PURPOSE)
            other.save(path / "keys" / "witness-mldsa.key", purpose=PURPOSE)
            durable.replace(path / "logs.txt", trusts.format(Trust(())))
            durable.replace(path / "name", name.encode())  # last: until it is there, there is no witness

        guarded(path, lay_out)
        return cls(path)

    def keys(self) -> Keys:
        """Raises Refused ``log.key``, Unavailable ``witness.state``."""
        name = guarded(self.path, (self.path / "name").read_bytes).decode("utf-8", "replace")
        folder = self.path / "keys"
        return Keys(
            name,
            ed25519.Key.load(folder / "witness.key", purpose=PURPOSE),
            mldsa.Key.load(folder / "witness-mldsa.key", purpose=PURPOSE),
        )

    def logs(self) -> Trust:
        """Raises VerificationError ``log.trust``, Unavailable ``witness.state``."""
        return trusts.parse(guarded(self.path, self.logs_file.read_bytes), logs=False)

    def watch(self, vkey: str, url: str = "") -> Trust:
        """Watch a log, or a further key of one. Raises VerificationError ``log.trust`` for a key that is none of a log,
        or is listed already, ``log.note`` for a log whose name no cosignature holds."""
        if len(vkey.partition("+")[0].encode()) > MAX_NAME:
            raise VerificationError("log.note", detail=f"a name that is longer than {MAX_NAME} bytes")
        known = self.logs()
        line = " ".join(word for word in ("log", vkey, url) if word)
        logs = trusts.parse(f"{line}\n".encode() + trusts.format(known), logs=False)
        guarded(self.path, lambda: durable.replace(self.logs_file, trusts.format(logs)))
        return logs

    def state(self, origin: str, suffix: str = "") -> Path:
        return self.path / "seen" / (origin_hash(origin) + suffix)

    def seen(self, origin: str, keys: tuple[VerifierKey, ...]) -> tuple[bytes, Checkpoint | None]:
        """The state of one log, verified: nobody but the log could have written it there; (b"", None) if nothing was
        seen. Raises Unavailable ``witness.state``."""
        path = self.state(origin)
        note = contents(path)
        if not note:
            return b"", None
        try:
            signed = notes.parse(note)
            head = read(signed.text)
            known = head.origin == origin and bool(notes.verified(signed, keys))
        except VerificationError:
            known = False
        if not known:
            detail = "it is no checkpoint that a key of the log signed"
            raise Unavailable("witness.state", path=str(path), detail=detail)
        return note, head

    @property
    def logs_file(self) -> Path:
        return self.path / "logs.txt"

    def hold(self) -> int:
        """Lock the folder for the one process that signs; the descriptor keeps it. Raises Unavailable
        ``witness.state``."""

        def lock() -> int:
            file = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(file)
                raise OSError(errno.EBUSY, "another process signs with it") from None
            return file

        return guarded(self.path, lock)


def guarded(path: Path, work: Callable[[], _Result]) -> _Result:
    """`work`, its OSError as Unavailable ``witness.state``."""
    try:
        return work()
    except OSError as error:
        raise Unavailable("witness.state", path=str(path), detail=error.strerror or "I/O error") from error


def contents(path: Path) -> bytes:
    """A file's bytes, b"" if there is none. Raises Unavailable ``witness.state``."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise Unavailable("witness.state", path=str(path), detail=error.strerror or "I/O error") from error
