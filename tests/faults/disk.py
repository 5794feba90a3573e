# SPDX-License-Identifier: Apache-2.0
"""A disk that loses power: what a traced process wrote, and what of it a cut may leave.

The model is stricter than journalling file systems are. A file's bytes are safe once a sync of that file that began
after they were written has come back; a name (made, renamed, removed) once a sync of its folder has. Everything else is
kept or lost by itself: each sector of 512 bytes, each change of length, each name, in any mixture. What a lost sector
leaves under a length that was kept is zeros.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from tests.faults.trace import Call

SECTOR: Final = 512
_Change = tuple[int, bytes] | int  # a write at an offset, or a new length


@dataclass(slots=True, eq=False)
class File:
    """safe: what a cut cannot take. pending: changes since, oldest first. settled: how many there were before those."""

    safe: bytearray = field(default_factory=bytearray)
    pending: list[_Change] = field(default_factory=list)
    settled: int = 0

    def settle(self, upto: int) -> None:
        """What was written before change number `upto` is safe."""
        count = max(0, upto - self.settled)
        for change in self.pending[:count]:
            _apply(self.safe, change)
        del self.pending[:count]
        self.settled += count

    def after_cut(self, dice: random.Random, keep: float) -> bytes:
        content = bytearray(self.safe)
        for change in self.pending:
            if isinstance(change, int):
                if dice.random() < keep:
                    _apply(content, change)
                continue
            offset, data = change
            if dice.random() < keep:  # its length came through, whatever its bytes did
                content.extend(bytes(max(0, offset + len(data) - len(content))))
            at = 0
            while at < len(data):
                end = min(len(data), at + SECTOR - (offset + at) % SECTOR)
                if dice.random() < keep:
                    _apply(content, (offset + at, data[at:end]))
                at = end
        return bytes(content)


def _apply(content: bytearray, change: _Change) -> None:
    if isinstance(change, int):
        del content[change:]
        content.extend(bytes(change - len(content)))
    else:
        offset, data = change
        content.extend(bytes(max(0, offset - len(content))))
        content[offset : offset + len(data)] = data


FOLDER: Final = File()  # stands for a folder among the names
_Naming = tuple[tuple[str, File | None], ...]  # names that change at once


class Disk:
    """What the calls up to some place have done below one folder."""

    def __init__(self, folder: Path, before: Path, *, liar: str = "\0") -> None:
        """folder: as the calls name it; before: a copy of it from before the first call, all of it safe. liar: files
        whose path below `folder` begins so are on a disk whose syncs do nothing."""
        self._top = PurePosixPath(folder)
        self._liar = liar
        self.names: dict[str, File] = {"": FOLDER}  # safe
        self.naming: list[_Naming] = []  # pending
        for path in sorted(before.rglob("*")):
            name = str(path.relative_to(before))
            self.names[name] = FOLDER if path.is_dir() else File(bytearray(path.read_bytes()))
        self._live = dict(self.names)
        self._held: dict[int, tuple[str, File]] = {}  # by descriptor
        self._at: dict[int, int] = {}
        self._covering: dict[int, tuple[int, list[_Naming]]] = {}  # what a sync that began makes safe
        self._handlers: dict[str, Callable[[Call], None]] = {
            "openat": self._openat,
            "close": self._close,
            "pwrite64": self._pwrite,
            "write": self._write,
            "ftruncate": self._ftruncate,
            "truncate": self._truncate,
            "fallocate": self._fallocate,
            "rename": self._rename,
            "link": self._link,
            "unlink": self._unlink,
            "mkdir": self._mkdir,
        }

    def step(self, call: Call, *, ends: bool) -> None:
        """A call begins or ends. Raises ValueError for one that changes the folder and is not modelled."""
        if call.name in ("fsync", "fdatasync"):
            self._sync(call, ends)
        elif call.result >= 0 and ends == (call.name == "openat"):
            handler = self._handlers.get(call.name, self._unknown)
            handler(call)

    def _unknown(self, call: Call) -> None:
        first = call.arguments[0]
        named = any(self._inside(call.text(n)) is not None for n, a in enumerate(call.arguments) if a.startswith('"'))
        if named or (first.isdecimal() and int(first) in self._held):
            raise ValueError(f"{call.name} is not modelled")

    def _sync(self, call: Call, ends: bool) -> None:
        name, file = self._held.get(call.number(0), ("\0", FOLDER))
        if name.startswith(self._liar):
            return
        if not ends:
            mine = [naming for naming in self.naming if any(_parent(its) == name for its, _ in naming)]
            self._covering[id(call)] = (file.settled + len(file.pending), mine if file is FOLDER else [])
            return
        upto, namings = self._covering.pop(id(call))
        if call.result < 0:
            return
        file.settle(upto)
        for naming in namings:
            if naming in self.naming:
                self.naming.remove(naming)
                _rename(self.names, naming)

    def _openat(self, call: Call) -> None:
        name = self._inside(call.text(1))
        self._held.pop(call.result, None)
        if name is None:
            return
        if "O_APPEND" in call.arguments[2]:
            raise ValueError("O_APPEND is not modelled")
        if name not in self._live:
            self._name((name, File()))
        file = self._live[name]
        if "O_TRUNC" in call.arguments[2]:
            file.pending.append(0)
        self._held[call.result] = name, file
        self._at[call.result] = 0

    def _close(self, call: Call) -> None:
        self._held.pop(call.number(0), None)

    def _pwrite(self, call: Call) -> None:
        if held := self._held.get(call.number(0)):
            held[1].pending.append((call.number(3), call.text(1)[: call.result]))

    def _write(self, call: Call) -> None:
        number = call.number(0)
        if held := self._held.get(number):
            held[1].pending.append((self._at[number], call.text(1)[: call.result]))
            self._at[number] += call.result

    def _ftruncate(self, call: Call) -> None:
        if held := self._held.get(call.number(0)):
            held[1].pending.append(call.number(1))

    def _truncate(self, call: Call) -> None:
        name = self._inside(call.text(0))
        if name is not None:
            self._live[name].pending.append(call.number(1))

    def _fallocate(self, call: Call) -> None:
        if held := self._held.get(call.number(0)):
            held[1].pending.append((call.number(2), bytes(call.number(3))))

    def _rename(self, call: Call) -> None:
        old, new = self._inside(call.text(0)), self._inside(call.text(1))
        if old is not None and new is not None:
            self._name((new, self._live[old]), (old, None))

    def _link(self, call: Call) -> None:
        old, new = self._inside(call.text(0)), self._inside(call.text(1))
        if old is not None and new is not None:
            self._name((new, self._live[old]))

    def _unlink(self, call: Call) -> None:
        name = self._inside(call.text(0))
        if name is not None:
            self._name((name, None))

    def _mkdir(self, call: Call) -> None:
        name = self._inside(call.text(0))
        if name is not None:
            self._name((name, FOLDER))

    def _inside(self, raw: bytes) -> str | None:
        path = PurePosixPath(raw.decode())
        if not path.is_relative_to(self._top):
            return None
        return "" if path == self._top else str(path.relative_to(self._top))

    def _name(self, *naming: tuple[str, File | None]) -> None:
        self.naming.append(naming)
        _rename(self._live, naming)

    def cut(self, target: Path, dice: random.Random) -> None:
        """Lay out in `target`, a new folder, what a cut at this place may leave."""
        target.mkdir()
        usual = dice.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        names = dict(self.names)
        for naming in self.naming:
            if dice.random() < usual:
                _rename(names, naming)
        laid: dict[int, Path] = {}  # a file with two names is one file
        for name, file in sorted(names.items()):
            path = target / name
            if not name or not path.parent.is_dir():
                continue
            if file is not FOLDER and id(file) in laid:
                path.hardlink_to(laid[id(file)])
            elif file is FOLDER:
                path.mkdir(mode=0o700)
            elif name.endswith("-shm"):
                # Shared memory of processes that are gone: it may hold anything.
                path.write_bytes(dice.randbytes(32768) if dice.random() < 0.5 else b"")
            else:
                keep = dice.choice((0.0, 0.1, 0.5, 0.9, 1.0)) if dice.random() < 0.5 else usual
                path.write_bytes(file.after_cut(dice, keep))
                path.chmod(0o600)
                laid[id(file)] = path


def marks(calls: Sequence[Call]) -> list[tuple[int, Call, bool]]:
    """Begins and ends in the order in which they happened."""
    found = [(call.begin, call, False) for call in calls] + [(call.end, call, True) for call in calls]
    return sorted(found, key=lambda mark: (mark[0], mark[2]))


def _rename(names: dict[str, File], naming: _Naming) -> None:
    for name, file in naming:
        if file is None:
            names.pop(name, None)
        else:
            names[name] = file


def _parent(name: str) -> str:
    return name.rpartition("/")[0]
