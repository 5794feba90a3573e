# SPDX-License-Identifier: Apache-2.0
"""Many files at once: a few worker processes, each with one file at a time and so long for it. A worker that dies or
takes too long is replaced, its file is inconclusive, and the others go on."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final, cast

from answerable.labels.rules.verdicts import Checked
from answerable.labels.rules.worker import heard

# For one file: a long video is decoded once.
LIMIT_S: Final = 300.0
MAX_JOBS: Final = 32
MAX_ANSWER: Final = 1 << 20
# -P: a module beside the files that are checked is not imported instead of ours.
_COMMAND: Final = (sys.executable, "-P", "-m", "answerable.labels.rules.worker")


def files(names: Iterable[str]) -> Iterator[str]:
    """Each file named, and of each folder the files in it and below, by name; what begins with a dot is passed over,
    and links to folders are not followed."""
    for name in names:
        if not Path(name).is_dir():
            yield name
            continue
        for folder, below, inside in os.walk(name):
            below[:] = sorted(each for each in below if not each.startswith("."))
            yield from (os.path.join(folder, each) for each in sorted(inside) if not each.startswith("."))  # noqa: PTH118  a Path drops a leading ./


def check_all(
    paths: Iterable[str], task: Mapping[str, Any], *, jobs: int = 0, limit_s: float = LIMIT_S
) -> Iterator[tuple[int, str, Checked]]:
    """(number of the path, path, what was found), as they are done. task: of `worker.task`; jobs: workers, 0: one a
    core."""
    waiting = enumerate(paths)
    count = min(jobs or os.cpu_count() or 1, MAX_JOBS)
    with selectors.DefaultSelector() as ready:
        workers: list[_Worker] = []
        try:
            for number, path in waiting:
                worker = _Worker(task)
                workers.append(worker)
                worker.take(number, path, limit_s)
                ready.register(worker.out, selectors.EVENT_READ, worker)
                if len(workers) == count:
                    break
            while workers:
                now = time.monotonic()
                nearest = min(worker.until for worker in workers)
                events = ready.select(max(nearest - now, 0))
                done = [key.data for key, _ in events]
                late = [worker for worker in workers if worker not in done and worker.until <= time.monotonic()]
                for worker in (*done, *late):
                    answer = None if worker in late else worker.answer(task["rules"])
                    if answer is _PART:
                        continue
                    yield worker.number, worker.path, answer or _lost(worker in late)
                    following = next(waiting, None)
                    if answer is None or following is None:
                        ready.unregister(worker.out)
                        worker.end()
                        workers.remove(worker)
                        if following is None:
                            continue
                        worker = _Worker(task)
                        workers.append(worker)
                        ready.register(worker.out, selectors.EVENT_READ, worker)
                    worker.take(*following, limit_s)
        finally:
            for worker in workers:
                worker.end()


_LONG: Final = (
    "checking it took too long: check it alone, or a shorter piece of it",
    "检查超时：请单独检查该文件，或检查其较短片段",
)
_LOST: Final = (
    "checking it ended the process that did it: save it anew in a program that opens it, and report it",
    "检查进程异常终止：请用能打开它的程序重新保存，并反馈该问题",
)
_PART: Final = Checked("", "", False, ())
"""Not all of an answer has come yet."""


class _Worker:
    """number, path: what it has in hand; until: by when it must have answered (monotonic seconds)."""

    def __init__(self, task: Mapping[str, Any]) -> None:
        self._process = subprocess.Popen(
            _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._in, self.out = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)
        self._held = b""
        self.number, self.path, self.until = -1, "", 0.0
        self._say(task)

    def take(self, number: int, path: str, limit_s: float) -> None:
        self.number, self.path, self.until = number, path, time.monotonic() + limit_s
        self._say(path)

    def answer(self, rules: str) -> Checked | None:
        """None from a worker that is gone or talks nonsense, `_PART` before the end of the line."""
        piece = os.read(self.out.fileno(), 65_536)
        self._held += piece
        if not piece or len(self._held) > MAX_ANSWER:
            return None
        if not self._held.endswith(b"\n"):
            return _PART
        line, self._held = self._held, b""
        try:
            return heard(json.loads(line), rules)
        except (ValueError, KeyError, TypeError):
            return None

    def end(self) -> None:
        self._process.kill()
        with suppress(OSError):
            self._in.close()
        self.out.close()
        self._process.wait()

    def _say(self, value: object) -> None:
        # One that is gone already is noticed when it does not answer.
        with suppress(OSError):
            self._in.write(json.dumps(value).encode() + b"\n")
            self._in.flush()


def _lost(late: bool) -> Checked:
    if late:
        return Checked("", "", False, (), *_LONG)
    return Checked("", "", False, (), *_LOST)
