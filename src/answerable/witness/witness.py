# SPDX-License-Identifier: Apache-2.0
"""The witness itself: one checkpoint after another, each of which continues the one before (C2SP tlog-witness).

What was seen is written durably, by compare-and-swap, *before* anything is signed: whatever happens in between, it
cosigns no second history. Blocking; one thread.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from answerable import durable
from answerable.crypto.b64 import b64
from answerable.errors import AnswerableError, Refused, Unavailable, VerificationError
from answerable.log import note as notes
from answerable.log.head import Checkpoint, read
from answerable.log.note import Signature, VerifierKey
from answerable.log.witness import Request, origin_hash, parse
from answerable.log.witnessing import Shown, judge, shown, two_faces
from answerable.witness import evidence
from answerable.witness.evidence import Evidence
from answerable.witness.files import Folder, contents, guarded

COSIGNED: Final = ".cosigned"
_log = logging.getLogger("answerable.witness")


class Witness:
    """Holds its folder from `open` to `close`."""

    def __init__(self, folder: Folder, now_ms: Callable[[], int]) -> None:
        """now_ms: the wall clock. Raises Refused ``log.key``, VerificationError ``log.trust``, Unavailable
        ``witness.state``: another process holds the folder, or what it has seen cannot be read."""
        self.folder = folder
        self.keys = folder.keys()
        self._now = now_ms
        self._lock = folder.hold()
        self._stamp: tuple[int, int, int] = (0, 0, 0)
        self._logs: dict[str, tuple[VerifierKey, ...]] = {}
        try:
            for origin in self.logs:
                self._mend(origin)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    @property
    def logs(self) -> Mapping[str, tuple[VerifierKey, ...]]:
        """Origin -> keys, as the file has it now: a log can be added while the witness runs."""
        status = guarded(self.folder.path, self.folder.logs_file.stat)
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        if stamp != self._stamp:
            logs: dict[str, tuple[VerifierKey, ...]] = {}
            for key in self.folder.logs().logs:
                logs[key.name] = (*logs.get(key.name, ()), key)
            self._logs, self._stamp = logs, stamp
        return self._logs

    def add(self, data: bytes) -> tuple[Signature, ...]:
        """The cosignatures of the checkpoint in an ``add-checkpoint`` request.

        Raises Refused ``witness.request|unknown_log|untrusted|conflict|inconsistent`` and Unavailable
        ``witness.state``: then nothing was signed. A contradiction is kept as evidence.
        """
        request = parse(data)
        new = shown(request, self.logs)
        note, seen = self.folder.seen(new.head.origin, self.logs[new.head.origin])
        try:
            judge(seen, request, new.head)
        except Refused as error:
            if note and seen and (error.code == "witness.inconsistent" or two_faces(seen, new.head)):
                self._accuse(note, seen, request, new)
            raise
        self._advance(note, new)
        return self._cosign(new)

    def checkpoint(self, hashed: str) -> bytes | None:
        """The newest checkpoint of the log with that origin hash, with the log's signatures and this witness's; None
        for a log that it does not watch or has cosigned nothing of. Raises Unavailable ``witness.state``."""
        origin = next((origin for origin in self.logs if origin_hash(origin) == hashed), None)
        return (contents(self._path(origin, COSIGNED)) or None) if origin is not None else None

    # --- state ---

    def _path(self, origin: str, suffix: str = "") -> Path:
        return self.folder.state(origin, suffix)

    def _advance(self, expect: bytes, new: Shown) -> None:
        """Compare and swap, durable when it returns."""
        path = self._path(new.head.origin)
        if contents(path) != expect:
            raise Unavailable("witness.state", path=str(path), detail="someone else wrote it")
        if new.note.data != expect:
            guarded(path, lambda: durable.replace(path, new.note.data))

    def _cosign(self, new: Shown) -> tuple[Signature, ...]:
        """Only after `_advance`."""
        time = self._now() // 1000
        one, other = self.keys.verifiers
        signatures = (
            notes.cosign(new.note.text, one, time, self.keys.ed25519),
            notes.cosign(new.note.text, other, time, self.keys.mldsa),
        )
        path = self._path(new.head.origin, COSIGNED)
        guarded(path, lambda: durable.replace(path, notes.merged(new.note, signatures).data))
        return signatures

    def _mend(self, origin: str) -> None:
        """At start: sign again what was written and not answered. Raises Unavailable ``witness.state`` if the two files
        tell of two histories, or the state is behind what was served: then it is an older copy."""
        note, seen = self.folder.seen(origin, self.logs[origin])
        served = contents(self._path(origin, COSIGNED))
        if served:
            try:
                given = read(notes.parse(served).text)
            except VerificationError:
                path = str(self._path(origin, COSIGNED))
                raise Unavailable("witness.state", path=path, detail="it is no checkpoint") from None
            if seen is None or given.size > seen.size or two_faces(seen, given):
                detail = f"it was rolled back: {given.size} records of {origin} were cosigned"
                raise Unavailable("witness.state", path=str(self._path(origin)), detail=detail)
            if given == seen:
                return
        if seen is not None:
            self._cosign(Shown(seen, notes.parse(note)))

    # --- evidence ---

    def _accuse(self, note: bytes, seen: Checkpoint, request: Request, new: Shown) -> None:
        found = Evidence(
            at=self._now(),
            conclusive=two_faces(seen, new.head),
            old=request.old,
            origin=seen.origin,
            proof=[b64(node) for node in request.proof],
            seen=note.decode(),
            shown=new.note.data.decode(),
        )
        try:
            path = evidence.keep(self.folder.path / "evidence", found, new.note)
        except AnswerableError as error:
            _log.error("evidence against %s could not be kept: %s", seen.origin, error)
            return
        if path is not None:
            level = logging.CRITICAL if found.conclusive else logging.ERROR
            _log.log(level, "%s shows what does not follow from what it showed before: %s", seen.origin, path)
