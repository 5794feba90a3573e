# SPDX-License-Identifier: Apache-2.0
"""How the service is, in figures and in words; what it measures; what its API is."""

from __future__ import annotations

from typing import Any

import answerable
from answerable.control.answers import Answer
from answerable.control.routing import By, Call, Route
from answerable.control.services import Services
from answerable.errors import Unavailable
from answerable.log.checkpoint import parse
from answerable.model.terms import AdminRole


class Alive(Answer, frozen=True, kw_only=True):
    service: str
    version: str


class Status(Answer, frozen=True, kw_only=True):
    """problems: what is wrong now, in words; empty where all is well. Times in ms UTC. trust: the trust file's text."""

    version: str
    healthy: bool
    problems: dict[str, str]
    origin: str
    domain: str
    gateway: str
    audience: str
    store: str
    demo: bool
    started: int
    now: int
    size: int
    checkpoint: str
    trust: str
    parties: int
    systems: int
    copies: int
    handles: int
    stops: int
    flights: int


class Metrics(Answer, frozen=True, kw_only=True):
    """text: the exposition format of Prometheus."""

    text: str


async def alive(services: Services, call: Call[None]) -> Alive:
    return Alive(service="answerable", version=answerable.__version__)


async def status(services: Services, call: Call[None]) -> Status:
    book = services.book
    now = services.clock.now_ms()
    try:
        note = await services.reader.checkpoint()
    except Unavailable:  # a store that is read-only may have none that can be shown; the problems say why
        note = b""
    problems = dict(services.problems())
    return Status(
        version=answerable.__version__,
        healthy=not problems,
        problems=problems,
        origin=services.origin,
        domain=book.domain,
        gateway=services.gateway,
        audience=services.audience,
        store=services.store,
        demo=services.demo,
        started=services.started_ms,
        now=now,
        size=parse(note)[0].size if note else await services.reader.size(),
        checkpoint=note.decode("utf-8"),
        trust=services.trust,
        parties=sum(1 for _ in book.parties()),
        systems=sum(1 for _ in book.systems()),
        copies=sum(1 for copy in book.copies() if not copy.ended),
        handles=sum(1 for handle in book.handles() if not handle.revoked and handle.expires > now),
        stops=sum(1 for _ in book.stops()),
        flights=len(services.flights),
    )


async def metrics(services: Services, call: Call[None]) -> Metrics:
    return Metrics(text=services.metrics())


async def openapi(services: Services, call: Call[None]) -> dict[str, Any]:
    from answerable.control.openapi import document
    from answerable.control.routes import ROUTES as EVERY

    return document(EVERY)


ROUTES = (
    Route("GET", "/alive", By.ANYONE, alive, Alive, "Whether anything answers here."),
    Route("GET", "/openapi.json", By.ANYONE, openapi, dict[str, Any], "This API as an OpenAPI 3.1 document."),
    Route("GET", "/status", AdminRole.VIEWER, status, Status, "How the service is."),
    Route("GET", "/metrics", AdminRole.VIEWER, metrics, Metrics, "What it measures."),
)
