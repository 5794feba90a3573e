# SPDX-License-Identifier: Apache-2.0
"""Stop orders: what one would reach, giving one, releasing a suspension, and reauthorising beside a termination.

Orders are signed where the officer's key is. What is signed names its root by record id, so the reader of the preview
signs what was shown.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from answerable.admission.bound import ANYWHERE, SAME_HOST
from answerable.admission.stopset import in_force
from answerable.control.answers import Answer
from answerable.control.commit import carry_out
from answerable.control.routing import By, Call, Route
from answerable.control.services import Services
from answerable.crypto.b64 import unb64u
from answerable.errors import Refused, VerificationError
from answerable.log.commitment import SALT_LENGTH
from answerable.model.leaves import OrderLeaf, ReauthorisationLeaf, ReleaseLeaf
from answerable.model.records import Copy, Reauthorisation, Stop
from answerable.model.terms import AdminRole, OrderKind, Scope
from answerable.model.units import Space
from answerable.registry import describe
from answerable.registry.describe import PartyView, SystemRef
from answerable.stops import orders, reauthorise
from answerable.stops.closure import alone, reached
from answerable.stops.officers import authorities_behind, by_owners
from answerable.stops.planned import MAX_REASON, Reason
from answerable.stops.preview import OFFICERS, Preview, preview, preview_of

SHOWN = 100  # systems, copies and parties that a preview lists; the counts are of all


class GiveOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """order: the leaf with its signatures (`docs/spec/statements.md`), `t` 0 and `dig` empty; reason and salt
    (base64url of 32 bytes): what its commitment hides; count: how many copies, where the preview asks for it."""

    order: OrderLeaf
    reason: Annotated[str, Meta(max_length=MAX_REASON)]
    salt: Annotated[str, Meta(max_length=64)]
    count: int | None = None


class GiveRelease(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    release: ReleaseLeaf


class GiveReauthorisation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reauthorisation: ReauthorisationLeaf


class Holds(Answer, frozen=True, kw_only=True):
    """By when a stop holds for the systems of one class: ms after its commit. synced, monotonic: last admission by
    each of the two rules, for holders on this host; admission, effects: the later of them, and the last effect;
    elsewhere, elsewhere_effects: the same for holders on any other host."""

    name: str
    name_zh: str
    systems: int
    copies: int
    life: int
    synced: int
    monotonic: int
    admission: int
    effects: int
    elsewhere: int
    elsewhere_effects: int


class HoldsOnSite(Answer, frozen=True, kw_only=True):
    """An on-site issuer whose envelope lives: expires in ms UTC; admission: ms after an order that is given now."""

    site: str
    system: str
    expires: int
    admission: int


class BoundTerms(Answer, frozen=True, kw_only=True):
    """What the bounds are made of (`docs/spec/warrant.md`). view: D, ms; error, error_elsewhere: e of issuer and holder
    each, ms, on this host and on any other; drift_ppm: rho; recheck: delta, ms; settle: S, ms, where a machine declares
    none; pulse: how long a holder goes on without a new pulse, ms, 0 where none is needed."""

    view: int
    error: int
    error_elsewhere: int
    drift_ppm: int
    recheck: int
    settle: int
    pulse: int


class StopShown(Answer, frozen=True, kw_only=True):
    """persons: rids of the people who signed; authorities: names of those that did; holds: whether it is in force now;
    what: what it names, in words."""

    order: Stop
    persons: list[str]
    authorities: list[str]
    holds: bool
    what: str


class Previewed(Answer, frozen=True, kw_only=True):
    """What an order would reach now; of systems, copies, parties and dependents the first hundred are listed.
    dependents: they lose a model and are not stopped; losing_count: how many copies of theirs run. digest_count:
    digests that may not come back under a new name. officers: distinct people that a termination needs; count: whether
    the number of copies must be typed in; pause: where two may terminate by a staged plan instead of three, how long
    (ms) everything must have stood suspended under it; else 0. lapses: life (ms) of a suspension by one officer, 0
    where it stays; standing: suspensions and terminations of the same root in force."""

    root: str
    scope: Scope
    systems: list[SystemRef]
    system_count: int
    copies: list[Copy]
    copy_count: int
    parties: list[PartyView]
    party_count: int
    dependents: list[SystemRef]
    dependent_count: int
    losing_count: int
    digest_count: int
    bounds: list[Holds]
    sites: list[HoldsOnSite]
    terms: BoundTerms
    bound: int
    officers: int
    count: bool
    pause: int
    lapses: int
    standing: list[StopShown]


class OrderGiven(Answer, frozen=True, kw_only=True):
    """at: the instant from which it counts. reached: copies that it reaches; bound: ms by when it holds everywhere."""

    order: Stop
    systems: int
    copies: int
    bound: int
    at: int


async def look(services: Services, call: Call[None]) -> Previewed:
    scope = _scope(call.query.get("scope", "") or Scope.LINEAGE.value)
    now = services.clock.now_ms()
    found = preview(services.book, call.query.get("root", ""), scope, now)
    return _previewed(services, found, now)


async def give(services: Services, call: Call[GiveOrder]) -> OrderGiven:
    body = call.body
    try:
        salt = unb64u(body.salt)
    except VerificationError:
        salt = b""
    if len(salt) != SALT_LENGTH:
        raise Refused("stop.malformed", detail=f"a salt that is not {SALT_LENGTH} bytes")
    reason = Reason.of(body.reason, salted=salt)
    if body.order.kind == OrderKind.SUSPEND.value:
        planned, written = await carry_out(
            services, lambda: orders.suspend(services.book, body.order, reason, services.clock.now_ms())
        )
    else:
        planned, written = await carry_out(
            services,
            lambda: orders.terminate(services.book, body.order, reason, services.clock.now_ms(), count=body.count),
        )
    hit = reached(services.book, planned.row.root, Scope(planned.row.scope))
    narrow = alone(hit) if by_owners(services.book, planned.row.officers) else hit
    found = preview_of(services.book, narrow, at=written.at)
    return OrderGiven(
        order=planned.row, systems=len(found.systems), copies=len(found.copies), bound=found.bound, at=written.at
    )


async def give_signed(services: Services, call: Call[GiveOrder]) -> OrderGiven:
    return await give(services, call)


async def listed(services: Services, call: Call[None]) -> list[StopShown]:
    now = services.clock.now_ms()
    return [_shown(services, stop, now) for stop in sorted(services.book.stops(), key=lambda stop: stop.at)]


async def release(services: Services, call: Call[GiveRelease]) -> StopShown:
    _, written = await carry_out(
        services, lambda: orders.release(services.book, call.body.release, services.clock.now_ms())
    )
    return _shown(services, orders.find(services.book, call.body.release.order), written.at)


async def release_signed(services: Services, call: Call[GiveRelease]) -> StopShown:
    return await release(services, call)


async def allow(services: Services, call: Call[GiveReauthorisation]) -> Reauthorisation:
    planned, _ = await carry_out(
        services,
        lambda: reauthorise.reauthorise(services.book, call.body.reauthorisation, services.clock.now_ms()),
    )
    return planned.row


async def allowed(services: Services, call: Call[None]) -> list[Reauthorisation]:
    return [msgspec.json.decode(row, type=Reauthorisation) for _, row in services.book.rows(Space.REAUTHORISATIONS)]


def _scope(text: str) -> Scope:
    try:
        return Scope(text)
    except ValueError:
        raise Refused("stop.malformed", detail="a scope that does not exist") from None


def _terms(services: Services) -> BoundTerms:
    return BoundTerms(
        view=SAME_HOST.view_ms,
        error=SAME_HOST.holder_error_ms,
        error_elsewhere=ANYWHERE.holder_error_ms,
        drift_ppm=SAME_HOST.drift_ppm,
        recheck=SAME_HOST.recheck_ms,
        settle=SAME_HOST.settle_ms,
        pulse=services.heart.life_ms if services.heart is not None else 0,
    )


def _previewed(services: Services, found: Preview, now: int) -> Previewed:
    book = services.book
    return Previewed(
        root=found.root,
        scope=found.scope,
        systems=[describe.reference(book, system, now) for system in found.systems[:SHOWN]],
        system_count=len(found.systems),
        copies=list(found.copies[:SHOWN]),
        copy_count=len(found.copies),
        parties=[describe.party(book, party.rid) for party in found.parties[:SHOWN]],
        party_count=len(found.parties),
        dependents=[describe.reference(book, system, now) for system in found.dependents[:SHOWN]],
        dependent_count=len(found.dependents),
        losing_count=len(found.losing),
        digest_count=found.digests,
        bounds=[
            Holds(
                name=held.row.name,
                name_zh=held.row.zh,
                systems=held.systems,
                copies=held.copies,
                life=held.bound.ttl,
                synced=held.bound.synced,
                monotonic=held.bound.monotonic,
                admission=held.bound.admission,
                effects=held.bound.effects,
                elsewhere=held.elsewhere.admission,
                elsewhere_effects=held.elsewhere.effects,
            )
            for held in found.bounds
        ],
        sites=[
            HoldsOnSite(site=at.row.site, system=at.system.name, expires=at.row.expires, admission=at.admission)
            for at in found.sites
        ],
        terms=_terms(services),
        bound=found.bound,
        officers=found.officers,
        count=found.count,
        pause=found.pause_ms,
        lapses=found.lapses_ms,
        standing=[
            _shown(services, stop, now)
            for stop in book.stops()
            if stop.root == found.root and stop.scope == found.scope.value and in_force(stop, now)
        ],
    )


def _shown(services: Services, stop: Stop, now: int) -> StopShown:
    book = services.book
    signed = [admin.person for key in stop.officers if (admin := book.admin(key)) is not None]
    system, party = book.system(stop.root), book.party(stop.root)
    what = f"{system.name} {system.version}".strip() if system else party.name if party else stop.root
    return StopShown(
        order=stop,
        persons=list(dict.fromkeys(signed)),
        authorities=list(authorities_behind(book, stop)),
        holds=in_force(stop, now),
        what=what,
    )


ROUTES = (
    Route(
        "GET", "/stops", AdminRole.VIEWER, listed, list[StopShown], "Every order, lapsed and released ones included."
    ),
    Route(
        "GET",
        "/stops/preview",
        AdminRole.VIEWER,
        look,
        Previewed,
        "What an order would reach, and by when it holds.",
        query={
            "root": "record id, public id or name",
            "scope": "lineage (if not told), system, copy, party, world, all",
        },
    ),
    Route(
        "POST",
        "/stops",
        AdminRole.OFFICER,
        give,
        OrderGiven,
        f"Suspend (one officer) or terminate ({OFFICERS} or more); officers' keys sign the order itself.",
        GiveOrder,
    ),
    Route(
        "POST",
        "/stops/release",
        AdminRole.OFFICER,
        release,
        StopShown,
        "Release a suspension; two officers sign.",
        GiveRelease,
    ),
    Route(
        "POST",
        "/stops/signed",
        By.ANYONE,
        give_signed,
        OrderGiven,
        "The same for an order that an authority, or the owners of its system, signed: whoever carries it.",
        GiveOrder,
    ),
    Route(
        "POST",
        "/stops/release/signed",
        By.ANYONE,
        release_signed,
        StopShown,
        "The same for a release that an authority or owners signed.",
        GiveRelease,
    ),
    Route(
        "POST",
        "/reauthorisations",
        AdminRole.OFFICER,
        allow,
        Reauthorisation,
        "Let one new system id stand beside a termination; officers who did not sign the order sign.",
        GiveReauthorisation,
    ),
    Route("GET", "/reauthorisations", AdminRole.VIEWER, allowed, list[Reauthorisation], "Every reauthorisation."),
)
