# SPDX-License-Identifier: Apache-2.0
"""Ending erasures: what is on record as erased, and not known to be gone, goes; at once, at the next start, and in
between as often as it takes."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from answerable.errors import AnswerableError, Unavailable
from answerable.model.records import Erasure
from answerable.model.units import Space
from answerable.ports import Directory, Ledger
from answerable.privacy import erasure

RETRY_S: Final = 600.0
_log = logging.getLogger("answerable.erasures")


async def finish(directory: Directory, ledger: Ledger, done: Erasure) -> int:
    """Make the bytes go, then take the mark away; how many payloads there were. Raises Unavailable
    ``privacy.unfinished``: the record stands, the bytes may stand too."""
    row = directory.raw(Space.ERASING, done.record)
    if row is None:
        return 0
    try:
        count = await ledger.erase(erasure.pending(row))
        await ledger.commit(erasure.gone(done.record))
    except Unavailable as error:
        raise Unavailable("privacy.unfinished", erasure=done.rid, detail=error.code) from error
    return count


def waiting(directory: Directory) -> list[Erasure]:
    """Erasures whose bytes are not known to be gone."""
    found = (erasure.find(directory, record) for record, _ in directory.rows(Space.ERASING))
    return [done for done in found if done is not None]


async def run(directory: Directory, ledger: Ledger) -> None:
    """For as long as the service runs."""
    while True:
        await asyncio.sleep(RETRY_S)
        for done in waiting(directory):
            try:
                await finish(directory, ledger, done)
            except AnswerableError as error:
                _log.error("%s", error)
            else:
                _log.warning("the erasure of %s, which had failed, is ended", done.record)
