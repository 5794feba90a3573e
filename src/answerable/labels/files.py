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
from pathlib import Path
from typing import BinaryIO, Final

from answerable import durable
from answerable.errors import Refused

Source = Path | str | bytes | BinaryIO
CHUNK: Final = 1 << 20


@contextmanager
def opened(source: Source) -> Iterator[BinaryIO]:
    """The source as a seekable stream. Raises Refused ``label.source``."""
    if isinstance(source, bytes):
        yield io.BytesIO(source)
    elif isinstance(source, Path | str):
        try:
            file = Path(source).open("rb")  # noqa: SIM115  closed below
        except OSError as error:
            raise Refused("label.source", path=str(source), detail=error.strerror or "cannot be read") from None
        with file:
            yield file
    elif source.seekable():
        yield source
    else:
        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(source, copy, CHUNK)
            yield copy


class Bench:
    """Where the stages of one labelling are laid down. near: the file beside which they stand (on its disk, which has
    the room), None: in memory."""

    def __init__(self, near: Path | None = None) -> None:
        self._near = near
        self._stack = ExitStack()

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def sheet(self) -> BinaryIO:
        """An empty file without a name: gone when the bench is."""
        if self._near is None:
            return io.BytesIO()
        folder = self._near.parent
        try:
            # Linux, and the file systems that have it: such a file can be given a name later without being copied.
            handle = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except (OSError, AttributeError):
            return self._stack.enter_context(tempfile.TemporaryFile(dir=folder))
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
    with suppress(OSError):
        handle = file.fileno()
        os.fchmod(handle, mode)
        os.fsync(handle)
        os.link(f"/proc/self/fd/{handle}", draft, follow_symlinks=True)
        return
    # No file, or one that cannot get a name any more.
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as new:
        copy(file, new)
        new.flush()
        os.fchmod(handle, mode)
        os.fsync(handle)


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
