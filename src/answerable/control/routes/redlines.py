# SPDX-License-Identifier: Apache-2.0
"""Red lines: what is watched, when its detector was last tested, the events that are told, and the tests."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from answerable.admission.reports import Report, accept
from answerable.control import incident_facts
from answerable.control.answers import Answer, Recorded
from answerable.control.commit import carry_out
from answerable.control.routing import By, Call, Route
from answerable.control.services import Services
from answerable.crypto.b64 import unb64u
from answerable.errors import Refused, Unavailable
from answerable.model.terms import AdminRole
from answerable.model.units import Space
from answerable.redlines import incidents
from answerable.redlines.table import Line, Measure, line, lines, table
from answerable.stops.officers import in_office

DAY_MS: Final = 86_400_000
# Where the outcome of the newest test of each line stands: `redlines.tested:` and the line's id.
TESTED: Final = "redlines.tested:"
TEXT: Final = "text:"  # before the name of a text detector


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """The newest test of a line. found: whether its detector found what was planted; ms: how soon; incident, order:
    rids, "" for none."""

    line: str
    at: int
    found: bool
    ms: int
    incident: str = ""
    order: str = ""


class LineShown(Answer, frozen=True, kw_only=True):
    """yellow, red: what its detector does here, after the configuration; tested: ms UTC of its newest test, 0 for none;
    passed: its outcome; overdue: whether it is to be tested; incidents: real ones so far."""

    id: str
    event: str
    name: str
    name_zh: str
    exact: bool
    reach: str
    yellow: str
    red: str
    officers: str
    officers_zh: str
    sources: list[str]
    tested: int
    passed: bool
    test_ms: int
    overdue: bool
    incidents: int


class PlantTests(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """lines: ids or events, none for all; text detectors as ``text:NAME``."""

    lines: tuple[str, ...] = ()


async def tell(services: Services, call: Call[Report]) -> Recorded:
    """Refusals of what nobody known signed are counted, not written one by one."""
    report, now = call.body, services.clock.now_ms()
    try:
        officer = in_office(services.book, report.event.by) is not None
        public = unb64u(incidents.teller(services.book, report.event, officer=officer))
        read = accept(report, origin=services.origin, public=public, now_ms=now)
        services.rates.count(report.event.by, now)
    except Refused as error:
        services.ledger.count_refusal(error.code)
        raise
    planned, written = await carry_out(services, lambda: incidents.told(services.book, read, services.clock.now_ms()))
    if services.watch is not None:
        services.watch.wake()
    return Recorded(rid=planned.rid, id="", index=written.first, at=written.at)


async def listed(services: Services, call: Call[None]) -> list[LineShown]:
    now = services.clock.now_ms()
    names = {source.id: source.name for source in table().source}
    count: dict[str, int] = {}
    for row in incident_facts.incidents(services):
        if not row.planted and not row.evaluation:
            count[row.line] = count.get(row.line, 0) + 1
    found = []
    for each in lines().values():
        known = last_trial(services, each.id)
        found.append(
            LineShown(
                id=each.id,
                event=each.event,
                name=each.name,
                name_zh=each.name_zh,
                exact=each.exact,
                reach=each.reach.value,
                yellow=_here(services, each, each.yellow),
                red=_here(services, each, each.red),
                officers=each.officers,
                officers_zh=each.officers_zh,
                sources=[names[source] for source in each.sources],
                tested=known.at if known else 0,
                passed=known.found if known else False,
                test_ms=known.ms if known else 0,
                overdue=overdue(services, each.id, now),
                incidents=count.get(each.id, 0),
            )
        )
    for name in testable(services):
        known = last_trial(services, name)
        found.append(
            LineShown(
                id=name,
                event="text",
                name="Text detector: an answer in which it finds something is held back",
                name_zh="文本检测器：发现问题的应答予以拦截",
                exact=False,
                reach="answer",
                yellow="hold back",
                red="hold back",
                officers="",
                officers_zh="",
                sources=[],
                tested=known.at if known else 0,
                passed=known.found if known else False,
                test_ms=known.ms if known else 0,
                overdue=overdue(services, name, now),
                incidents=0,
            )
        )
    return found


def testable(services: Services) -> list[str]:
    """Text detectors that bring their own test."""
    return [TEXT + detector.name for detector in services.texts if hasattr(detector, "planted")]


def _here(services: Services, each: Line, measure: Measure) -> str:
    if each.id in services.redlines.record:
        return Measure.RECORD.value
    if measure is Measure.TERMINATE and each.id not in services.redlines.terminate:
        return Measure.SUSPEND.value
    return measure.value


def last_trial(services: Services, name: str) -> Trial | None:
    """The newest test of that line's detector."""
    raw = services.book.raw(Space.MISC, TESTED + name)
    return msgspec.json.decode(raw, type=Trial) if raw else None


def overdue(services: Services, name: str, now: int) -> bool:
    """Whether a line's detector was not tested for so long as the configuration says, counted from the service's first
    start, or its newest test failed."""
    known = last_trial(services, name)
    since = services.book.raw(Space.MISC, "redlines.since")
    start = known.at if known is not None else int(since) if since else now
    return (known is not None and not known.found) or now - start > services.redlines.test_days * DAY_MS + DAY_MS


async def test(services: Services, call: Call[PlantTests]) -> list[Trial]:
    if services.watch is None:
        raise Unavailable("log.stopped", detail="nothing is watched here")
    texts = testable(services)
    wanted = [name if name in texts else line(name).id for name in call.body.lines] or [*lines(), *texts]
    done: list[Any] = await services.watch.test(tuple(dict.fromkeys(wanted)))
    return [each for each in done if isinstance(each, Trial)]


ROUTES = (
    Route(
        "GET", "/redlines", AdminRole.VIEWER, listed, list[LineShown], "Red lines, and the tests of their detectors."
    ),
    Route(
        "POST",
        "/redlines/test",
        AdminRole.OPERATOR,
        test,
        list[Trial],
        "Plant an event for each line on the canary system, and see whether its detector finds it.",
        PlantTests,
    ),
    Route(
        "POST",
        "/events",
        By.ANYONE,
        tell,
        Recorded,
        "Tell something that bears on a red line; it is signed in the body (docs/spec/events.md).",
        Report,
    ),
)
