# SPDX-License-Identifier: Apache-2.0
"""Two pages of an authorities' feed over a small log, with fixed keys: what its vectors and tests are made of."""

from __future__ import annotations

from dataclasses import dataclass, field

from answerable.crypto.b64 import b64u
from answerable.log.checkpoint import parse
from answerable.log.leaf import decode
from answerable.log.merkle import consistency_proof, inclusion_proof
from answerable.model.leaves import IncidentLeaf, KeyLeaf
from answerable.model.records import FeedPage
from answerable.privacy import feed
from answerable.privacy.feed import KINDS, Entry
from tests.small_log import ORIGIN, T0, SmallLog, a_rid, fixed, key, nonce, world


@dataclass
class SmallFeed:
    """pages: as they were cut; log: what they are cut from; kid: rid of the feed's key leaf."""

    log: SmallLog
    kid: str
    pages: list[bytes] = field(default_factory=list)
    rows: list[FeedPage] = field(default_factory=list)

    def cut(self, **changed: object) -> bytes:
        """The next page over all that came since. changed: members of its row that are as they should not be."""
        last = self.rows[-1] if self.rows else None
        start = last.end if last else 0
        end = len(self.log.leaves)
        entries = [at for at in range(start, end) if decode(self.log.leaves[at]).k in KINDS]  # type: ignore[attr-defined]
        members: dict[str, object] = {
            "number": len(self.rows) + 1,
            "start": start,
            "end": end,
            "entries": tuple(entries),
            "at": T0 + len(self.rows),
            "checkpoint": self.log.checkpoint().decode(),
            "prev": last.digest if last else feed.NO_PAGE,
            "digest": "",
        }
        row = FeedPage(**(members | changed))  # type: ignore[arg-type]
        nodes = consistency_proof(self.log.read_tile, parse(last.checkpoint.encode())[0].size, end) if last else []
        data = self.page(row, nodes)
        if not changed:
            self.pages.append(data)
            self.rows.append(
                FeedPage(**{**members, "digest": feed.digest(data)})  # type: ignore[arg-type]
            )
        return data

    def page(self, row: FeedPage, nodes: list[bytes], by: str = "feed") -> bytes:
        size = parse(row.checkpoint.encode())[0].size
        entries = [
            Entry(at, self.log.leaves[at], tuple(inclusion_proof(self.log.read_tile, at, size))) for at in row.entries
        ]
        return feed.build(row, entries, nodes, ORIGIN, key(by), self.kid)


def small_feed() -> SmallFeed:
    """A page with the key, parties and systems, and a page with an incident; actions stand between them."""
    log = world().log
    kid = log.add(KeyLeaf(n=nonce("feed"), own=ORIGIN, pub=b64u(key("feed").public), t=T0, use=feed.USE))
    made = SmallFeed(log, kid)
    made.cut()
    log.add(
        IncidentLeaf(
            evl=False, lvl="red", n=nonce("seen"), open=a_rid("open"), rl=fixed("rl").hex()[:8], sys=a_rid("s"), t=T0
        )
    )
    made.cut()
    return made
