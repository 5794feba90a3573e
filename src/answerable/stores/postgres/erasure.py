# SPDX-License-Identifier: Apache-2.0
"""Letting payloads go for good: their keys are overwritten on this machine, their rows rewritten or deleted.

Order, so that a crash at any point loses nothing that stays and keeps nothing that goes: note down the slots, commit
the rows under a fresh slot, overwrite the old ones, forget the note. After a crash, and after anything that failed, the
note is worked off by the next sweep or erasure: a slot that no row names any more is overwritten.

A day whose keys are missing and were not let go of here (a folder that was lost, or not yet brought back from a backup)
cannot be asked whose it is: its rows stay for as long as any legal hold stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

from answerable.errors import Unavailable
from answerable.ports import Held
from answerable.stores.days import LASTING_DAY
from answerable.stores.postgres.keyring import WHOLE_DAY, Keyring
from answerable.stores.postgres.payloads import Name, PayloadReads, Row, keeping, opened
from answerable.stores.postgres.session import Session

# Rows that one statement reads or deletes.
STEP_ROWS: Final = 1000
UNKNOWN: Final = ""  # in place of a leaf's rid: the key is missing that would tell whose a row is
_OF_SLOT: Final = "SELECT first, day, slot, names, body FROM payload WHERE day = $1 AND slot = $2"
_OF_DAY: Final = """
SELECT first, day, slot, names, ''::bytea FROM payload WHERE day = $1 AND first > $2 ORDER BY first LIMIT $3
"""
_NAMED: Final = "SELECT 1 FROM payload WHERE day = $1 AND slot = $2 LIMIT 1"
# Changes nothing, and returns when standbys that are waited for have all that was committed before.
_STANDBYS: Final = "UPDATE head SET term = term WHERE term = $1 RETURNING 1"
# The term is checked in the statement: a process that lost its turn rewrites nothing.
_REPLACE: Final = """
WITH held AS (SELECT FROM head WHERE term = $1 FOR SHARE),
gone AS (DELETE FROM payload USING held, unnest($2::bigint[], $3::integer[]) AS g(first, day)
    WHERE payload.first = g.first AND payload.day = g.day),
kept AS (UPDATE payload SET slot = k.slot, names = k.names, body = k.body
    FROM held, unnest($4::bigint[], $5::integer[], $6::bigint[], $7::bytea[], $8::bytea[])
        AS k(first, day, slot, names, body)
    WHERE payload.first = k.first AND payload.day = k.day)
SELECT count(*) FROM held
"""
_EXPIRED: Final = """
DELETE FROM payload WHERE (first, day) IN
    (SELECT first, day FROM payload WHERE day > $1 AND day < $2 AND day <> all($3::integer[]) LIMIT $4) RETURNING 1
"""
_OVER: Final = """
DELETE FROM payload WHERE (first, day) IN (SELECT first, day FROM payload WHERE day = any($1::integer[]) LIMIT $2)
RETURNING 1
"""
_LEFT: Final = """
DELETE FROM payload WHERE (first, day) IN
    (SELECT first, day FROM payload WHERE day = $1 AND slot = any($2::bigint[]) LIMIT $3) RETURNING 1
"""


class Erasure:
    """For one opening of a store. Raises Unavailable ``store.*``."""

    def __init__(self, session: Session, ring: Keyring, term: int) -> None:
        self._session = session
        self._ring = ring
        self._term = term
        # Days that are over, of which some payloads are held: their leaves.
        self._kept: dict[int, frozenset[str]] = {}
        # Days whose keys were let go of, and whose rows may stand still.
        self._over: set[int] = set()
        self._worked_off = False

    def _work_off(self) -> None:
        """Finish what a crash or a failure left in the middle. Not at opening: a database that was set back names other
        slots, and only the guard knows that it was; it is asked before anything is let go."""
        if not self._worked_off:
            noted = self._ring.intended()
            whole = {day for day, slot in noted if slot == WHOLE_DAY}
            if begun := whole.intersection(self._ring.days()):  # its keys are there: whether it goes is asked again
                self._ring.settle((day, WHOLE_DAY) for day in begun)
            self._over |= whole - begun
            if slots := [(day, slot) for day, slot in noted if slot != WHOLE_DAY]:
                self._for_sure(_STANDBYS, self._term)
                self._let_go([slot for slot in slots if self._session.row(_NAMED, *slot) is None])
            self._worked_off = True

    def _for_sure(self, sql: str, *arguments: object) -> None:
        """A statement that changes something only while it is our turn. Raises Unavailable ``store.taken``."""
        row = self._session.row_for_sure(sql, *arguments)
        if row is None or not row[0]:
            raise Unavailable("store.taken", path=self._session.address.server)

    def _let_go(self, slots: Sequence[tuple[int, int]]) -> None:
        if slots:
            self._ring.shred(slots)
            self._ring.settle(slots)

    @property
    def kept(self) -> frozenset[str]:
        """rids of leaves whose payloads are over their time and held."""
        return frozenset().union(*self._kept.values())

    def erase(self, leaves: Iterable[tuple[int, str]]) -> int:
        """Let the payloads of leaves go, (index of the first leaf of its batch, rid) each; returns how many went."""
        self._work_off()
        by_first: dict[int, set[str]] = {}
        for first, rid in leaves:
            by_first.setdefault(first, set()).add(rid)
        reads = PayloadReads(self._session, self._ring)
        going: dict[tuple[int, int], int] = {}
        for first, rids in by_first.items():
            for row in reads.rows(first):
                count = sum(name[0] in rids for name in opened(self._ring, row) or [])
                if count:
                    going[row.day, row.slot] = going.get((row.day, row.slot), 0) + count
        for slot in going:
            self._rewrite(slot, lambda row, name: name[0] not in by_first.get(row.first, ()))
        return sum(going.values())

    def sweep(self, today: int, held: Held | None) -> int:
        """Let go of what expired before the day `today` and is not held: keys first, then rows, some at each call.
        Returns 0 when all is done."""
        self._work_off()
        due = [day for day in self._ring.days() if LASTING_DAY < day < today and not self._done(day, held)]
        for day in due[:1]:
            kept = self._keep_only(day, held) if held is not None else frozenset()
            if kept:
                self._kept[day] = kept
            else:
                self._ring.intend([(day, WHOLE_DAY)])
                self._ring.shred_day(day)
                self._over.add(day)
                self._kept.pop(day, None)
        return len(due) + self._rows_of_days(today, due, held)

    def _rows_of_days(self, today: int, due: Sequence[int], held: Held | None) -> int:
        """Delete rows of days that are over and have no keys any more, some at each call; how many."""
        if held is None:
            self._kept = {day: kept for day, kept in self._kept.items() if day in due}
            gone = self._session.rows(_EXPIRED, LASTING_DAY, today, [*due], STEP_ROWS)
        else:
            over = self._over.difference(self._ring.days())
            gone = self._session.rows(_OVER, [*over], STEP_ROWS) if over else []
        if not gone and self._over:
            self._ring.settle((day, WHOLE_DAY) for day in self._over)
            self._over.clear()
        return len(gone)

    def _done(self, day: int, held: Held | None) -> bool:
        kept = self._kept.get(day)
        return kept is not None and held is not None and all(rid == UNKNOWN or held(rid) for rid in kept)

    def _keep_only(self, day: int, held: Held) -> frozenset[str]:
        """Of a day that is over keep what is held; whose it is."""
        staying: dict[int, frozenset[str]] = {}
        stays: set[int] = set()  # slots of the day of which something stays,
        goes: set[int] = set()  # and of which something goes
        after = -1
        while found := self._session.rows(_OF_DAY, day, after, STEP_ROWS):
            for row in (Row(*each) for each in found):
                names = opened(self._ring, row)
                if names is None and not self._ring.erased(day, row.slot):
                    rids, kept = {UNKNOWN}, frozenset({UNKNOWN})
                else:
                    rids = {name[0] for name in names or []}
                    kept = frozenset(filter(held, rids))
                if kept:
                    stays.add(row.slot)
                    staying[row.first] = kept
                if kept != rids or not rids:
                    goes.add(row.slot)
            after = found[-1]["first"]
        for slot in stays & goes:
            self._rewrite((day, slot), lambda row, name: name[0] in staying.get(row.first, ()))
        if staying and (gone := list(goes - stays)):
            self._let_go([(day, slot) for slot in gone])
            while self._session.rows(_LEFT, day, gone, STEP_ROWS):
                pass
        return frozenset().union(*staying.values())

    def _rewrite(self, slot: tuple[int, int], keep: Callable[[Row, Name], bool]) -> None:
        """Put the rows of a slot, (day, slot), under a fresh one, without what `keep` does not keep, and let it go."""
        fresh = self._ring.fresh(slot[0])
        dropped: list[Row] = []
        kept: list[Row] = []
        for row in (Row(*found) for found in self._session.rows(_OF_SLOT, *slot)):
            names = opened(self._ring, row)
            if names is None:
                raise Unavailable("store.damaged", detail="the key of a payload is missing")
            left = keeping(row, names, partial(keep, row), *fresh)
            if left is None:
                dropped.append(row)
            else:
                kept.append(left)
        self._worked_off = False  # unless all of it succeeds, it is for the next one to end
        self._ring.intend([slot])
        self._for_sure(
            _REPLACE,
            self._term,
            [row.first for row in dropped],
            [row.day for row in dropped],
            [row.first for row in kept],
            [row.day for row in kept],
            [row.slot for row in kept],
            [row.names for row in kept],
            [row.body for row in kept],
        )
        self._let_go([slot])
        self._worked_off = True
