# SPDX-License-Identifier: Apache-2.0
"""A process that is a pulse (`answerable pulse run`): the second authority, with a key and a memory of its own.

It learns of orders from the registry's holders' plane or Unix socket, from files, and from officers and authorities
directly, and forgets none. What it knows of it says in every beat, whatever the registry says. It beats on when the
registry is away: then warrants end what has to end.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from answerable import durable
from answerable.admission import clocks, pulse
from answerable.admission.clocks import ClockMode
from answerable.admission.holding import HolderView
from answerable.admission.orders import Told
from answerable.app.clock import SystemClock
from answerable.app.pulse_folder import AHEAD, PulseFolder
from answerable.app.pulse_plane import Listen, PulsePlane
from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.net.events import Follower
from answerable.net.relay_client import RelayClient
from answerable.net.timex import read_clock
from answerable.ports import Clock
from answerable.relay.board import Page

MAX_FILE: Final = 64 << 20  # bytes of a file of orders
GAP_S: Final = 0.25  # between two beats, whatever the news
FIRST_S: Final = 2.0  # what sources get to answer before the first beat
POST_S: Final = 2.0
SOCKET: Final = "unix:"
OFFERED: Final = "/relay/v1/pulse"
OFFERED_HERE: Final = "/control/v1/pulse"
ORDERS_HERE: Final = "/control/v1/orders"
_log = logging.getLogger("answerable.pulse")


class Beater:
    """One pulse: what it was told, and its next beat. Also the view that a `Follower` feeds. Used by one process at a
    time. Raises Unavailable ``pulse.state`` for a folder whose orders it cannot read."""

    def __init__(
        self,
        folder: PulseFolder,
        clock: Clock,
        *,
        valid_for_ms: int = pulse.DEFAULT_VALID_MS,
        mode: ClockMode = ClockMode.NTP,
        reading: Callable[[], clocks.Reading | None] = read_clock,
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._valid_for_ms = valid_for_ms
        self._mode = mode
        self._reading = reading
        self.view = HolderView(folder.trust, ClockMode.SAME_HOST, pulse_required=False)
        self._used = self._reserved = folder.reserved()
        self._broken: Unavailable | None = None
        self.told: list[Callable[[Told], object]] = []  # called with each order that was news
        for data in folder.orders.read():
            try:
                self.view.order(data, kept=True)
            except AnswerableError as error:
                raise Unavailable("pulse.state", detail=f"an order that was kept is not read: {error.code}") from None

    @property
    def epoch(self) -> int:
        return self.view.epoch

    def order(self, data: bytes) -> Told | None:
        """Take in an order message, durably. Raises as `HolderView.order`, Unavailable ``pulse.state``."""
        told = self.view.order(data)
        if told is not None:
            for each in self.told:
                each(told)
            try:
                self._folder.orders.add(told.data)
            except Unavailable as error:
                # It goes on saying what it knows only while it would know it again.
                self._broken = Unavailable("pulse.state", detail=str(error.params.get("detail", "")))
                raise self._broken from None
        return told

    def pulse(self, data: bytes, now_ms: int, mono_ms: int) -> bool:
        """Another's pulse says nothing to us."""
        return False

    def beat(self) -> bytes:
        """The next pulse. Raises Unavailable ``pulse.state``, Refused ``pulse.full``, ``clock.unsynchronised``: then
        there is none, and holders stop."""
        if self._broken is not None:
            raise self._broken
        now_ms = self._clock.now_ms()
        reading = self._reading() if self._mode is ClockMode.NTP else None
        clocks.check(self._mode, reading, self._clock.mono_ms())
        direct = self.view.direct()
        held = [told.data for told in direct if told.authority and not told.stop.released]
        alone: dict[frozenset[bytes], list[bytes]] = {}
        for told in reversed(direct):
            if not (told.authority or told.stop.released):
                alone.setdefault(told.signers, []).append(told.data)
        together = sorted(alone, key=len, reverse=True)  # several officers before one
        freed = [told.data for told in direct if told.stop.released]
        newest = [told.data for told in reversed(self.view.told()) if told.issued]
        delta = pulse.fitting(held, [*freed, *newest], alone=[alone[each] for each in together])
        seq = max(self._used + 1, now_ms)
        if seq > self._reserved:
            self._folder.reserve(seq + AHEAD)
            self._reserved = seq + AHEAD
        self._used = seq
        epoch = self.view.epoch
        made = pulse.Pulse(
            iss=self._folder.iss,
            origin=self._folder.trust.origin,
            seq=seq,
            at=now_ms,
            valid_for=self._valid_for_ms,
            epoch=epoch,
            stop_root=self.view.root(epoch),
            delta=delta,
        )
        return pulse.make(made, self._folder.key, self._folder.kid)

    def read_inbox(self) -> None:
        """Take in what officers or authorities laid there; what nobody who is pinned signed is put aside. Raises
        Unavailable ``pulse.state``."""
        for path, data in self._folder.given():
            try:
                told = self.order(data)
            except AnswerableError as error:
                if isinstance(error, Unavailable):
                    raise
                _log.error("%s is not taken: %s", path.name, error)
                path.replace(path.with_suffix(".refused"))
            else:
                if told is not None:
                    _log.warning("order %s was given directly, by %s", told.stop.rid, told.by)
                path.unlink()


@dataclass(frozen=True, slots=True)
class Ways:
    """How it hears and speaks. relays: URLs of holders' planes; sockets: ``unix:///`` of control planes; files: of
    order messages, one a line. out: files that each beat replaces, ``-`` for standard output; posts: URLs of planes, or
    ``unix:///`` of control planes, that each beat is brought to; listen: where its own plane answers. every_ms:
    between two beats; an order that is news is told at once."""

    relays: tuple[str, ...] = ()
    sockets: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    out: tuple[str, ...] = ()
    posts: tuple[str, ...] = ()
    listen: Listen | None = None
    ca_file: str = ""
    every_ms: int = pulse.DEFAULT_EVERY_MS
    write: Callable[[bytes], object] = field(default=lambda line: _stdout(line))


async def run(
    beater: Beater,
    ways: Ways,
    clock: SystemClock,
    ended: asyncio.Event,
    announce: Callable[[str], object] = lambda _url: None,
) -> None:
    """Beat until `ended`. announce: told the address of its own plane, or "". Raises Unavailable ``pulse.state``,
    ``request.bind``, Refused ``pulse.full``, ``upstream.address``: a pulse that cannot keep its promise beats no
    more."""
    tasks: set[asyncio.Task[Any]] = set()
    news = asyncio.Event()
    plane = PulsePlane(beater) if ways.listen is not None else None
    beater.told.append(lambda _: news.set())
    if plane is not None:
        beater.told.append(plane.told)
    posts = [RelayClient(url, ways.ca_file) for url in ways.posts]
    sockets = [RelayClient(url) for url in ways.sockets]
    try:
        announce(await plane.start(ways.listen) if plane is not None and ways.listen is not None else "")
        if ways.relays:
            follower = Follower(ways.relays, beater, wall=clock.now_ms, mono=clock.mono_ms, ca_file=ways.ca_file)
            tasks.add(asyncio.create_task(follower.run()))
            await _try(follower.pull())
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not ended.is_set():
            await _learn(beater, ways, sockets)
            news.clear()
            try:
                data = beater.beat()
            except Refused as error:
                if error.code != "clock.unsynchronised":
                    raise
                _log.error("no beat: %s", error)
            else:
                _lay(ways, data)
                if plane is not None:
                    plane.pulse(data)
                for client in posts:
                    tasks.add(task := asyncio.create_task(_bring(client, data)))
                    task.add_done_callback(tasks.discard)
            due = max(due + ways.every_ms / 1000, loop.time())
            await _first_of(ended, asyncio.sleep(min(GAP_S, ways.every_ms / 1000)))
            await _first_of(ended, asyncio.sleep(max(0.0, due - loop.time())), news.wait())
    finally:
        if plane is not None:
            await plane.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for client in (*posts, *sockets):
            await client.close()


async def _first_of(ended: asyncio.Event, *others: Coroutine[Any, Any, Any]) -> None:
    waiting = [asyncio.ensure_future(each) for each in (ended.wait(), *others)]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def _learn(beater: Beater, ways: Ways, sockets: Sequence[RelayClient]) -> None:
    """Raises Unavailable ``pulse.state``."""
    beater.read_inbox()
    for path in ways.files:
        _take(beater, _lines(path), str(path))
    for client in sockets:
        await _try(_pull(beater, client))


def _lines(path: Path) -> list[bytes]:
    try:
        with path.open("rb") as file:
            return [line for line in file.read(MAX_FILE).split(b"\n") if line]
    except OSError as error:
        _log.warning("%s", Unavailable("pulse.source", source=str(path), detail=str(error.strerror)))
        return []


def _take(beater: Beater, messages: Iterable[bytes], source: str) -> None:
    for data in messages:
        try:
            beater.order(data)
        except AnswerableError as error:
            if error.code == "pulse.state":
                raise
            _log.warning("an order from %s is not believed: %s", source, error.code)


async def _pull(beater: Beater, client: RelayClient) -> None:
    """All that a control plane tells on its Unix socket. Raises Unavailable ``upstream.*``, ``relay.*``."""
    since = beater.epoch
    while True:
        try:
            page = msgspec.json.decode(await client.get(f"{ORDERS_HERE}?since={since}"), type=Page)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise Unavailable("relay.answer", relay=client.url, detail="no page of orders") from None
        _take(beater, (bytes(each) for each in page.orders), client.url)
        if not page.more or page.epoch <= since:
            return
        since = page.epoch


async def _try(pulling: Any) -> None:
    try:
        async with asyncio.timeout(FIRST_S):
            await pulling
    except TimeoutError:
        _log.warning("a source of orders did not answer in time")
    except AnswerableError as error:
        if error.code == "pulse.state":
            raise
        _log.warning("a source of orders did not answer: %s", error.code)


def _lay(ways: Ways, data: bytes) -> None:
    for name in ways.out:
        if name == "-":
            ways.write(data + b"\n")
            continue
        try:
            durable.write(Path(name), data + b"\n", 0o644)
        except OSError as error:
            _log.error("the pulse is not written to %s: %s", name, error.strerror)


async def _bring(client: RelayClient, data: bytes) -> None:
    try:
        async with asyncio.timeout(POST_S):
            await client.post(OFFERED_HERE if client.url.startswith(SOCKET) else OFFERED, data)
    except TimeoutError:
        _log.warning("%s took no pulse in time", client.url)
    except AnswerableError as error:
        if error.code != "pulse.replayed":
            _log.warning("%s took no pulse: %s", client.url, error.code)


def _stdout(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
