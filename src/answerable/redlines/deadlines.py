# SPDX-License-Identifier: Apache-2.0
"""By when a report is due, and when to remind of it: pure arithmetic over instants and zones (IANA time zone database).

Counted so that nobody is late: hours are elapsed time; days, weeks and months follow the calendar of the law's zone to
the same time of day. A time of day that a change of clocks skips is taken earlier, one that it repeats the first time.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from answerable.redlines.regimes import Clock

HOUR_MS: Final = 3_600_000
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Parts of the time given after which somebody is reminded, and how long before its end once more.
PARTS: Final = (0.5, 0.8)
LAST_MS: Final = (24 * HOUR_MS, HOUR_MS, 15 * 60_000)


def zone(name: str) -> ZoneInfo:
    """The zone of that name, UTC for "" and for one that this machine does not know: a deadline must be told all the
    same, and the page says in which zone it is."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def due(clock: Clock, start_ms: int, zone_name: str) -> int:
    """When the clock ends, ms UTC, if it started at `start_ms`."""
    if clock.hours:
        return start_ms + clock.hours * HOUR_MS
    there = zone(zone_name)
    # Without the zone's rules a day may be an hour shorter than we think.
    spare = HOUR_MS if zone_name and there.key != zone_name else 0
    local = (EPOCH + timedelta(milliseconds=start_ms)).astimezone(there)
    day = (
        _months(local.date(), clock.months)
        if clock.months
        else local.date() + timedelta(days=clock.days + 7 * clock.weeks)
    )
    return _instant(datetime.combine(day, local.time()), there) - spare


def _months(day: date, months: int) -> date:
    """The same day, so many months later; the last day of a month that is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _instant(local: datetime, there: ZoneInfo) -> int:
    """ms UTC of a time of day there. In a gap the offset after it would give an earlier instant: that one is taken."""
    first, second = (local.replace(tzinfo=there, fold=fold).astimezone(UTC) for fold in (0, 1))
    return (min(first, second) - EPOCH) // timedelta(milliseconds=1)


def on_day(at_ms: int, zone_name: str) -> date:
    """The calendar day there."""
    return datetime.fromtimestamp(at_ms / 1000, zone(zone_name)).date()


def written(at_ms: int, zone_name: str) -> str:
    """The instant for people, with its offset and the name of the zone: 2026-03-29 03:30:00+02:00 (Europe/Brussels)."""
    there = zone(zone_name)
    text = datetime.fromtimestamp(at_ms // 1000, there).isoformat(sep=" ", timespec="seconds")
    return f"{text} ({there.key})"


def reminders(start_ms: int, due_ms: int) -> tuple[int, ...]:
    """When to remind, ms UTC, in order: at parts of the time given, and some time before its end. The end itself is the
    last: from then on it is overdue."""
    given = due_ms - start_ms
    times = {start_ms, due_ms}
    times.update(start_ms + int(given * part) for part in PARTS)
    times.update(due_ms - last for last in LAST_MS if last < given)
    return tuple(sorted(times))


def reached(times: tuple[int, ...], now_ms: int) -> int:
    """How many of the reminders are due by now."""
    return sum(at <= now_ms for at in times)
