# SPDX-License-Identifier: Apache-2.0
"""Tests of detectors: an event is planted on the canary system, told by a real copy of it through the same door as any
other, and what the detector does with it is waited for. Its order is a real one too, and reaches that copy alone.

Nothing but the canary is ever touched: what is planted counts as planted only there, and a detector terminates no
canary.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from msgspec import UNSET

from answerable.admission import requests
from answerable.admission.bound import bound_of
from answerable.admission.reports import AHEAD_MS, make
from answerable.admission.ttl import life_class
from answerable.app.core import Core
from answerable.control.routes.redlines import TESTED, TEXT, Trial, tell
from answerable.control.routing import Call
from answerable.control.services import Services
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce, salt
from answerable.errors import AnswerableError, Refused
from answerable.log.commitment import commit
from answerable.log.leaf import encode, rid
from answerable.log.statement import to_sign
from answerable.model import events
from answerable.model.actions import Action
from answerable.model.leaves import CloseLeaf, Commitments, OpenLeaf
from answerable.model.records import Copy, Incident, System
from answerable.model.terms import Act, Audience, Outcome, Role, Ruling, SystemKind
from answerable.model.units import Drop, Put, Space, Unit
from answerable.model.warrants import Credential, Peer
from answerable.redlines.desk import CANARY, CANARY_NAME, CANARY_PERSON, CANARY_UNIT, canary
from answerable.redlines.replication import UNDERWAY_MS
from answerable.redlines.table import lines
from answerable.registry import copies, systems
from answerable.registry.requests import EndCopy, PartySpec, RegisterSystem, StartCopy

# How long what was planted is waited for.
FOUND_WITHIN_S: Final = 15.0
LOOK_S: Final = 0.05
PIECES: Final = 8  # that a planted text comes in
PLACE: Final = "http://127.0.0.1/canary"
ELSEWHERE: Final = "canary.invalid"
_ACTION: Final = Action(Act.GENERATION, Credential("", Peer()), "", {}, b"", False, "en")
_incident = msgspec.json.Decoder(Incident).decode
_log = logging.getLogger("answerable.redlines")


@dataclass(frozen=True, slots=True)
class Bird:
    """A copy of the canary system, made for one test."""

    copy: Copy
    key: Key


Plant = Callable[["Planting", Bird], Awaitable[str]]


class Planting:
    """services: whose routes take what is told."""

    def __init__(self, core: Core, services: Services) -> None:
        self._core = core
        self._services = services
        self._busy = asyncio.Lock()

    async def test(self, wanted: Sequence[str]) -> list[Trial]:
        """Test the detectors of these lines, in order; what came of it stands in the store. Raises Unavailable
        ``log.*``."""
        async with self._busy:
            system = await self._canary()
            done: list[Trial] = []
            for line in wanted:
                done.append(self._text(line) if line.startswith(TEXT) else await self._one(line, system))
            rows = tuple(Put(Space.MISC, TESTED + each.line, msgspec.json.encode(each)) for each in done)
            await self._core.ledger.commit(Unit(effects=rows))
            return done

    def _text(self, name: str) -> Trial:
        """A text detector is shown what it says that it must find, as the path shows it an answer: piece by piece."""
        begun, started = self._core.now, time.monotonic()
        found = False
        for detector in self._services.texts:
            planted = getattr(detector, "planted", None)
            if TEXT + detector.name == name and planted is not None:
                watch, text = detector.watch(_ACTION), str(planted())
                size = max(1, len(text) // PIECES)
                try:
                    found = any(watch.see(text[at : at + size]) is not None for at in range(0, len(text), size))
                except Exception as error:  # noqa: BLE001  one that errs refuses every action: its test has failed
                    _log.error("the text detector %s failed: %s", detector.name, type(error).__name__)
        return Trial(line=name, at=begun, found=found, ms=int((time.monotonic() - started) * 1000))

    async def _one(self, line: str, system: System) -> Trial:
        begun, started = self._core.now, time.monotonic()
        bird = await self._hatch(system)
        row: Incident | None = None
        try:
            await PLANTS[line](self, bird)
            planted = time.monotonic()
            row = await self._found(line, bird)
            started = planted
        except AnswerableError as error:
            _log.error("nothing could be planted for %s: %s", line, error)
        finally:
            await self._core.commit(copies.end(self._core.book, EndCopy(copy=bird.copy.rid), self._core.now))
        if row is None:
            _log.error("the detector of %s did not find what was planted", line)
            return Trial(line=line, at=begun, found=False, ms=0)
        ms = int((time.monotonic() - started) * 1000)
        return Trial(line=line, at=begun, found=True, ms=ms, incident=row.rid, order=row.order)

    async def _found(self, line: str, bird: Bird) -> Incident | None:
        until = time.monotonic() + FOUND_WITHIN_S
        while time.monotonic() < until:
            for _, raw in self._core.book.rows(Space.INCIDENTS):
                row = _incident(raw)
                # Whatever line it is, it is found on the copy that was made for it.
                if row.line == line and row.planted and row.copy == bird.copy.rid:
                    return row
            await asyncio.sleep(LOOK_S)
        return None

    async def _canary(self) -> System:
        """The system that tests are planted on: it does nothing, and the operator answers for it."""
        book = self._core.book
        known = book.system(canary(book))
        if known is not None:
            return known
        request = RegisterSystem(
            name=CANARY_NAME,
            version="1",
            kind=SystemKind.APPLICATION,
            parties=(PartySpec(party=self._services.operator, role=Role.DEPLOYER),),
            audience=Audience.INTERNAL,
            digests=(digest(book.domain),),
        )
        its = await self._core.commit(systems.register(book, request, self._core.now))
        await self._core.ledger.commit(Unit(effects=(Put(Space.MISC, CANARY, its.encode()),)))
        found = book.system(its)
        if found is None:
            raise Refused("system.unknown", system=CANARY_NAME)
        return found

    async def _hatch(self, system: System) -> Bird:
        key, drawn = Key.generate(), nonce()
        draft = StartCopy(system=system.rid, key=b64u(key.public), nonce=drawn, signature="", endpoint=PLACE)
        signature = b64u(key.sign(to_sign(copies.start_statement(system, draft), self._core.origin)))
        request = msgspec.structs.replace(draft, signature=signature)
        its = await self._core.commit(copies.start(self._core.book, request, self._core.now))
        copy = self._core.book.copy(its)
        if copy is None:
            raise Refused("system.copy_unknown", copy=its)
        return Bird(copy, key)

    # --- what is planted ---

    async def told(self, bird: Bird, fact: Any, *, at: int = 0) -> str:
        """Tell an event as the copy would."""
        report = make(
            fact,
            system=bird.copy.system,
            by=bird.copy.rid,
            origin=self._core.origin,
            key=bird.key,
            at=at or self._core.now,
            copy=bird.copy.rid,
        )
        return (await tell(self._services, Call(report))).rid

    async def asked(self, bird: Bird, boot: str, seq: int) -> str:
        """Ask for a warrant as the copy would; rid of the grant."""
        issuer = self._services.issuer
        request = requests.WarrantRequest(
            at=self._core.now, aud=self._services.audience, copy=bird.copy.id, nonce=boot, seq=seq
        )
        signature = b64u(bird.key.sign(requests.to_sign(request, issuer.iss)))
        return (await issuer.answer(request, signature)).warrant.grant

    async def cloned(self, bird: Bird) -> str:
        one, other = nonce(), nonce()
        await self.asked(bird, one, 1)
        try:
            await self.asked(bird, other, 1)
        except Refused as error:
            if error.code != "warrant.clone":
                raise
        await asyncio.sleep(UNDERWAY_MS / 1000 + 0.1)
        await self.asked(bird, one, 2)
        return ""

    async def acted(self, bird: Bird) -> str:
        """An action of the canary that did nothing: its two leaves, as the path writes them."""
        grant = await self.asked(bird, nonce(), 1)
        system = self._core.book.system(bird.copy.system)
        if system is None:
            raise Refused("system.unknown", system=CANARY_NAME)
        salted = salt()
        opened = OpenLeaf(
            act=Act.GENERATION,
            c=Commitments(in_=commit("in", salted, b"{}")),
            dec=Ruling.PERMIT,
            n=nonce(),
            par=[],
            party=system.party(Role.DEPLOYER),
            pol=hashlib.sha256(b"").hexdigest(),
            rule="R000",
            sys=system.rid,
            t=self._core.now,
            tier=system.tier,
            war=grant,
            wld="information",
        )
        data = encode(opened)
        its, now = rid(data), str(opened.t).encode()
        await self._core.ledger.commit(Unit(leaves=(data,), effects=(Put(Space.OPENS, its, now),)))
        closed = encode(CloseLeaf(err=UNSET, n=nonce(), open=its, st=Outcome.DONE, t=self._core.now))
        await self._core.ledger.commit(Unit(leaves=(closed,), effects=(Drop(Space.OPENS, its),)))
        return its

    async def lied(self, bird: Bird) -> str:
        action = await self.acted(bird)
        return await self.told(bird, events.OutcomeDeclared(open=action, outcome=Outcome.ERROR.value))

    async def late(self, bird: Bird) -> str:
        """Stopped by one detector, and then seen acting: later than the bound, by its own clock."""
        await self.told(bird, events.DeviceUnsafe(why="zone"))
        await self._found("RL6", bird)
        system = self._core.book.system(bird.copy.system)
        if system is not None:
            bound = bound_of(life_class(system.tier, system.worlds, system.criticality)).effects
            await asyncio.sleep(max(0, bound - AHEAD_MS + 3_000) / 1000)
        return await self.told(bird, events.EffectSeen(sink=ELSEWHERE), at=self._core.now + AHEAD_MS - 1_000)


def digest(domain: str) -> str:
    """Of the canary's weights, which are none."""
    return "sha256:" + hashlib.sha256(b"answerable/canary/" + domain.encode()).hexdigest()


def _tells(fact: Callable[[Planting], Any]) -> Plant:
    async def plant(planting: Planting, bird: Bird) -> str:
        return await planting.told(bird, fact(planting))

    return plant


PLANTS: Final[dict[str, Plant]] = {
    "RL1a": _tells(lambda p: events.WeightsServed(digest=digest(p._core.book.domain), endpoint=f"http://{ELSEWHERE}/")),
    "RL1b": Planting.cloned,
    "RL1c": _tells(lambda _: events.JobSubmitted(job="merge")),
    "RL1d": _tells(lambda _: events.WeightsEgress(bytes=1, sink=ELSEWHERE)),
    "RL2a": _tells(lambda _: events.ScopeGot(worlds=("physical",))),
    "RL2b": _tells(lambda _: events.ResourceUsed(unit=CANARY_UNIT, amount=1)),
    "RL2c": _tells(lambda _: events.ControlTamper(part="gateway", place=ELSEWHERE, done=True)),
    "RL3": _tells(lambda _: events.EvaluationResult(suite="canary", score=2, threshold=1)),
    "RL4": _tells(lambda _: events.CyberAction(action="scan", target=ELSEWHERE)),
    "RL5": Planting.lied,
    "RL6": _tells(lambda _: events.DeviceUnsafe(why="zone")),
    "RL7": Planting.late,
    "RL8": _tells(lambda _: events.Collusion(systems=())),
    "RL9": _tells(lambda _: events.LikenessUsed(person=CANARY_PERSON, medium="voice")),
}
if set(PLANTS) != set(lines()):
    raise RuntimeError("a red line without its test")
