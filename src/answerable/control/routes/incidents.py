# SPDX-License-Identifier: Apache-2.0
"""Incidents and the reports that law asks for about them."""

from __future__ import annotations

from answerable.control import incident_facts
from answerable.control.answers import Answer
from answerable.control.routing import Call, Route
from answerable.control.services import Services
from answerable.errors import Refused
from answerable.model.records import Incident
from answerable.model.terms import AdminRole
from answerable.redlines import clocks, deadlines, forms, pages, regimes


class IncidentListed(Answer, frozen=True, kw_only=True):
    """system: its name and version; due: the next deadline of law, ms UTC, 0 for none; clock: which; harms: what it
    did, as far as said; standing: whether its order is in force."""

    incident: Incident
    system: str
    harms: list[str]
    due: int
    clock: str


class IncidentPage(Answer, frozen=True, kw_only=True):
    """markdown: the page of facts, for people."""

    report: forms.PageOfFacts
    markdown: str


class RegimeForm(Answer, frozen=True, kw_only=True):
    """markdown: the form with the page of facts behind it, for people."""

    form: forms.Form
    markdown: str


class RegimeShown(Answer, frozen=True, kw_only=True):
    """binds: for this deployment, and the system that was asked about; why: by what it does, or does not."""

    id: str
    name: str
    name_zh: str
    source: str
    checked: str
    zone: str
    since: str
    binds: bool
    why: str
    clocks: list[str]


class ClockShown(Answer, frozen=True, kw_only=True):
    """A clock of law that runs. reminders: how many are past; overdue: whether its end is."""

    incident: str
    clock: forms.Started
    overdue: bool
    reminders: int


async def listed(services: Services, call: Call[None]) -> list[IncidentListed]:
    everything = call.query.get("all", "") == "1"
    said = incident_facts.words(services)
    found = []
    for row in (*incident_facts.incidents(services), *incident_facts.of_orders(services, said)):
        if not everything and (row.planted or row.evaluation):
            continue
        system = services.book.system(row.system)
        run = next((each for each in incident_facts.running(services, row, said) if each.open), None)
        found.append(
            IncidentListed(
                incident=row,
                system=f"{system.name} {system.version}".strip() if system is not None else row.system,
                harms=list(clocks.harms_of(row, said)[0]),
                due=run.due if run is not None else 0,
                clock=run.name if run is not None else "",
            )
        )
    return found


async def shown(services: Services, call: Call[None]) -> IncidentPage:
    found = await incident_facts.report(services, call.path["id"])
    lang = _language(call)
    return IncidentPage(report=found, markdown=pages.page(found, lang, services.incidents.zone))


async def report(services: Services, call: Call[None]) -> RegimeForm:
    regime = regimes.regime(call.query.get("regime", ""))
    found = await incident_facts.report(services, call.path["id"])
    lang = _language(call)
    filled = forms.fill(found, regime, lang)
    return RegimeForm(form=filled, markdown=pages.form(filled, regime, lang))


async def binding(services: Services, call: Call[None]) -> list[RegimeShown]:
    name = call.query.get("system", "")
    system = services.book.system(name) if name else None
    if name and system is None:
        raise Refused("system.unknown", system=name[:64])
    if system is not None:
        where, tier = incident_facts.places(services, system), system.tier
    else:
        where, tier = regimes.jurisdictions(services.incidents, [services.operator]), 4
    on = deadlines.on_day(services.clock.now_ms(), services.incidents.zone)
    return [
        RegimeShown(
            id=each.regime.id,
            name=each.regime.name,
            name_zh=each.regime.name_zh,
            source=each.regime.source,
            checked=each.regime.checked,
            zone=each.regime.zone,
            since=each.regime.from_.isoformat(),
            binds=each.binds,
            why=each.why,
            clocks=[f"{clock.id}: {_length(clock)}" for clock in each.regime.clock],
        )
        for each in regimes.bindings(services.incidents, places=where, tier=tier, on=on)
    ]


async def running(services: Services, call: Call[None]) -> list[ClockShown]:
    return due(services)


def due(services: Services) -> list[ClockShown]:
    """Every clock of law whose report is not handed in, the soonest first."""
    now, said = services.clock.now_ms(), incident_facts.words(services)
    found = [
        ClockShown(
            incident=row.rid,
            clock=forms.started([run])[0],
            overdue=run.overdue(now),
            reminders=deadlines.reached(deadlines.reminders(run.start, run.due), now),
        )
        for row in (*incident_facts.incidents(services), *incident_facts.of_orders(services, said))
        for run in incident_facts.running(services, row, said)
        if run.open
    ]
    return sorted(found, key=lambda each: (each.clock.due, each.incident))


def _length(clock: regimes.Clock) -> str:
    parts = ((clock.hours, "h"), (clock.days, "d"), (clock.weeks, "w"), (clock.months, "months"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


def _language(call: Call[None]) -> str:
    return "zh" if call.query.get("lang", "") == "zh" else "en"


_LANG = {"lang": "en or zh, of the Markdown"}
ROUTES = (
    Route(
        "GET",
        "/incidents",
        AdminRole.VIEWER,
        listed,
        list[IncidentListed],
        "Incidents: red lines that were neared or crossed.",
        query={"all": "1 for planted ones and those of evaluations too"},
    ),
    Route(
        "GET", "/incident-clocks", AdminRole.VIEWER, running, list[ClockShown], "Reports that law asks for, by when."
    ),
    Route(
        "GET",
        "/regimes",
        AdminRole.VIEWER,
        binding,
        list[RegimeShown],
        "Reporting regimes, and which bind.",
        query={"system": "name or id; else the deployment, at any tier"},
    ),
    Route(
        "GET",
        "/incident-reports/{id}",
        AdminRole.VIEWER,
        report,
        RegimeForm,
        "A regime's form for an incident or a stop order, filled in from records.",
        query={"regime": "id of the regime", **_LANG},
    ),
    Route(
        "GET",
        "/incidents/{id}",
        AdminRole.VIEWER,
        shown,
        IncidentPage,
        "The page of facts of an incident, or of a stop order by its record id.",
        query=_LANG,
    ),
)
