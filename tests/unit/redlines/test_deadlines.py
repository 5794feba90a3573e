# SPDX-License-Identifier: Apache-2.0
"""Deadlines over month-ends, changes of clocks and zones; counted so that nobody is late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.redlines.deadlines import HOUR_MS, due, on_day, reached, reminders, written, zone
from answerable.redlines.regimes import Clock

BRUSSELS, SHANGHAI, ANGELES, YORK = "Europe/Brussels", "Asia/Shanghai", "America/Los_Angeles", "America/New_York"


def clock(**length: int) -> Clock:
    return Clock(id="c", name="c", name_zh="c", to="t", to_zh="t", **length)


def ms(text: str) -> int:
    at = datetime.fromisoformat(text)
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("start", "zone_", "length", "end"),
    [
        # hours are elapsed time, whatever the clocks on the wall do
        ("2026-11-22T23:30:00+08:00", SHANGHAI, {"hours": 1}, "2026-11-23T00:30:00+08:00"),
        ("2026-03-29T01:30:00+01:00", BRUSSELS, {"hours": 24}, "2026-03-30T02:30:00+02:00"),
        ("2026-10-24T12:00:00+02:00", BRUSSELS, {"hours": 72}, "2026-10-27T11:00:00+01:00"),
        ("2026-03-07T20:00:00-08:00", ANGELES, {"hours": 24}, "2026-03-08T21:00:00-07:00"),
        # days go by the calendar, to the same time of day
        ("2026-03-28T12:00:00+01:00", BRUSSELS, {"days": 2}, "2026-03-30T12:00:00+02:00"),
        ("2026-10-24T12:00:00+02:00", BRUSSELS, {"days": 2}, "2026-10-26T12:00:00+01:00"),
        ("2026-02-20T08:00:00+01:00", BRUSSELS, {"days": 10}, "2026-03-02T08:00:00+01:00"),
        ("2028-02-20T08:00:00+01:00", BRUSSELS, {"days": 10}, "2028-03-01T08:00:00+01:00"),
        ("2026-12-20T08:00:00-08:00", ANGELES, {"days": 15}, "2027-01-04T08:00:00-08:00"),
        # a time of day that the change of clocks skips is taken earlier, one that it repeats the first time
        ("2026-03-27T02:30:00+01:00", BRUSSELS, {"days": 2}, "2026-03-29T02:30:00+02:00"),
        ("2026-10-23T02:30:00+02:00", BRUSSELS, {"days": 2}, "2026-10-25T02:30:00+02:00"),
        ("2026-03-06T02:15:00-05:00", YORK, {"days": 2}, "2026-03-08T02:15:00-04:00"),
        # months end with the month
        ("2026-01-31T09:00:00+01:00", BRUSSELS, {"months": 1}, "2026-02-28T09:00:00+01:00"),
        ("2028-01-31T09:00:00+01:00", BRUSSELS, {"months": 1}, "2028-02-29T09:00:00+01:00"),
        ("2026-03-31T09:00:00+02:00", BRUSSELS, {"months": 1}, "2026-04-30T09:00:00+02:00"),
        ("2026-12-15T09:00:00+01:00", BRUSSELS, {"months": 1}, "2027-01-15T09:00:00+01:00"),
        ("2026-02-28T09:00:00+01:00", BRUSSELS, {"months": 1}, "2026-03-28T09:00:00+01:00"),
        ("2026-10-20T09:00:00+02:00", BRUSSELS, {"weeks": 4}, "2026-11-17T09:00:00+01:00"),
        ("2026-11-22T23:59:59.999+08:00", SHANGHAI, {"days": 1}, "2026-11-23T23:59:59.999+08:00"),
    ],
)
def test_due(start: str, zone_: str, length: dict[str, int], end: str) -> None:
    assert due(clock(**length), ms(start), zone_) == ms(end)


TIMES = st.integers(0, 4_102_444_800_000)  # until 2100
ZONES = st.sampled_from([BRUSSELS, SHANGHAI, ANGELES, YORK, "UTC", "Australia/Lord_Howe"])


@given(start=TIMES, zone_=ZONES, days=st.integers(1, 400))
def test_days_are_never_later_than_an_hour_beyond_elapsed_time(start: int, zone_: str, days: int) -> None:
    end = due(clock(days=days), start, zone_)
    assert abs(end - start - days * 24 * HOUR_MS) <= 2 * HOUR_MS
    assert (on_day(end, zone_) - on_day(start, zone_)).days in (days, days - 1), "never the day after"


@given(start=TIMES, zone_=ZONES, months=st.integers(1, 24))
def test_months_never_run_into_the_next_one(start: int, zone_: str, months: int) -> None:
    first, last = on_day(start, zone_), on_day(due(clock(months=months), start, zone_), zone_)
    assert (last.year * 12 + last.month) - (first.year * 12 + first.month) == months
    assert last.day <= first.day


def test_a_zone_that_the_machine_does_not_know_is_utc_and_an_hour_early() -> None:
    start = ms("2026-11-22T12:00:00+00:00")
    assert due(clock(days=1), start, "Atlantis/Capital") == start + 23 * HOUR_MS
    assert written(start, "Atlantis/Capital").endswith("(UTC)")
    assert zone("").key == "UTC"


def test_written_with_offset_and_zone() -> None:
    at = ms("2026-03-29T01:30:00+00:00")
    assert written(at, BRUSSELS) == "2026-03-29 03:30:00+02:00 (Europe/Brussels)"
    assert str(on_day(at, ANGELES)) == "2026-03-28"


def test_reminders_come_before_the_end() -> None:
    def after(hours: float) -> list[float]:
        return [at / HOUR_MS for at in reminders(0, int(hours * HOUR_MS))]

    assert after(1) == [0, 0.5, 0.75, 0.8, 1]
    assert after(72) == [0, 36, 48, 57.6, 71, 71.75, 72]
    times = reminders(0, 72 * HOUR_MS)
    assert [reached(times, int(hours * HOUR_MS)) for hours in (0, 35.9, 36, 71.9, 72, 99)] == [1, 1, 2, 6, 7, 7]


@given(start=TIMES, given_=st.integers(60_000, 10**10))
def test_reminders_are_in_order_and_within(start: int, given_: int) -> None:
    times: Any = reminders(start, start + given_)
    assert list(times) == sorted(set(times))
    assert (times[0], times[-1]) == (start, start + given_)
