# SPDX-License-Identifier: Apache-2.0
"""The first warrant, before anything runs: a registry that has just started and listens first is waited for, within a
bound, and whoever ends the guard meanwhile ends it at once.

Nothing else is waited for: what is refused is refused, and a registry that cannot be reached is left to whoever starts
guards (a systemd unit starts one again). At the bound the start fails, as it would have done at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Final

from answerable.errors import Unavailable
from answerable.guard.lease import RETRY_MS, mono_ms
from answerable.guard.sources import Leased, WarrantSource

LISTENS: Final = "recover.unheard"
LISTENS_S: Final = 5  # `recover.listen_s` by default, where the refusal does not tell how long
LONGEST_S: Final = 300  # and at most
MOST_NAMES: Final = 200  # characters of what may come from who only carried the answer
OVER_MS: Final = 3_000  # past what was told: for its answer, and for clocks that tick apart


async def first(source: WarrantSource, say: Callable[[str, str], None]) -> Leased:
    """say: told once, in both languages, what is waited for. Raises what the first warrant is refused with; where the
    registry listened for longer than it said, Unavailable ``recover.unheard``."""
    until: int | None = None
    while True:
        try:
            return await source.next()
        except Unavailable as error:
            if error.code != LISTENS or (until is not None and mono_ms() + RETRY_MS > until):
                raise
            if until is None:
                told = error.params.get("retry_s")
                seconds = min(LONGEST_S, max(1, told)) if isinstance(told, int) else LISTENS_S
                until = mono_ms() + seconds * 1000 + OVER_MS
                most = (until - mono_ms()) // 1000
                nodes = " ".join(str(error.params.get("nodes", "?")).split())[:MOST_NAMES]
                say(
                    f"waits for the registry, {most} s at most: it has just started and listens to its gateways "
                    f"first ({nodes})",
                    f"等待登记处，最多 {most} 秒：其刚刚启动，须先听取各网关（{nodes}）",
                )
        await asyncio.sleep(RETRY_MS / 1000)


async def unless(ended: asyncio.Event, work: Coroutine[None, None, None]) -> bool:
    """Whether `work` was done and nobody had ended it by then; it is given up where somebody does. Raises what it
    raises."""
    doing, ending = asyncio.ensure_future(work), asyncio.ensure_future(ended.wait())
    try:
        await asyncio.wait((doing, ending), return_when=asyncio.FIRST_COMPLETED)
        if ended.is_set():
            return False
        doing.result()
        return True
    finally:
        doing.cancel()
        ending.cancel()
        await asyncio.gather(doing, ending, return_exceptions=True)
