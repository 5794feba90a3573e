# SPDX-License-Identifier: Apache-2.0
"""The anti-fork guard: what was committed and published, remembered on another path than the store.

A torn or restored store looks whole and is shorter; whoever signed on would make a second history of the same log. So
(size, root) of every commit stands here as well, and a checkpoint stands here, synced, before anyone is given it. A
store that is behind either is not signed for.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from struct import Struct
from typing import Final, TypeVar

from answerable import durable
from answerable.errors import Refused, Unavailable

# magic, turn, size, root, digest of the log's origin; then the first 16 bytes of SHA-256 over them.
_SLOT: Final = Struct(">8sQQ32s16s")
_MAGIC: Final = b"answgrd1"
_CHECK: Final = 16
# Two slots, written in turn, in sectors of their own: a torn write spoils one.
_APART: Final = 4096
# The file that marks a log which was put back from the past.
BEHIND: Final = "behind"
# Leaves that a start looks at once more rather than write down that it did.
_AUDIT_STEP: Final = 4096
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a guard holds: the newest commit, and the newest published checkpoint, b"" for none."""

    size: int
    root: bytes
    published: bytes


class Guard:
    """A folder with `head` and `published`. One holder at a time."""

    def __init__(self, path: Path, origin: str) -> None:
        """Use `create` or `open`."""
        self._path = path
        self._origin = sha256(origin.encode()).digest()[:16]
        self._file = _guarded(path, lambda: os.open(path / "head", os.O_RDWR | os.O_CLOEXEC))
        try:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Unavailable("store.unguarded", path=str(path), detail="another process holds it") from None
            self._turn, self.size, self.root = _newest(path, self._file, self._origin)
            self.published = _guarded(path, (path / "published").read_bytes)
        except BaseException:
            os.close(self._file)
            raise

    @classmethod
    def create(cls, path: str | Path, origin: str) -> Guard:
        """The guard of a new, empty log. path: a folder on another path than the store, best on another disk.
        Raises Refused ``store.exists``, Unavailable ``store.unguarded``."""
        path = Path(path)
        if (path / "head").exists():
            raise Refused("store.exists", path=str(path))
        first = _slot(1, 0, sha256(b"").digest(), sha256(origin.encode()).digest()[:16])

        def lay_out() -> None:
            fresh = [folder for folder in (path, *path.parents) if not folder.exists()]
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in fresh or [path]:  # their names too must outlive a power cut
                durable.sync(folder.parent)
            durable.replace(path / "published", b"")
            durable.replace(path / "head", first.ljust(_APART, b"\x00") + bytes(len(first)))

        _guarded(path, lay_out)
        return cls(path, origin)

    @classmethod
    def open(cls, path: str | Path, origin: str) -> Guard:
        """An existing guard. Raises Unavailable ``store.unguarded`` if it is missing, damaged, held by another process
        or of another log: without it nobody can tell whether the store was rolled back."""
        return cls(Path(path), origin)

    def advance(self, size: int, root: bytes) -> None:
        """Remember a commit, before it is acknowledged. Not synced: it outlives the process at once, a power cut when
        the next checkpoint is published. Raises Unavailable ``store.unguarded``."""
        turn = self._turn + 1
        slot = _slot(turn, size, root, self._origin)
        if _guarded(self._path, lambda: os.pwrite(self._file, slot, turn % 2 * _APART)) != len(slot):
            raise Unavailable("store.unguarded", path=str(self._path), detail="a short write")
        self._turn, self.size, self.root = turn, size, root

    def publish(self, expect: bytes, note: bytes) -> None:
        """Compare and swap the newest published checkpoint; durable when it returns. expect: the one before.
        Raises Unavailable ``store.unguarded``, also where what stands there is not `expect`."""

        def swap() -> None:
            if (self._path / "published").read_bytes() != expect:
                raise Unavailable("store.unguarded", path=str(self._path), detail="someone else published")
            os.fdatasync(self._file)
            durable.replace(self._path / "published", note)

        _guarded(self._path, swap)
        self.published = note

    @property
    def behind(self) -> bytes | None:
        """What `mark` noted; None where this log is not marked."""
        try:
            return (self._path / BEHIND).read_bytes()
        except FileNotFoundError:
            return None
        except OSError:
            return b""  # it is there: whatever it says

    def mark(self, note: bytes) -> None:
        """This log may be older than what was acknowledged once: it is marked until people or holders have shown that
        nothing is missing. Raises Unavailable ``store.unguarded``."""
        _guarded(self._path, lambda: durable.replace(self._path / BEHIND, note))

    def unmark(self) -> None:
        """Raises Unavailable ``store.unguarded``."""

        def drop() -> None:
            (self._path / BEHIND).unlink(missing_ok=True)
            durable.sync(self._path)

        _guarded(self._path, drop)

    @property
    def audited(self) -> int:
        """Up to which leaf a start has compared leaves and tiles; 0 if nobody knows."""
        try:
            return int((self._path / "audited").read_text())
        except (OSError, ValueError):
            return 0

    def audit(self, size: int) -> None:
        """Remember that. A note that is lost costs the next start some time, and nothing else."""
        if size - self.audited >= _AUDIT_STEP:
            with suppress(OSError):
                durable.replace(self._path / "audited", b"%d\n" % size)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def peek(path: str | Path, origin: str) -> Seen:
    """What the guard in that folder holds, even if another process has it. Raises Unavailable ``store.unguarded``."""
    path = Path(path)

    def look() -> Seen:
        file = os.open(path / "head", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _, size, root = _newest(path, file, sha256(origin.encode()).digest()[:16])
        finally:
            os.close(file)
        return Seen(size, root, (path / "published").read_bytes())

    return _guarded(path, look)


def _newest(path: Path, file: int, its: bytes) -> tuple[int, int, bytes]:
    """(turn, size, root) of the newer slot that is whole. its: digest of the log's origin."""
    found = []
    for at in (0, _APART):
        slot = os.pread(file, _SLOT.size + _CHECK, at)
        if len(slot) < _SLOT.size + _CHECK or sha256(slot[: _SLOT.size]).digest()[:_CHECK] != slot[_SLOT.size :]:
            continue
        magic, turn, size, root, origin = _SLOT.unpack(slot[: _SLOT.size])
        if magic == _MAGIC and origin == its:
            found.append((turn, size, root))
    if not found:
        raise Unavailable("store.unguarded", path=str(path), detail="damaged, or of another log")
    return max(found)


def _slot(turn: int, size: int, root: bytes, origin: bytes) -> bytes:
    head = _SLOT.pack(_MAGIC, turn, size, root, origin)
    return head + sha256(head).digest()[:_CHECK]


def _guarded(path: Path, work: Callable[[], _Result]) -> _Result:
    try:
        return work()
    except OSError as error:
        raise Unavailable("store.unguarded", path=str(path), detail=error.strerror or "not readable") from error
