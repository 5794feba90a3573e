# SPDX-License-Identifier: Apache-2.0
"""A control plane that was put back from the past, until it knows again what was stopped meanwhile.

It is entered when the guard is marked (the log was rebuilt), or when anybody shows an order that the issuer signed and
the registry does not know, a pulse with another stop set, or a node that knows more. Then no warrant is signed and no
checkpoint published, and only stop orders are written. Orders that are shown are regained at once. It ends when the
stop set is the one of the newest pulse and of every node, and everyone who could know more was heard, or an
administrator said that he need not be waited for; that stands in the log.

A machine that was put back whole, its guard too, cannot tell. So each start listens before it speaks: no warrant is
signed before every enrolled node has said what it knows, or `recover.listen_s` have passed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256
from math import ceil
from typing import Final

import msgspec

from answerable.admission import orders, pulse
from answerable.admission.trust import Trust
from answerable.app.core import Core
from answerable.control.recovery import RecoveryState
from answerable.crypto.random import nonce
from answerable.errors import AnswerableError, Refused, Unavailable, VerificationError
from answerable.log.leaf import encode
from answerable.log.note import MAX_NOTE
from answerable.log.tiles import CHECKPOINT
from answerable.model.leaves import RecoveryLeaf
from answerable.model.records import Node
from answerable.model.units import Lane, Unit
from answerable.net.source import open_source
from answerable.registry import nodes
from answerable.relay.routes import Answer, Call, Route
from answerable.sequencer.sequencer import Sequencer
from answerable.stops import regain

SOURCE_S: Final = 5.0
ADMINISTRATOR: Final = "administrator"
PULSE: Final = "pulse"
ATTEMPTS: Final = 16
_log: Final = logging.getLogger("answerable.recovery")

REGAIN: Final = "/relay/v1/regain"
MOST: Final = 64  # orders in one question
MAX_KNOWN: Final = 65_536  # messages that were shown, by their hash


class _Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What the guard keeps meanwhile: who need not be waited for, by whose word, and how many orders came back."""

    waived: tuple[str, ...] = ()
    by: str = ""
    regained: int = 0


class _Brought(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    orders: tuple[msgspec.Raw, ...]


def published(source: str, ca_file: str) -> bytes | None:
    """The newest checkpoint at a folder or address, None for none. Blocking. Raises Unavailable ``source.*``, Refused
    ``source.malformed``."""
    opened = open_source(source, ca_file=ca_file)
    try:
        return opened.get(CHECKPOINT, MAX_NOTE)
    finally:
        opened.close()


class Recovery:
    """trust: whose orders and pulses are believed. Used on one event loop; what it learns it is told by `shown`,
    `pulsed`, `node`."""

    def __init__(
        self,
        core: Core,
        trust: Trust,
        ask: Callable[[str, str], bytes | None] = published,
        ended: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._core = core
        self._trust = trust
        self._ask = ask
        self._ended = ended
        raw = core.guard.behind if core.guard is not None else None
        self.behind = raw is not None
        self._mark = _read(raw)
        self._heard: dict[str, str] = {}  # who was heard -> what still keeps him from being done, "" for nothing
        self._beat: pulse.Pulse | None = None  # the newest
        self._one = asyncio.Lock()
        # rid -> name of the nodes that could know more than is here and were not heard since the start.
        self._unheard = {node.rid: node.name for node in nodes.running(core.book)}
        self._listens_until: int | None = None  # monotonic clock, ms; None: nobody can be heard yet
        if self.behind:
            self._hold()

    def may_sign(self) -> None:
        """Raises Unavailable ``recover.behind|unheard``."""
        if self.behind:
            raise self._why()
        if self._unheard and self._listens():
            nodes = ", ".join(self._unheard.values())[:200]
            raise Unavailable("recover.unheard", nodes=nodes, retry_s=self._listens_s())

    def opened(self) -> None:
        """From now on nodes can be heard."""
        self._listens_until = self._core.clock.mono_ms() + round(self._core.config.recover.listen_s * 1000)

    def _listens(self) -> bool:
        """Whether there is still somebody to be heard, and time for it."""
        if self._listens_until is not None and self._core.clock.mono_ms() >= self._listens_until:
            self._unheard.clear()
        gone = [rid for rid in self._unheard if (node := self._core.book.node(rid)) is None or node.ended]
        for rid in gone:
            del self._unheard[rid]
        return bool(self._unheard)

    def _listens_s(self) -> int:
        """How long it listens yet, at most: whole seconds, 1 at least."""
        until, clock = self._listens_until, self._core.clock
        left = self._core.config.recover.listen_s if until is None else (until - clock.mono_ms()) / 1000
        return max(1, ceil(left))

    @property
    def problem(self) -> str:
        """Code for readiness, "" where nothing is to be regained."""
        return "recover.behind" if self.behind else ""

    def state(self) -> RecoveryState:
        return RecoveryState(
            behind=self.behind,
            epoch=self._core.book.epoch,
            root=regain.root(self._core.book, self._core.book.epoch),
            waiting=self.waiting(),
            heard=sorted(name for name, why in self._heard.items() if not why),
            waived=list(self._mark.waived),
            regained=self._mark.regained,
        )

    def waiting(self) -> dict[str, str]:
        """Who is still to be heard -> what is awaited of him; empty where nothing keeps this from ending."""
        if not self.behind:
            return {}
        everyone = [f"node {node.name}" for node in nodes.running(self._core.book)]
        everyone += [PULSE] if self._trust.pulses else []
        everyone += [f"log {source}" for source in self._core.config.recover.sources]
        awaited = {name: self._heard.get(name, "was not heard") for name in everyone or [ADMINISTRATOR]}
        return {name: why for name, why in awaited.items() if why and name not in self._mark.waived}

    async def shown(self, messages: Sequence[bytes]) -> int:
        """Somebody has these order messages: regain what is missing; how many came back. Raises Refused
        ``recover.order|order.*`` where none of them can be believed, Unavailable ``log.*``."""
        told, unread = self._read(messages)
        if unread is not None and not told:
            raise unread
        async with self._one:
            missing = regain.lost(self._core.book, told)
            if missing:
                self._enter(f"{len(missing)} orders were shown that it does not know")
            for each in missing:
                await self._regain(each)
        if missing:
            self._keep(regained=self._mark.regained + len(missing))
        self._look_at_pulse()
        await self.settle()
        return len(missing)

    async def pulsed(self, data: bytes) -> None:
        """A pulse came, and was taken. Raises as `shown`."""
        beat = pulse.read(data, self._trust)
        if self._beat is None or beat.seq > self._beat.seq:
            self._beat = beat
            readable = [each.data for each in self._read(beat.delta)[0]]
            await self.shown(readable)  # of none at all it is still the stop set of this pulse that counts

    async def node(self, node: Node, epoch: int, root: str) -> bool:
        """A node says up to which change it knows the stop set, and its root; whether it knows what is not known
        here: then it is to offer its orders."""
        book = self._core.book
        self._unheard.pop(node.rid, None)
        name = f"node {node.name}"
        if epoch > book.epoch or regain.root(book, epoch) != root:
            if epoch > book.epoch:
                self._enter(f"the {name} knows change {epoch} of the stop set")
            self._heard[name] = f"knows change {epoch}"
            return True
        if self.behind:
            self._heard[name] = ""
            await self.settle()
        return False

    async def waive(self, name: str, by: str) -> None:
        """An administrator (rid of the key leaf) says that this one need not be waited for. Raises Refused
        ``recover.settled|unknown``, Unavailable ``log.*``."""
        if not self.behind:
            raise Refused("recover.settled")
        if name not in self.waiting():
            raise Refused("recover.unknown", name=name[:64])
        self._keep(waived=(*self._mark.waived, name), by=by)
        await self.settle()

    async def settle(self) -> bool:
        """Sign again, if nothing is awaited any more; whether it does now. Raises Unavailable ``log.*``."""
        ledger = self._core.ledger
        if not self.behind or self.waiting() or not isinstance(ledger, Sequencer):
            return False
        async with self._one:
            if not self.behind:
                return False
            book = self._core.book
            leaf = RecoveryLeaf(
                ep=book.epoch,
                n=nonce(),
                num=self._mark.regained,
                root=regain.root(book, book.epoch),
                t=self._core.now,
                wai=list(self._mark.waived),
            )
            if self._mark.by:
                leaf = msgspec.structs.replace(leaf, by=self._mark.by)
            await ledger.commit(Unit(leaves=(encode(leaf),), lane=Lane.STOP))
            self.behind = False
            self._mark = _Mark()
            if self._core.guard is not None:
                self._core.guard.unmark()
            await ledger.resume()
        _log.warning("everything that was stopped is known again: change %d; signing goes on", book.epoch)
        if self._ended is not None:
            await self._ended()
        return True

    async def run(self) -> None:
        """Ask where the log is published, until each was heard; cancelled at the end."""
        config = self._core.config.recover
        left = list(config.sources)
        while left:
            for source in tuple(left):
                try:
                    note = await asyncio.to_thread(self._ask, source, config.ca_file)
                except AnswerableError as error:
                    _log.warning("%s: %s", source, error.code)
                    continue
                left.remove(source)
                if note and isinstance(self._core.ledger, Sequencer):
                    # One that our store does not continue ends the log for good: it is to be rebuilt from there.
                    self._core.ledger.confront(note)
                await asyncio.sleep(0.1)
                failure = self._core.ledger.failure
                broken = failure is not None and failure.code.startswith("store.")
                self._heard[f"log {source}"] = f"shows what is not here ({failure.code})" if broken and failure else ""
            try:
                await self.settle()
            except AnswerableError as error:
                _log.error("%s", error)
            if left:
                await asyncio.sleep(SOURCE_S)

    async def _regain(self, told: orders.Told) -> None:
        for _ in range(ATTEMPTS):
            planned = regain.regain(self._core.book, told, self._core.now)
            try:
                await self._core.ledger.commit(planned.unit)
            except Refused as error:
                if error.code != "log.conflict":
                    raise
                continue
            _log.warning("regained the order %s, change %d", told.stop.rid, told.epoch)
            return
        raise Unavailable("log.stopped", detail="the stop set changes too fast")

    def _read(self, messages: Sequence[bytes]) -> tuple[list[orders.Told], AnswerableError | None]:
        """What can be read, whatever lies beside it: an order by an officer who has left must keep none back."""
        told: list[orders.Told] = []
        unread: AnswerableError | None = None
        for data in messages:
            try:
                told.append(orders.read(data, self._trust))
            except AnswerableError as error:
                unread = error
        return told, unread

    def _look_at_pulse(self) -> None:
        beat = self._beat
        if beat is None:
            return
        book = self._core.book
        same = book.epoch >= beat.epoch and regain.root(book, beat.epoch) == beat.stop_root
        if beat.epoch > book.epoch:
            self._enter(f"a pulse speaks of change {beat.epoch} of the stop set")
        self._heard[PULSE] = "" if same else f"speaks of change {beat.epoch}"

    def _enter(self, why: str) -> None:
        if self.behind:
            return
        _log.critical("put back from the past: %s. Nothing is signed until all orders are known again.", why)
        self.behind = True
        self._keep()
        self._hold()

    def _hold(self) -> None:
        if isinstance(self._core.ledger, Sequencer):
            self._core.ledger.hold(self._why())

    def _keep(self, *, waived: tuple[str, ...] | None = None, by: str = "", regained: int | None = None) -> None:
        self._mark = _Mark(
            waived=self._mark.waived if waived is None else waived,
            by=by or self._mark.by,
            regained=self._mark.regained if regained is None else regained,
        )
        if self._core.guard is not None:
            self._core.guard.mark(msgspec.json.encode(self._mark))
        if self.behind:
            self._hold()

    def _why(self) -> Unavailable:
        waiting = "; ".join(f"{name}: {why}" for name, why in self.waiting().items())
        return Unavailable("recover.behind", waiting=waiting or "nobody")


def routes(recovery: Recovery, refused: Callable[[str], None]) -> tuple[Route, ...]:
    """What the holders' plane takes from anyone: an order message proves itself, and is looked at once. refused: told
    the code of what is not believed."""
    known: dict[bytes, None] = {}

    async def offered(call: Call) -> Answer:
        try:
            brought = msgspec.json.decode(call.body, type=_Brought)
        except msgspec.MsgspecError:
            raise Refused("admin.request", detail="no list of orders") from None
        offered = {sha256(each).digest(): bytes(each) for each in brought.orders[:MOST]}
        news = {mark: data for mark, data in offered.items() if mark not in known}
        try:
            count = await recovery.shown(tuple(news.values())) if news else 0
        except (Refused, VerificationError) as error:
            refused(error.code)  # a bad order is evidence, whoever brought it
            raise
        while len(known) > MAX_KNOWN:
            del known[next(iter(known))]
        known.update(dict.fromkeys(news))
        return Answer(b'{"regained":%d}' % count)

    return (Route("POST", REGAIN, offered, MOST * orders.MAX_MESSAGE // 16),)


def _read(raw: bytes | None) -> _Mark:
    try:
        return msgspec.json.decode(raw or b"{}", type=_Mark)
    except msgspec.MsgspecError:
        return _Mark()
