# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import random
import sqlite3

from answerable.model.prints import RADIUS, Kind, Print
from answerable.stores import near


def _made() -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    database.executescript(near.TABLES)
    return database


def _row(its: Print, rid: str, day: int = 5) -> tuple[near.Row, Print]:
    return (its.tag(), 1, rid, day), its


def test_all_neighbours_are_found_and_nothing_else() -> None:
    rng = random.Random(1)
    database, word = _made(), rng.getrandbits(64)
    away: list[tuple[int, Print]] = []
    for far in range(RADIUS + 5):
        for _ in range(40):
            other = word
            for bit in rng.sample(range(64), far):
                other ^= 1 << bit
            away.append((far, Print(Kind.IMAGE, 1, (other, rng.getrandbits(64)))))
    rng.shuffle(away)
    near.add(database, [_row(its, str(number)) for number, (_, its) in enumerate(away)])
    found = near.find(database, Print(Kind.IMAGE, 1, (word, 0)))
    assert len(found) == near.MOST
    assert [away[int(rid)][0] for rid, _ in found] == [0] * 40 + [1] * 24
    others = [rid for rid in map(str, range(len(away))) if away[int(rid)][0] < 2]
    assert near.remove(database, others) == 80
    found = near.find(database, Print(Kind.IMAGE, 1, (word, 0)))
    assert {away[int(rid)][0] for rid, _ in found} == {2, 3}
    assert all(tag == away[int(rid)][1].tag() for rid, tag in found)


def test_what_is_removed_leaves_no_band() -> None:
    database = _made()
    near.add(database, [_row(Print(Kind.IMAGE, 1, (1 << 63 | bit,)), str(bit), bit) for bit in range(1200)])
    assert near.expire(database, 700, frozenset({"3"})) == 699
    assert near.remove(database, map(str, range(1200))) == 501
    assert database.execute("SELECT (SELECT count(*) FROM band) + (SELECT count(*) FROM print)").fetchone() == (0,)
    near.add(database, [_row(Print(Kind.IMAGE, 1, (7,)), "again")])
    assert near.find(database, Print(Kind.IMAGE, 1, (7,)))[0][0] == "again"
