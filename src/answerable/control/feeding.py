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
    """Up to `count` pages behind page `after`, with what happened until now. Where nothing is written at present, those
    that were cut before are given all the same.

    Raises Refused ``admin.request`` for a page that there is not, Unavailable ``log.*``, also for the pages behind the
    last one where none can be cut now.
    """
    signer, kid = await _key(services)
    stopped: Unavailable | None = None
    try:
        while await _cut(services, signer, kid):
            pass
    except Unavailable as error:
        if not error.code.startswith("log."):
            raise
        stopped = error
    last = _count(services)
    if after > last:
        raise Refused("admin.request", detail=f"there are {last} pages")
    if stopped is not None and after == last:
        raise stopped
    found: list[bytes] = []
    for number in range(after + 1, min(after + count, last) + 1):
        row = _at(services, number)
        data = await _page(services, row, _at(services, number - 1) if number > 1 else None, signer, kid)
        if feed.digest(data) != row.digest:
            raise Unavailable("log.stopped", detail=f"page {row.number} of the feed cannot be made again")
        found.append(data)
    return found


def _count(services: Services) -> int:
    """How many pages there are: they are numbered from 1 without a gap, so few of them are looked for."""
    last, step = 0, 1
    while services.book.raw(Space.FEED, str(last + step)) is not None:
        last, step = last + step, 2 * step
    while step > 1:
        step //= 2
        if services.book.raw(Space.FEED, str(last + step)) is not None:
            last += step
    return last


def _at(services: Services, number: int) -> FeedPage:
    raw = services.book.raw(Space.FEED, str(number))
    if raw is None:
        raise Unavailable("log.stopped", detail=f"page {number} of the feed is missing")
    return _row(raw)


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
    known = _count(services)
    last = _at(services, known) if known else None
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
        number=known + 1,
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
