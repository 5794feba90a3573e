# SPDX-License-Identifier: Apache-2.0
"""The authorities' feed: for an authority by its own key, for an operator who publishes it as static files."""

from __future__ import annotations

from answerable.control import feeding
from answerable.control.answers import Answer
from answerable.control.routing import By, Call, Route
from answerable.control.services import Services
from answerable.errors import Refused
from answerable.model.terms import AdminRole, Role

PAGES = 20  # in one answer


class Pages(Answer, frozen=True, kw_only=True):
    """pages: each a signed file, base64, in order; more: whether others follow now."""

    pages: list[bytes]
    more: bool


async def published(services: Services, call: Call[None]) -> Pages:
    return await _pages(services, call)


async def received(services: Services, call: Call[None]) -> Pages:
    party = call.of.party
    if not any(
        entry.party == party and entry.role is Role.AUTHORITY
        for system in services.book.systems()
        for entry in system.parties
    ):
        raise Refused("privacy.authority", party=party)
    return await _pages(services, call)


async def _pages(services: Services, call: Call[None]) -> Pages:
    found = await feeding.pages(services, call.number("after", 0, 2**53 - 1), PAGES + 1)
    return Pages(pages=found[:PAGES], more=len(found) > PAGES)


_QUERY = {"after": "number of the last page that is known, 0 for none"}
ROUTES = (
    Route(
        "GET",
        "/feed",
        By.PARTY,
        received,
        Pages,
        "The feed, for a party that is an authority towards a registered system.",
        query=_QUERY,
    ),
    Route(
        "GET", "/feed/pages", AdminRole.OPERATOR, published, Pages, "The feed, to publish it as files.", query=_QUERY
    ),
)
