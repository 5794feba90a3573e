# SPDX-License-Identifier: Apache-2.0
"""How long what was said is kept, and how much is kept now."""

from __future__ import annotations

from answerable.config import RetentionRule, StoreConfig
from answerable.control.answers import Answer
from answerable.control.routing import Call, Route
from answerable.control.services import Services
from answerable.model.records import LegalHold
from answerable.model.terms import AdminRole
from answerable.model.units import Space
from answerable.privacy import holds
from answerable.privacy.retention import DAY_MS


class Day(Answer, frozen=True, kw_only=True):
    """until: ms UTC when it is let go of, 0: it lasts; overdue: its time is over, and a legal hold keeps it."""

    until: int
    payloads: int
    bytes: int
    overdue: bool


class Retained(Answer, frozen=True, kw_only=True):
    """rules: the first that fits says; default: days where none does; kept: what is kept now, by its day; erased,
    unfinished: how many actions; holds: legal holds in force."""

    rules: list[RetentionRule]
    default: int
    kept: list[Day]
    erased: int
    unfinished: int
    holds: list[LegalHold]


async def retention(services: Services, call: Call[None]) -> Retained:
    book, today = services.book, services.clock.now_ms() // DAY_MS
    rules = services.retention
    return Retained(
        rules=list(rules.rules) if rules is not None else [],
        default=rules.default if rules is not None else StoreConfig().payload_days,
        kept=[
            Day(until=(day + 1) * DAY_MS if day else 0, payloads=count, bytes=size, overdue=0 < day < today)
            for day, count, size in await services.reader.kept()
        ],
        erased=len(list(book.rows(Space.ERASURES))),
        unfinished=len(list(book.rows(Space.ERASING))),
        holds=list(holds.in_force(book.rows(Space.PRESERVED))),
    )


ROUTES = (
    Route("GET", "/retention", AdminRole.VIEWER, retention, Retained, "How long what is said is kept, and what is."),
)
