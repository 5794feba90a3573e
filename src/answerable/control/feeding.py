# SPDX-License-Identifier: Apache-2.0
"""Cutting the authorities' feed into pages. What a page holds is written down when it is cut; its bytes are made anew
each time it is asked for, and are the same each time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from answerable.control.services import Services
from answerable.crypto.b64 import b64u
from answerable.crypto.random import nonce
from answerable.errors import Refused, Unavailable
from answerable.log.checkpoint import parse
from answerable.log.leaf import decode, encode, rid
from answerable.model.leaves import KeyLeaf
from answerable.model.records import FeedPage
from answerable.model.units import Expect, Put, Space, Unit
from answerable.ports import Signer
from answerable.privacy import feed

LOOKED_AT: Final = 20_000  # leaves that one page looks through at most
STEP: Final = 1000
# With nothing to tell a page is cut this often all the same while the log grows: a checkpoint is news.
QUIET_MS: Final = 3_600_000
_MARKS: Final = tuple(f'"k":"{kind}"'.encode() for kind in feed.KINDS)
_row = msgspec.json.Decoder(FeedPage).decode
_encode = msgspec.json.Encoder().encode


async def pages(services: Services, after: int, count: int) -> list[bytes]:
    """Up to `count` pages behind page `after`, with what happened until now. Raises Refused ``admin.request`` for a
    page that there is not, Unavailable ``log.*``."""
    signer, kid = await _key(services)
    while await _cut(services, signer, kid):
        pass
    rows = _rows(services)
    if after > len(rows):
        raise Refused("admin.request", detail=f"there are {len(rows)} pages")
    found = []
    for row in rows[after : after + count]:
        data = await _page(services, row, rows[row.number - 2] if row.number > 1 else None, signer, kid)
        if feed.digest(data) != row.digest:
            raise Unavailable("log.stopped", detail=f"page {row.number} of the feed cannot be made again")
        found.append(data)
    return found


def _rows(services: Services) -> list[FeedPage]:
    return sorted((_row(raw) for _, raw in services.book.rows(Space.FEED)), key=lambda row: row.number)


async def _key(services: Services) -> tuple[Signer, str]:
    """The signer, and the rid of its key leaf, which is written before the first page."""
    signer = services.feed_key
    if signer is None:
        raise Unavailable("log.stopped", detail="no key for the feed")
    known = services.book.raw(Space.MISC, feed.USE)
    if known is None:
        leaf = encode(
            KeyLeaf(n=nonce(), own=services.origin, pub=b64u(signer.public), t=services.clock.now_ms(), use=feed.USE)
        )
        put, none = Put(Space.MISC, feed.USE, rid(leaf).encode()), Expect(Space.MISC, feed.USE, None)
        try:
            await services.ledger.commit(Unit(leaves=(leaf,), effects=(put,), expect=(none,)))
        except Refused as error:
            if error.code != "log.conflict":  # another reader asked first
                raise
        known = services.book.raw(Space.MISC, feed.USE) or b""
    kid = known.decode()
    named = await services.reader.find(kid)
    if named is None or b64u(signer.public).encode() not in named:
        raise Unavailable("log.stopped", detail="the feed's key is not the one on record")
    return signer, kid


async def _cut(services: Services, signer: Signer, kid: str) -> bool:
    """Cut the next page if there is something to tell; whether more may follow."""
    rows = _rows(services)
    last = rows[-1] if rows else None
    start = last.end if last else 0
    note = services.cosigned() or await services.reader.checkpoint()
    size, now = parse(note)[0].size, services.clock.now_ms()
    if last is not None and size < parse(last.checkpoint.encode())[0].size:
        return False
    end = start
    entries: list[int] = []
    while end < min(size, start + LOOKED_AT) and len(entries) < feed.MAX_ENTRIES:
        for data in await services.reader.tail(end, min(size, end + STEP, start + LOOKED_AT)):
            if _told(data) and feed.belongs(decode(data), services.book, services.origin):
                entries.append(end)
            end += 1
            if len(entries) == feed.MAX_ENTRIES:
                break
    more = end < size
    if end == start or (not entries and not more and last is not None and now - last.at < QUIET_MS):
        return False
    row = FeedPage(
        number=len(rows) + 1,
        start=start,
        end=end,
        entries=tuple(entries),
        at=now,
        checkpoint=note.decode(),
        prev=last.digest if last else feed.NO_PAGE,
        digest="",
    )
    row = msgspec.structs.replace(row, digest=feed.digest(await _page(services, row, last, signer, kid)))
    key = str(row.number)
    unit = Unit(effects=(Put(Space.FEED, key, _encode(row)),), expect=(Expect(Space.FEED, key, None),))
    try:
        await services.ledger.commit(unit)
    except Refused as error:
        if error.code != "log.conflict":
            raise
        return True
    return more


def _told(data: bytes) -> bool:
    """Whether it may belong, without decoding the many leaves of actions."""
    return any(mark in data for mark in _MARKS)


async def _page(services: Services, row: FeedPage, last: FeedPage | None, signer: Signer, kid: str) -> bytes:
    size = parse(row.checkpoint.encode())[0].size
    proven = await services.reader.proofs(row.entries, size)
    nodes: Sequence[bytes] = ()
    if last is not None:
        nodes = await services.reader.consistency(parse(last.checkpoint.encode())[0].size, size)
    entries = [feed.Entry(each.index, each.leaf, tuple(each.proof)) for each in proven]
    return feed.build(row, entries, nodes, services.origin, signer, kid)
