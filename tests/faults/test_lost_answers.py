# SPDX-License-Identifier: Apache-2.0
"""A way to the control plane on which requests arrive and answers do not: a healthy copy outlives it, on as many
warrants as if nothing had been lost, and nobody else gains by it. The control plane is a real one, over a real store
and a real holders' plane; its clock and the holder's are one, and go on as the test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from answerable.admission.requests import WINDOW_MS
from answerable.app.core import Core
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.guard.lease import PATH
from answerable.guard.sources import ControlPlane, Identity, Leased
from answerable.log.leaf import decode
from answerable.log.statement import to_sign
from answerable.model.leaves import WarrantLeaf
from answerable.net.relay_client import RelayClient
from answerable.registry import copies
from answerable.registry.requests import EndCopy, StartCopy
from tests.small_nodes import Plane, plane
from tests.small_relay import until

LIFE = 60_000


class Swallower:
    """A carrier. deaf: it takes no requests along; mute: it waits for the answer and brings none back. Who asked is
    told by the end of the connection, so that no test waits for a silence; a silence tells him the same, later."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.deaf = self.mute = False

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, out = await asyncio.open_connection("127.0.0.1", self._to)
        await asyncio.gather(self._pour(reader, out, writer, "deaf"), self._pour(there, writer, out, "mute"))

    async def _pour(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, other: asyncio.StreamWriter, loses: str
    ) -> None:
        try:
            while (data := await reader.read(65_536)) and not getattr(self, loses):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()
            other.close()


class Recorder:
    """Keeps what was sent, as somebody on the way could."""

    def __init__(self, client: RelayClient) -> None:
        self._client = client
        self.sent: list[bytes] = []

    async def post(self, path: str, body: bytes) -> bytes:
        self.sent.append(body)
        return await self._client.post(path, body)


class Scene:
    """One copy, its way, and the clock of all."""

    def __init__(self, control: Plane, carrier: Swallower, way: Recorder, identity: Identity) -> None:
        self.control, self.carrier, self.way, self.identity = control, carrier, way, identity
        clock = control.core.clock
        self._now, self._mono = clock.now_ms(), clock.mono_ms()
        clock.now_ms, clock.mono_ms = lambda: self._now, lambda: self._mono
        self.source = self.another()

    @property
    def core(self) -> Core:
        return self.control.core

    @property
    def mono(self) -> int:
        return self._mono

    def another(self) -> ControlPlane:
        """A process that has the copy's key, started now."""
        return ControlPlane(self.identity, (self.way,), wall=lambda: self._now, mono=lambda: self._mono)

    def passes(self, ms: int) -> None:
        self._now += ms
        self._mono += ms

    async def asks(self, ms: int, *, every: int = 10_500) -> Leased:
        """Ask again and again as long, as the guard does: each question waits for its answer ten seconds."""
        until = self._mono + ms
        leased = await self.source.next()
        while self._mono < until:
            self.passes(min(every, until - self._mono))
            leased = await self.source.next()
        return leased

    async def shown(self, body: bytes) -> dict[str, Any]:
        """What the control plane itself answers to bytes from anywhere."""
        client = RelayClient(self.control.url)
        try:
            told: dict[str, Any] = json.loads(await client.post(PATH, body))
            return told
        finally:
            await client.close()

    async def code(self, body: bytes) -> str:
        with pytest.raises(AnswerableError) as error:
            await self.shown(body)
        return error.value.code

    async def grants(self) -> int:
        """How many first grants the log has of the copy."""
        leaves = [decode(data) for data in await self.core.reader.tail(0, 1_000)]
        return sum(isinstance(leaf, WarrantLeaf) and leaf.cpy == self.identity.rid for leaf in leaves)

    def stopped(self) -> str:
        """The order that reaches its system, "" for none."""
        book, copy = self.core.book, self.core.book.copy(self.identity.rid)
        system = book.system(copy.system) if copy is not None else None
        assert system is not None
        return book.stop_set().blocks(
            copy=self.identity.rid, numbers=(system.num,), party="", worlds=system.worlds, now_ms=self._now
        )

    def renewed(self) -> int:
        return self.control.service.node_desk._services.issuer.renewals.pending


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    await asyncio.to_thread(folder.mkdir, exist_ok=True)
    async with plane(folder / "control") as control:
        carrier = Swallower(int(control.url.rpartition(":")[2]))
        server = await asyncio.start_server(carrier.carry, "127.0.0.1", 0)
        client = RelayClient(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        try:
            yield Scene(control, carrier, Recorder(client), await enrolled(control))
        finally:
            server.close()
            await client.close()


async def enrolled(control: Plane) -> Identity:
    system, core, key = await control.system(), control.core, Key.generate()
    public = b64u(key.public)
    draft = StartCopy(system=system.rid, key=public, nonce=nonce(), signature="", endpoint="https://copy.invalid/")
    signature = b64u(key.sign(to_sign(copies.start_statement(system, draft), core.origin)))
    rid = await core.commit(copies.start(core.book, msgspec.structs.replace(draft, signature=signature), core.now))
    copy, services = core.book.copy(rid), control.service.node_desk._services
    assert copy is not None
    issuers = {services.issuer.kid: services.issuer.public}
    return Identity(key, key.public, copy.id, rid, services.issuer.iss, services.audience, issuers)


@pytest.mark.parametrize("lost_ms", [500, 10_500, 20_000, 21_000, 31_500, 39_000])
async def test_answers_that_are_lost_end_nobody_while_its_warrant_lives(tmp_path: Path, lost_ms: int) -> None:
    async with scene(tmp_path) as here:
        first = await here.source.next()
        here.passes(LIFE // 3)
        sent = here.mono
        here.carrier.mute = True
        assert (await here.asks(lost_ms)).held.token == first.held.token
        assert here.renewed() == 1, "the first of them arrived"
        here.carrier.mute = False
        second = await here.source.next()
        assert (second.warrant.seq, second.warrant.grant) == (2, first.warrant.grant)
        assert second.held.ends == sent + LIFE, "no longer than if the answer had been heard at once"
        assert len(set(here.way.sent[1:])) == 1, "one question, in the same words however often"
        here.passes(max(0, second.held.due - here.mono))
        assert (await here.source.next()).warrant.seq == 3
        assert (await here.grants(), here.renewed()) == (1, 2), "nothing was signed twice"
        assert here.stopped() == "", "and it accused itself of nothing"


async def test_the_answer_to_a_first_question_may_be_lost_too(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        here.carrier.mute = True
        with pytest.raises(Unavailable):
            await here.source.next()
        here.passes(21_000)
        with pytest.raises(Unavailable):
            await here.source.next()
        here.carrier.mute = False
        here.passes(10_500)
        first = await here.source.next()
        assert (first.warrant.seq, first.held.ends) == (1, here.mono - 31_500 + LIFE)
        assert await here.grants() == 1


async def test_a_question_that_never_arrived_is_asked_in_other_words_once_it_is_too_old(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        first = await here.source.next()
        here.passes(LIFE // 3)
        here.carrier.deaf = True
        assert (await here.asks(WINDOW_MS + 1_000)).held.token == first.held.token
        here.carrier.deaf = False
        second = await here.source.next()
        assert (second.warrant.seq, second.warrant.nonce) == (2, first.warrant.nonce), "the same boot goes on"
        assert second.held.ends == here.mono + LIFE
        assert len(set(here.way.sent[1:])) == 2
        assert await here.grants() == 1


async def test_who_lost_the_answer_until_all_had_ended_begins_a_new_boot(tmp_path: Path) -> None:
    """As a guard does that stood frozen meanwhile: only a new grant can let it go on, under every check of one."""
    for outage in (LIFE, WINDOW_MS // 2):
        async with scene(tmp_path / str(outage)) as here:
            first = await here.source.next()
            here.passes(LIFE // 3)
            here.carrier.mute = True
            await here.source.next()
            here.passes(LIFE - LIFE // 3)
            with pytest.raises(Unavailable):
                await here.source.next()
            here.passes(outage)
            here.carrier.mute = False
            late = await here.source.next()
            if outage == LIFE:
                assert late.warrant.seq == 1
                assert late.warrant.nonce != first.warrant.nonce
                assert late.held.ends == here.mono + LIFE
            else:
                assert (late.warrant.seq, late.warrant.nonce) == (2, first.warrant.nonce)
                assert here.mono < late.held.ends < here.mono + LIFE, "counted from when it was first asked for"


async def test_nothing_that_was_recorded_outlives_the_warrant_that_it_brought(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        await here.source.next()
        here.passes(LIFE // 3)
        second = await here.source.next()
        body = here.way.sent[-1]
        here.passes(WINDOW_MS + 1)
        told = await here.shown(body)
        assert (told["token"], told["expires"]) == (second.held.token, second.held.expires), "byte for byte the same"
        here.passes(LIFE - WINDOW_MS - 2)
        assert (await here.shown(body))["token"] == second.held.token
        here.passes(1)
        assert await here.code(body) == "warrant.proof", "its warrant has ended: it is what it is, an old recording"
        assert await here.grants() == 1


async def test_what_is_not_the_newest_question_byte_for_byte_is_no_repeat(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        for _ in range(2):
            await here.source.next()
        first, second = here.way.sent
        assert await here.code(first) == "warrant.replayed", "a newer one was answered"
        data = json.loads(second)
        for changed in ({"at": data["request"]["at"] + 1}, {"seq": 3}, {"nonce": nonce()}, {"aud": "x"}):
            body = {**data, "request": {**data["request"], **changed}}
            assert await here.code(json.dumps(body).encode()) == "warrant.proof", changed
        other = ("A" if data["signature"][0] != "A" else "B") + data["signature"][1:]
        assert await here.code(json.dumps({**data, "signature": other}).encode()) == "warrant.proof"
        here.passes(WINDOW_MS + 1)
        assert await here.code(first) == "warrant.proof"
        assert here.renewed() == 1


async def test_a_stop_and_an_end_come_before_any_repeat(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        await here.source.next()
        here.passes(LIFE // 3)
        here.carrier.mute = True
        await here.source.next()
        await here.control.suspend(here.core.book.copy(here.identity.rid).system)
        here.carrier.mute = False
        assert await here.code(here.way.sent[-1]) == "stop.system"
        with pytest.raises(Refused, match=r"stop\.system"):
            await here.source.next()
    async with scene(tmp_path / "ended") as here:
        await here.source.next()
        await here.core.commit(copies.end(here.core.book, EndCopy(copy=here.identity.rid), here.core.now))
        assert await here.code(here.way.sent[-1]) == "warrant.copy_ended"


async def test_another_process_with_the_same_key_is_found_as_ever(tmp_path: Path) -> None:
    """It is another boot; that only repeats are heard of the first one hides neither."""
    async with scene(tmp_path) as here:
        await here.source.next()
        here.passes(LIFE // 3)
        here.carrier.mute = True
        await here.source.next()
        with pytest.raises(Unavailable):
            await here.another().next()
        here.carrier.mute = False
        here.passes(2_000)
        assert (await here.source.next()).warrant.seq == 2
        with pytest.raises(Refused, match=r"warrant\.clone"):
            await here.another().next()
        await asyncio.sleep(0.2)
        assert here.stopped() == "", "a repeat shows nobody alive"
        here.passes(LIFE // 3)
        assert (await here.source.next()).warrant.seq == 3
        await until(here.stopped)
        with pytest.raises(Refused, match=r"stop\.system"):
            await here.source.next()


async def test_a_process_copied_out_of_its_memory_is_found_at_the_next_number(tmp_path: Path) -> None:
    """Both repeat one question and get one warrant; then they differ, and one of them is refused. If it takes that for
    a lost answer, it shows itself to be a clone."""
    async with scene(tmp_path) as here:
        await here.source.next()
        here.passes(LIFE // 3)
        here.carrier.mute = True
        await here.source.next()
        here.carrier.mute = False
        twin = here.another()
        mine, its = here.source._lease, twin._lease
        its._boot, its._seq, its._asked, its.held = mine._boot, mine._seq, mine._asked, mine.held
        assert (await here.source.next()).held.token == (await twin.next()).held.token
        here.passes(LIFE // 3)
        assert (await here.source.next()).warrant.seq == 3
        here.passes(1)
        with pytest.raises(Refused, match=r"warrant\.replayed"):
            await twin.next()
        here.carrier.mute = True
        assert (await twin.next()).warrant.seq == 2, "it holds on to what it has"
        here.carrier.mute = False
        with pytest.raises(Refused, match=r"warrant\.clone"):
            await twin.next()
        here.passes(LIFE // 3)
        await here.source.next()
        await until(here.stopped)
