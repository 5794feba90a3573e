# SPDX-License-Identifier: Apache-2.0
"""What a process asked of the file system, in order, from a trace of its system calls (strace).

The process runs unchanged: SQLite, payload files and guard alike. Each call has the place where it began and where it
ended among the lines; what was told to the outside (a write to standard output) stands among them, so the set of
acknowledged records is kept by the tracer, which is another process than the one that is cut off.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
CALLS: Final = (
    "open,openat,openat2,creat,close,dup,dup2,dup3,write,pwrite64,writev,pwritev,pwritev2,ftruncate,truncate,fallocate,"
    "rename,renameat,renameat2,unlink,unlinkat,link,linkat,mkdir,mkdirat,rmdir,fsync,fdatasync,sync_file_range,"
    "copy_file_range,sendfile"
)
_BEGIN: Final = re.compile(r"(\d+) +(\w+)\((.*)", re.ASCII | re.DOTALL)
_RESUMED: Final = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)", re.ASCII | re.DOTALL)
_RESULT: Final = re.compile(r"^(.*)\) += (-?\d+|\?)(?: .*)?$", re.ASCII | re.DOTALL)


@dataclass(slots=True)
class Call:
    """One system call. begin, end: line numbers; result: -1 for a failure or for one that never came back."""

    name: str
    arguments: list[str]
    begin: int
    end: int
    result: int

    def text(self, number: int) -> bytes:
        """A string argument, as strace -xx wrote it."""
        argument = self.arguments[number]
        if not argument.startswith('"') or not argument.endswith('"'):
            raise ValueError(f"{self.name}: a string that was cut short: {argument[-40:]}")
        return bytes.fromhex(argument[1:-1].replace("\\x", ""))

    def number(self, number: int) -> int:
        return int(self.arguments[number], 0)


def still() -> dict[str, str]:
    """An environment in which Python writes no file of its own accord, at a first run as at a second."""
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}


def record(trace: Path, module: str, *arguments: str, timeout: int = 120) -> bytes:
    """Run `python -m module arguments` under strace, the calls in `trace`; its standard output."""
    command = ["strace", "-f", "-qq", "-xx", "-s", "33554432", "-o", str(trace), "-e", f"trace={CALLS}"]
    command += ["-e", "signal=none", sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=still(), capture_output=True, timeout=timeout, check=False)
    if done.returncode:
        raise RuntimeError(f"{module} ended with {done.returncode}: {done.stderr.decode()[-2000:]}")
    return done.stdout


def calls(trace: Path) -> list[Call]:
    """The calls, by where they began. Raises ValueError for a line that is not understood."""
    found: list[Call] = []
    waiting: dict[str, Call] = {}
    with trace.open(encoding="ascii") as lines:
        for place, line in enumerate(lines):
            text = line.rstrip("\n")
            if resumed := _RESUMED.fullmatch(text):
                call = waiting.pop(resumed[1])
                _finish(call, resumed[3], place)
            elif begun := _BEGIN.fullmatch(text):
                call = Call(begun[2], [], place, place, -1)
                found.append(call)
                if begun[3].endswith(" <unfinished ...>"):
                    call.arguments = _split(begun[3].removesuffix(" <unfinished ...>"))
                    waiting[begun[1]] = call
                else:
                    _finish(call, begun[3], place)
            elif "+++" not in text and "---" not in text:
                raise ValueError(f"line {place}: {text[:200]}")
    return found


def _finish(call: Call, rest: str, place: int) -> None:
    ending = _RESULT.fullmatch(rest)
    if ending is None:
        raise ValueError(f"{call.name}: {rest[:200]}")
    call.arguments += _split(ending[1])
    call.end = place
    call.result = -1 if ending[2] == "?" else int(ending[2])


def _split(text: str) -> list[str]:
    """Arguments; strings are hexadecimal throughout, so a comma is never inside one."""
    text = text.strip().strip(",")
    return [part.strip() for part in text.split(",")] if text else []


def said(found: Sequence[Call]) -> Iterator[tuple[int, bytes]]:
    """(place, bytes) of what was written to standard output: at its place the outside may know it."""
    for call in found:
        if call.name == "write" and call.arguments[0] == "1":
            yield call.begin, call.text(1)
