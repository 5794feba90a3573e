# SPDX-License-Identifier: Apache-2.0
"""Evidence on its way to the disk, while the stop goes on: a disk that hangs or is full holds nothing up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from answerable.guard import evidence
from answerable.guard.cage import Cage
from answerable.guard.folder import Folder
from answerable.guard.lease import now_ms
from answerable.guard.standing import Standing

KEEP_S: Final = 0.05  # for evidence that is not on the disk when the grace has passed


@dataclass(frozen=True, slots=True)
class Keeping:
    """path: where it will be; written: whether it is, once that is known."""

    path: Path
    written: Future[bool]

    async def kept(self) -> Path | None:
        """Where the evidence is, once it is there; None where it is not by now."""
        written = asyncio.wrap_future(self.written)
        await asyncio.wait((written,), timeout=KEEP_S)
        if not written.done():
            written.cancel()
            return None
        return self.path if written.result() else None

    def say(self, kept: Path | None, say: Callable[[str, str], None]) -> None:
        """Tell, in both languages, where it is not."""
        if kept is None:
            say(
                f"the evidence is not on the disk, which is full, gone or slow: {self.path}",
                f"证据尚未写入磁盘（磁盘已满、丢失或过慢）：{self.path}",
            )


def begin(folder: Folder, standing: Standing, cage: Cage, *, reason: str, order: str) -> Keeping:
    """What there is now. order: rid, "" for none."""
    try:
        processes = cage.cgroup.processes() if cage.cgroup is not None else [cage.pid]
    except OSError:
        processes = []
    at = now_ms()
    what = evidence.gather(
        reason=reason,
        order=order,
        leased=standing.leased,
        calls=standing.calls,
        flying=standing.flying,
        processes=processes,
        at=at,
    )
    name = f"stop-{at}"
    return Keeping(folder.path / f"{name}.json", evidence.keep(folder, name, what))
