# SPDX-License-Identifier: Apache-2.0
"""Sources and targets of labelling. What is written is a new file, flushed to the disk, and gets its name last:
whatever fails, the source is as it was and no half of a file stands under any name.
"""

from __future__ import annotations

import io
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from answerable import durable
from answerable.errors import Refused

Source = Path | str | bytes | BinaryIO
CHUNK: Final = 1 << 20


@contextmanager
def opened(source: Source) -> Iterator[BinaryIO]:
    """The source as a seekable stream. Raises Refused ``label.source``, for a pipe or a device with a name too: it
    cannot be read twice, and may never end."""
    if isinstance(source, bytes):
        yield io.BytesIO(source)
    elif isinstance(source, Path | str):
        with _regular(source) as file:
            yield file
    elif source.seekable():
        yield source
    else:
        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(source, copy, CHUNK)
            yield copy


def _regular(source: Path | str) -> BinaryIO:
    try:
        # A pipe that nobody writes to would be waited for.
        file = os.fdopen(os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    except (OSError, ValueError) as error:
        raise _unread(source, getattr(error, "strerror", "") or "cannot be read") from None
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise _unread(source, "it is no regular file")
    return file


def _unread(source: Path | str, detail: str) -> Refused:
    return Refused("label.source", path=str(source), detail=detail)


@dataclass(frozen=True, slots=True)
class Unchanged:
    """How the source stood when it was opened. A file that is written to meanwhile would be labelled in halves, and
    replaced with what it no longer is."""

    path: Path | str | None
    state: tuple[int, ...] = ()

    @classmethod
    def of(cls, source: Source) -> Unchanged:
        path = source if isinstance(source, Path | str) else None
        return cls(path, _state(path) if path is not None else ())

    def checked(self) -> None:
        """Raises Refused ``label.source`` if it is another file now, or was written to."""
        if self.path is not None and _state(self.path) != self.state:
            raise _unread(self.path, "it changed while it was being labelled")


def _state(path: Path | str) -> tuple[int, ...]:
    """() for a file that is gone."""
    with suppress(OSError, ValueError):
        found = Path(path).stat()
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
    return ()


class Bench:
    """Where the stages of one labelling are laid down. near: the file beside which they stand (on its disk, which has
    the room), None: in memory."""

    def __init__(self, near: Path | None = None) -> None:
        self._near = near
        self._stack = ExitStack()

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # a full disk, of what nobody needs any more
            self._stack.close()

    def sheet(self) -> BinaryIO:
        """An empty file without a name: gone when the bench is. Raises Refused ``label.target`` where none can be
        made."""
        if self._near is None:
            return io.BytesIO()
        folder = self._near.parent
        try:
            # Linux, and the file systems that have it: such a file can be given a name later without being copied.
            handle = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except (OSError, AttributeError):
            try:
                return self._stack.enter_context(tempfile.TemporaryFile(dir=folder))
            except OSError as error:
                detail = error.strerror or "its folder cannot be written to"
                raise Refused("label.target", path=str(self._near), detail=detail) from None
        return self._stack.enter_context(os.fdopen(handle, "w+b"))


def size(file: BinaryIO) -> int:
    """Bytes in all; the position is that of the end."""
    return file.seek(0, io.SEEK_END)


def copy(file: BinaryIO, target: BinaryIO) -> None:
    """All of `file`, from its beginning."""
    file.seek(0)
    shutil.copyfileobj(file, target, CHUNK)


def target_of(source: Source, target: Path | str, *, in_place: bool) -> Path:
    """The path to be written, with links followed. Raises Refused ``label.target`` for a name that is taken by another
    file, and for the source's own unless `in_place`."""
    path = Path(os.path.realpath(target))
    if not path.parent.is_dir():
        raise Refused("label.target", path=str(target), detail="there is no such folder")
    if not path.exists():
        return path
    same = isinstance(source, Path | str) and Path(source).exists() and path.samefile(source)
    if not same:
        raise Refused("label.target", path=str(target), detail="another file has that name")
    if not in_place:
        raise Refused("label.target", path=str(target), detail="it is the source itself")
    return path


def publish(file: BinaryIO, path: Path, *, like: Source, in_place: bool) -> None:
    """Give the content of `file` the name `path`, durably: the bytes first, then the name. like: whose mode it takes.
    Raises Refused ``label.target``."""
    draft = path.with_name(f".{path.name[:64]}.{secrets.token_hex(8)}.new")
    try:
        _settle(file, draft, _mode(like))
        if in_place:
            draft.replace(path)
        else:
            _name(draft, path)
        durable.sync(path.parent)
    except FileExistsError:
        raise Refused("label.target", path=str(path), detail="another file has that name") from None
    except OSError as error:
        raise Refused("label.target", path=str(path), detail=error.strerror or "cannot be written") from None
    finally:
        with suppress(OSError):
            draft.unlink()


def _settle(file: BinaryIO, draft: Path, mode: int) -> None:
    """The content of `file` under the name `draft`, on the disk."""
    file.flush()
    if _linked(file, draft, mode):
        return
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as new:
        copy(file, new)
        new.flush()
        os.fchmod(handle, mode)
        os.fsync(handle)


def _linked(file: BinaryIO, draft: Path, mode: int) -> bool:
    """Whether a sheet could be given the name, without being copied. What has a name is the source itself, unchanged:
    two names for one file are not two files."""
    with suppress(OSError):
        handle = file.fileno()
        if os.fstat(handle).st_nlink:
            return False
        os.fchmod(handle, mode)
        os.fsync(handle)
        folder = os.open(draft.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            # With a folder the call is linkat(2), which follows the link in /proc to the file; link(2) does not.
            os.link(f"/proc/self/fd/{handle}", draft.name, dst_dir_fd=folder, follow_symlinks=True)
        finally:
            os.close(folder)
        return True
    return False


def _name(draft: Path, path: Path) -> None:
    """Move `draft` to a name that nobody has. Raises FileExistsError."""
    try:
        os.link(draft, path)  # fails where the name is taken, in one step
    except FileExistsError:
        raise
    except OSError:  # a file system without links: the name is claimed, then taken over
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        draft.replace(path)


def _mode(like: Source) -> int:
    """The source's permissions; for what is no file, those that the umask leaves a new one."""
    if isinstance(like, Path | str):
        with suppress(OSError):
            return stat.S_IMODE(Path(like).stat().st_mode)
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask
